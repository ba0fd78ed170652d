/** Scanning, reading by key and counting: nothing is missed, nothing is rounded, nothing foreign is seen. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Connector } from '../../../src/connectors/connector.ts';
import type { Facts, Key, Window } from '../../../src/policy/policy.ts';
import { BIG, BIG_NEIGHBOUR, FIXTURE, HARD_TEXT_KEYS, LARGEST } from './fixture.ts';
import type { Harness, Row } from './harness.ts';
import { ON, factsOf, keyText, keyTexts, keysOf, pagesOf, patiently, scanAll } from './support.ts';
import {
  ALL,
  ANONYMISE,
  DELETE,
  NOTHING,
  PERSON,
  codeView,
  is,
  latestOf,
  membershipView,
  not,
  relatedRows,
  startAt,
  view,
} from './views.ts';

const rowsOf = (table: string): readonly Row[] => FIXTURE.find((spec) => spec.name === table)?.rows ?? [];
const ofTenant7 = rowsOf('people').filter((row) => row['tenant_id'] === '7');
const idsOf = (rows: readonly Row[]): string[] => keyTexts(rows.map((row) => [row['id'] ?? '']));

const byKey = (facts: readonly Facts[]): Facts[] =>
  [...facts].sort((a, b) => (keyText(a.key) < keyText(b.key) ? -1 : 1));

export function reading(open: () => Harness): void {
  let connector: Connector;
  let small: Connector;

  beforeAll(async () => {
    await open().reset();
    connector = open().connect();
    small = open().connect({ pageSize: 7 });
  });
  afterAll(async () => {
    await connector.close();
    await small.close();
  });

  it('scans every record within the scope and none outside it', async () => {
    expect(keysOf(await scanAll(small, view()))).toEqual(idsOf(ofTenant7));
  });

  it('scans each record once where it says so', async () => {
    const all = await scanAll(small, view());
    if (!small.capabilities.scanRepeats) expect(all).toHaveLength(ofTenant7.length);
    expect(all.length).toBeGreaterThanOrEqual(ofTenant7.length);
  });

  it('keeps to the size of a page', async () => {
    for await (const page of pagesOf(small, view())) expect(page.facts.length).toBeLessThanOrEqual(7);
  });

  it('scans only what the policy is about', async () => {
    const hired = await scanAll(small, view({ where: is('status', 'hired') }));
    expect(keysOf(hired)).toEqual(keyTexts([['2']]));
    const others = await scanAll(small, view({ where: not(is('status', 'lead')) }));
    expect(keysOf(others)).toEqual(keyTexts([['2'], ['3'], ['5'], ['6']]));
  });

  it('scans exempt records too, for they are reported', async () => {
    const all = await scanAll(small, view({ exempt: [is('status', 'lead')] }));
    expect(keysOf(all)).toEqual(idsOf(ofTenant7));
  });

  it('scans an empty table', async () => {
    expect(await scanAll(small, view({ record: NOTHING, starts: [startAt('at')] }))).toEqual([]);
  });

  it('resumes behind any page, in another connector as well', async () => {
    const seen: Facts[] = [];
    for await (const page of pagesOf(small, view())) {
      seen.push(...page.facts);
      const other = open().connect({ pageSize: 5 });
      const rest = await scanAll(other, view(), undefined, page.cursor);
      await other.close();
      expect(keysOf([...seen, ...rest])).toEqual(idsOf(ofTenant7));
      if (!small.capabilities.scanRepeats) expect(seen.length + rest.length).toBe(ofTenant7.length);
    }
  });

  it('misses nothing when the records of earlier pages go away meanwhile', async () => {
    const crowd = view({ where: { kind: 'compare', column: 'id', op: '>=', value: 101 } });
    const seen: Facts[] = [];
    for await (const page of pagesOf(small, crowd)) {
      seen.push(...page.facts);
      const first = page.facts.find((one) => one.key[0] !== '110');
      if (first !== undefined) await open().remove('people', { id: first.key[0] ?? '' });
    }
    await open().reset();
    expect(keysOf(seen)).toEqual(idsOf(ofTenant7.filter((row) => BigInt(row['id'] ?? '') >= 101n)));
  });

  it('aligns facts with the view that asked', async () => {
    const asked = view({
      starts: [startAt('seen_at'), startAt('started_at'), latestOf('messages', 'sent_at')],
      conditions: [is('status', 'hired'), relatedRows('exists', 'open deals'), ALL],
      stages: [ANONYMISE, DELETE],
    });
    const all = await scanAll(small, asked);
    expect(factsOf(all, '1')).toEqual({
      key: ['1'],
      starts: ['2021-03-04 05:06:07', '2020-01-31 10:00:00', '2022-02-02 00:00:00'],
      truths: [false, false, true],
      subjects: ['Anna@Example.DK', '+45 12 34 56 78'],
      done: [false, false],
    });
    expect(factsOf(all, '2')).toEqual({
      key: ['2'],
      starts: [null, '2020-06-15 00:00:00', null],
      truths: [true, true, true],
      subjects: ['bo@example.dk', null],
      done: [false, false],
    });
    expect(factsOf(all, '3').starts).toEqual([null, null, '2020-01-01 00:00:00']);
    expect(factsOf(all, '3').subjects).toEqual([null, '']);
  });

  it('reads by key exactly what it scans', async () => {
    const asked = view({
      starts: [startAt('started_at'), latestOf('mails', 'at_epoch', { encoding: { kind: 'epoch seconds' } })],
      conditions: [is('active', true), relatedRows('none', 'deals')],
      stages: [ANONYMISE],
    });
    const scanned = new Map((await scanAll(small, asked)).map((one) => [keyText(one.key), one]));
    const read = await patiently(() =>
      small.read(
        asked,
        [...scanned.values()].map((one) => one.key),
        ON,
      ),
    );
    expect(byKey(read)).toEqual(byKey([...scanned.values()]));
  });

  it('reads records that the policy is not about, but none outside the scope and none that are not there', async () => {
    const asked = view({ where: is('status', 'hired'), conditions: [is('status', 'hired')] });
    const read = await patiently(() => connector.read(asked, [['1'], ['2'], ['8'], ['9'], ['77']], ON));
    expect(keysOf(read)).toEqual(keyTexts([['1'], ['2']]));
    expect(factsOf(read, '1').truths).toEqual([false]);
    expect(factsOf(read, '2').truths).toEqual([true]);
  });

  it('reads nothing for no keys', async () => {
    expect(await patiently(() => connector.read(view(), [], ON))).toEqual([]);
  });

  it('keeps integer keys beyond 2^53 apart', async () => {
    const keys = keysOf(await scanAll(connector, view()));
    for (const key of [BIG, BIG_NEIGHBOUR, LARGEST]) expect(keys).toContain(keyText([key]));
    for (const key of [BIG, BIG_NEIGHBOUR, LARGEST]) {
      const read = await patiently(() => connector.read(view(), [[key]], ON));
      expect(read.map((one) => one.key)).toEqual([[key]]);
    }
  });

  it('carries text keys through unchanged and keeps them apart', async () => {
    const all = await scanAll(small, codeView());
    expect(keysOf(all)).toEqual(keyTexts(HARD_TEXT_KEYS.map((key) => [key])));
    for (const key of HARD_TEXT_KEYS) {
      const read = await patiently(() => connector.read(codeView(), [[key]], ON));
      expect(read.map((one) => one.key)).toEqual([[key]]);
    }
  });

  it('takes composite keys as a whole', async () => {
    const all = await scanAll(open().connect({ pageSize: 2 }), membershipView());
    const expected = rowsOf('memberships').map((row): Key => [row['org'] ?? '', row['person_id'] ?? '']);
    expect(keysOf(all)).toEqual(keyTexts(expected));
    const read = await patiently(() =>
      connector.read(
        membershipView(),
        [
          ['a', '1'],
          ['b', '2'],
          ['b', '12'],
        ],
        ON,
      ),
    );
    expect(keysOf(read)).toEqual(
      keyTexts([
        ['a', '1'],
        ['b', '2'],
      ]),
    );
  });

  it.each(['abc', '1x', '1.0', '01', ' 1', '', '0x1', '1e0', '18446744073709551617'])(
    'finds nothing under the integer key %j, which no record has',
    async (key) => {
      const read = await patiently(() => connector.read(view(), [[key]], ON)).catch(() => []);
      expect(read).toEqual([]);
    },
  );

  it('counts the population within the scope, and the records that the policy is about', async () => {
    const counted = await patiently(() => connector.count(view({ where: not(is('status', 'lead')) }), ON));
    expect(counted).toEqual({ population: ofTenant7.length, matching: 4 });
    const other = view({ record: { ...PERSON, scope: [{ column: 'tenant_id', value: 8n }] } });
    expect(await patiently(() => connector.count(other, ON))).toEqual({ population: 1, matching: 1 });
  });

  it('tells its clock where it has one', async () => {
    const now = await patiently(() => connector.now());
    if (connector.capabilities.ownClock) expect(Number.isSafeInteger(now)).toBe(true);
    else expect(now).toBeUndefined();
  });

  const windowed = (index: number): Window => ({
    index,
    dueBefore: '2020-02-01 00:00:00',
    aheadAfter: '2034-01-01 00:00:00',
  });
  const inside = (value: string | null | undefined): boolean =>
    typeof value === 'string' && value > '2020-02-01 00:00:00' && value < '2034-01-01 00:00:00';

  it('leaves out with a window nothing that may be due, unknown or implausible', async () => {
    const scanned = keysOf(await scanAll(small, view(), [windowed(0)]));
    const outside = ofTenant7.filter((row) => !inside(row['started_at']));
    expect(scanned).toEqual(expect.arrayContaining(idsOf(outside)));
    expect(idsOf(ofTenant7)).toEqual(expect.arrayContaining(scanned));
    // NULL, the far past and the far future are among them, so that they can be counted.
    expect(idsOf(outside)).toEqual(expect.arrayContaining(keyTexts([['3'], ['6'], ['4']])));
  });

  it.each(['latest of', 'first known of'] as const)(
    'widens windows as a starting point "%s" demands',
    async (kind) => {
      const asked = view({
        starts: [startAt('started_at'), startAt('seen_at')],
        startTree: {
          kind,
          of: [
            { kind: 'column', index: 0 },
            { kind: 'column', index: 1 },
          ],
        },
      });
      const mayBeDue = ofTenant7.filter((row) => {
        const values = [row['started_at'], row['seen_at']];
        if (kind === 'latest of') return !values.some(inside);
        return !inside(values.find((value) => value !== null));
      });
      const scanned = keysOf(await scanAll(small, asked, [windowed(0), windowed(1)]));
      expect(scanned).toEqual(expect.arrayContaining(idsOf(mayBeDue)));
    },
  );

  it('applies a window to the largest over related rows, and keeps records without any', async () => {
    const asked = view({ starts: [latestOf('messages', 'sent_at')] });
    const scanned = keysOf(await scanAll(small, asked, [windowed(0)]));
    const latest = (row: Row): string | undefined =>
      rowsOf('messages')
        .filter((one) => one['person_id'] === row['id'] && one['tenant_id'] === '7')
        .map((one) => one['sent_at'] ?? '')
        .sort()
        .at(-1);
    expect(scanned).toEqual(expect.arrayContaining(idsOf(ofTenant7.filter((row) => !inside(latest(row))))));
  });

  it('compares integer windows as integers', async () => {
    const start = startAt('score', { encoding: { kind: 'epoch seconds' } });
    const window = { index: 0, dueBefore: '8', aheadAfter: '50' };
    const scanned = keysOf(await scanAll(small, view({ starts: [start] }), [window]));
    const outside = ofTenant7.filter((row) => {
      const score = row['score'];
      return score === null || score === undefined || BigInt(score) <= 8n || BigInt(score) >= 50n;
    });
    expect(scanned).toEqual(expect.arrayContaining(idsOf(outside)));
  });

  it('goes on with windows behind a cursor', async () => {
    const whole = keysOf(await scanAll(small, view(), [windowed(0)]));
    const seen: Facts[] = [];
    for await (const page of pagesOf(small, view(), [windowed(0)])) {
      seen.push(...page.facts);
      expect(keysOf([...seen, ...(await scanAll(small, view(), [windowed(0)], page.cursor))])).toEqual(whole);
    }
  });
}
