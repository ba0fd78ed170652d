// What a channel is told, over every order in which alarms come, go, and are delivered or not.
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { newsOf, type NewsInput } from '../../src/alerts/news.ts';
import type { Alarm } from '../../src/alerts/causes.ts';
import type { Message } from '../../src/alerts/message.ts';
import type { AlarmRow } from '../../src/state/alarms.ts';
import { SENDER } from '../support/alerts/messages.ts';

const DAY = 86_400_000;
const QUIET = 10 * 60_000;
const START = Date.parse('2026-01-01T00:00:00Z');

const alarm = (policy: string, text = 'it is wrong'): Alarm => ({
  cause: 'FristRunFailed',
  about: { controller: 'Eksempel A/S', policy, code: 'SOURCE_LOST' },
  text,
  remedy: 'mend it',
});

/** A channel that takes all or nothing, and keeps the rows as the state does. */
class Told {
  rows: AlarmRow[] = [];
  readonly heard: Message[] = [];
  now = START;
  #ids = 0;

  look(alarms: readonly Alarm[], delivers: boolean, channels = ['webhook']): void {
    const input: NewsInput = {
      ...{ channels, alarms, now: this.now, reminderDays: 7, sender: SENDER },
      newId: () => `id${(this.#ids += 1)}`,
    };
    const { put, drop } = newsOf(this.rows, input);
    const changed = new Set([...put, ...drop].map(({ channel, alarm }) => channel + alarm));
    this.rows = [...this.rows.filter((row) => !changed.has(row.channel + row.alarm)), ...put];
    this.rows = this.rows.flatMap((row) => {
      if (!row.pending || row.next > this.now) return [row];
      if (!delivers) return [{ ...row, attempts: row.attempts + 1 }];
      this.heard.push(JSON.parse(row.message) as Message);
      return row.event === 'resolved' ? [] : [{ ...row, pending: false, attempts: 0 }];
    });
  }

  /** Two looks, so far apart that what is gone is over. */
  quiet(alarms: readonly Alarm[], delivers: boolean): void {
    this.look(alarms, delivers);
    this.now += QUIET;
    this.look(alarms, delivers);
  }

  said(): string[] {
    return this.heard.splice(0).map(({ event, about }) => `${event} ${about.policy ?? ''}`);
  }
}

describe('what is new', () => {
  it('is told once, and once that it is over', () => {
    const told = new Told();
    for (let minute = 0; minute < 5; minute += 1) told.look([alarm('a'), alarm('b')], true);
    told.quiet([alarm('b')], true);
    told.quiet([], true);
    told.look([], true);
    expect(told.said()).toEqual(['raised a', 'raised b', 'resolved a', 'resolved b']);
    expect(told.rows).toEqual([]);
  });

  it('is told again after a week, with the words of then, and after another', () => {
    const told = new Told();
    for (let day = 0; day <= 15; day += 1, told.now += DAY) told.look([alarm('a', `day ${day}`)], true);
    expect(told.heard.map(({ event, text, id }) => [event, text, id])).toEqual([
      ['raised', 'day 0', 'id1.raised'],
      ['reminder', 'day 7', 'id1.reminder.2026-01-08'],
      ['reminder', 'day 14', 'id1.reminder.2026-01-15'],
    ]);
  });

  it('is over in words of its own, with nothing left to do', () => {
    const told = new Told();
    for (const alarms of [[alarm('a', 'it stands')], []]) told.quiet(alarms, true);
    expect(told.heard).toMatchObject([
      { event: 'raised', text: 'it stands', remedy: 'mend it' },
      {
        event: 'resolved',
        text: 'It is over since 2026-01-01T00:10:00.000Z. It was: it stands',
        remedy: '',
      },
    ]);
  });

  it('comes again under another id', () => {
    const told = new Told();
    for (const alarms of [[alarm('a')], [], [alarm('a')]]) told.quiet(alarms, true);
    expect(told.heard.map(({ id }) => id)).toEqual(['id1.raised', 'id1.resolved', 'id2.raised']);
  });

  it('is not told at all when it was over before anybody could be', () => {
    const told = new Told();
    told.look([{ ...alarm('a'), patienceMs: 60_000 }], true);
    told.look([], true);
    expect([told.heard, told.rows]).toEqual([[], []]);
  });

  it('is told as over to a channel that may have heard of it', () => {
    const told = new Told();
    told.look([alarm('a')], false);
    told.quiet([], false);
    told.look([], true);
    expect(told.said()).toEqual(['resolved a']);
  });

  it('is one thing that comes and goes: over when it was gone for ten minutes, and since when', () => {
    const told = new Told();
    for (let minute = 0; minute < 60; minute += 1, told.now += 60_000)
      told.look(minute % 10 === 0 ? [alarm('a')] : [], true);
    expect(told.said()).toEqual(['raised a']);
    told.now += 60_000;
    told.look([], true);
    const [over, ...others] = told.heard.splice(0);
    expect([over, others]).toMatchObject([{ id: 'id1.resolved', at: '2026-01-01T00:51:00.000Z' }, []]);
  });

  it('leaves a dead channel as dead as it is, however often it comes and goes', () => {
    const told = new Told();
    for (let minute = 0; minute < 24 * 60; minute += 1, told.now += 60_000) {
      told.look(Math.floor(minute / 20) % 2 === 0 ? [alarm('a')] : [], false);
      expect(told.rows).toMatchObject([
        { pending: true, attempts: minute + 1, told: '2026-01-01T00:00:00.000Z' },
      ]);
    }
  });

  it('is as it was, when it comes back before it was tried to say that it is over', () => {
    const told = new Told();
    told.look([alarm('a')], true);
    told.rows = told.rows.map((row) => ({ ...row, event: 'resolved', pending: true, gone: told.now }));
    told.look([{ ...alarm('a'), patienceMs: 60_000 }], true);
    told.quiet([], true);
    expect(told.heard.map(({ id }) => id)).toEqual(['id1.raised', 'id1.resolved']);
    expect(told.heard[1]?.text).toBe('It is over since 2026-01-01T00:00:00.000Z. It was: it is wrong');
  });

  it('is told to a channel that is new, and to that one alone', () => {
    const told = new Told();
    told.look([alarm('a')], true);
    told.look([alarm('a')], true, ['webhook', 'email']);
    expect(told.heard).toHaveLength(2);
  });

  it('leaves a channel that stands, stands for, and lasts: what it was last told is how it is', () => {
    const looks = fc.array(
      fc.record({ alarms: fc.subarray(['a', 'b', 'c']), delivers: fc.boolean(), hours: fc.nat(24 * 9) }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(looks, (steps) => {
        const told = new Told();
        const last = new Map<string, string>();
        const ids = new Set<string>();
        const listen = (): void => {
          for (const { event, about, id } of told.heard.splice(0)) {
            expect(ids).not.toContain(id);
            ids.add(id);
            const before = last.get(about.policy ?? '');
            if (event === 'reminder') expect(['raised', 'reminder']).toContain(before);
            last.set(about.policy ?? '', event);
          }
        };
        for (const { alarms, delivers, hours } of steps) {
          told.now += hours * 3_600_000;
          told.look(
            alarms.map((policy) => alarm(policy)),
            delivers,
          );
          listen();
        }
        const standing = steps.at(-1)?.alarms ?? [];
        told.quiet(
          standing.map((policy) => alarm(policy)),
          true,
        );
        listen();
        for (const policy of ['a', 'b', 'c'])
          if (standing.includes(policy)) expect(last.get(policy)).toMatch(/raised|reminder/);
          else expect([undefined, 'resolved']).toContain(last.get(policy));
        // The memory holds what stands, and nothing else.
        expect(told.rows).toHaveLength(standing.length);
      }),
      { numRuns: 200 },
    );
  });
});
