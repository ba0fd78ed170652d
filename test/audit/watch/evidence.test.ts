// Evidence ends when its life is over, and not while what it is about is in force.
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { formatEntry, parseEntry, type Entry } from '../../../src/audit/entry.ts';
import { putEvidence, readEvidence } from '../../../src/audit/evidence.ts';
import { KINDS, type Check, type Optional } from '../../../src/audit/format/kinds.ts';
import { createUlids } from '../../../src/audit/format/ulid.ts';
import { openLog } from '../../../src/audit/log.ts';
import { createMemoryStore } from '../../../src/audit/store/memory.ts';
import type { Store } from '../../../src/audit/store/store.ts';
import { verifyTrail } from '../../../src/audit/verify.ts';
import { expireEvidence } from '../../../src/audit/watch/evidence.ts';
import { freshState, type TestState } from '../../state/support.ts';
import { SIGNER } from '../../support/trail.ts';

const DAY = 86_400_000;
const SLOT = '2031-06-01T00:45:00.000Z';
/** `days` before the slot. */
const ago = (days: number): string => new Date(Date.parse(SLOT) - days * DAY).toISOString();
const KEEP = 100;
const newId = createUlids(randomBytes, () => 0);
let test: TestState;
let store: Store;
let objects: Map<string, Buffer>;
beforeEach(async () => {
  test = await freshState('sqlite');
  objects = new Map();
  store = createMemoryStore({ objects });
});
afterEach(async () => {
  await test.drop();
});

type Ref = Awaited<ReturnType<typeof putEvidence>>;
const reason = (text: string): Promise<Ref> => putEvidence(store, text, randomBytes);
const base = (days: number): { v: 1; eid: string; at: string } => ({ v: 1, eid: newId(), at: ago(days) });
const digest = 'a'.repeat(64);
const policy = (days: number, text: Ref, controller = 'A', name = 'leads'): Entry => ({
  ...base(days),
  type: 'policy',
  policy: name,
  digest,
  text,
  controller,
});
const approval = (days: number, why: Ref): Entry => ({
  ...base(days),
  type: 'approval',
  plan: 'p',
  who: 'op',
  why,
});
const placed = (days: number, hold: string, why: Ref, source?: string): Entry => ({
  ...base(days),
  type: 'hold-placed',
  hold,
  subject: [digest],
  epoch: 'e',
  who: 'op',
  why,
  ...(source === undefined ? {} : { source }),
});
const released = (days: number, hold: string, why: Ref): Entry => ({
  ...base(days),
  type: 'hold-released',
  hold,
  who: 'op',
  why,
});

const write = async (...entries: Entry[]): Promise<void> => {
  const log = await openLog({ store, signer: SIGNER });
  await log.append(entries.map(formatEntry));
};
const expire = (slot = SLOT): Promise<number> =>
  expireEvidence({
    store,
    vkey: SIGNER.vkey,
    state: test.state,
    slot,
    keepDays: KEEP,
    now: () => Date.parse(SLOT),
    newId,
  });
const told = async (): Promise<Entry[]> =>
  (await test.state.pendingOutbox(100)).flatMap((row) => row.entries).map(parseEntry);
const left = (ref: Ref): Promise<string | undefined> => readEvidence(store, ref);

describe('evidence', () => {
  it('of an approval ends with its own time, to the day; the trail goes on to verify', async () => {
    const [old, young] = [await reason('old'), await reason('young')];
    await write(approval(KEEP + 0.001, old), approval(KEEP, young));
    expect(await expire()).toBe(1);
    expect(await left(old)).toBeUndefined();
    expect(await left(young)).toBe('young');
    expect(await told()).toMatchObject([{ type: 'evidence-erased', count: 1, before: '2031-02-21' }]);
    expect(await verifyTrail({ store, vkey: SIGNER.vkey })).toMatchObject({ size: 2 });
  });

  it('of a hold stays while it stands, and its time begins with the release', async () => {
    const [standing, lately, longAgo, why] = [
      await reason('standing'),
      await reason('lately'),
      await reason('long ago'),
      await reason('over'),
    ];
    await write(
      placed(900, 'h1', standing),
      placed(900, 'h2', lately),
      placed(900, 'h3', longAgo, 'crm'),
      placed(900, 'h3', longAgo, 'ats'),
      released(101, 'h3', why),
      released(99, 'h2', why),
    );
    expect(await expire()).toBe(2);
    expect([await left(standing), await left(lately)]).toEqual(['standing', 'lately']);
    expect([await left(longAgo), await left(why)]).toEqual([undefined, undefined]);
  });

  it('of a policy stays while it is in force, and its time begins with the next wording', async () => {
    const [first, second, third, namesake] = [
      await reason('first'),
      await reason('second'),
      await reason('third'),
      await reason('namesake'),
    ];
    await write(policy(900, first), policy(800, namesake, 'B'), policy(200, second), policy(50, third));
    expect(await expire()).toBe(1);
    expect(await left(first)).toBeUndefined();
    expect([await left(second), await left(third), await left(namesake)]).toEqual([
      'second',
      'third',
      'namesake',
    ]);
  });

  it('ends once: what is gone is not told of again', async () => {
    await write(approval(300, await reason('x')));
    expect([await expire(), await expire(ago(-7))]).toEqual([1, 0]);
    expect(await told()).toHaveLength(1);
  });

  it('that the store will not remove is no evidence erased, and what went before it is told', async () => {
    await write(approval(300, await reason('x')), approval(300, await reason('y')));
    let asked = 0;
    store = createMemoryStore({
      objects,
      fault: ({ method }) => (method === 'remove' && asked++ === 1 ? 'before' : undefined),
    });
    await expect(expire()).rejects.toMatchObject({ code: 'AUDIT_STORE' });
    expect(await told()).toMatchObject([{ type: 'evidence-erased', count: 1 }]);
    expect(await test.state.job('evidence')).toBeUndefined();
  });

  it('that no entry points to ends when it is found so a second time, and not while entries wait for the trail', async () => {
    const [orphan, late, kept] = [await reason('orphan'), await reason('late'), await reason('kept')];
    await write(approval(1, kept));
    const week = (n: number): string => new Date(Date.parse(SLOT) + n * 7 * DAY).toISOString();
    expect(await expire(week(0))).toBe(0);
    // Its entry was under way.
    await write(approval(0, late));
    await test.state.transaction((t) => t.emit([formatEntry(approval(0, kept))]));
    expect(await expire(week(1))).toBe(0);
    const head = (await openLog({ store, signer: SIGNER })).head();
    const waiting = await test.state.pendingOutbox(100);
    await test.state.acknowledgeOutbox(
      waiting.map((row) => row.id),
      { size: head.size, root: head.root },
    );
    expect(await expire(week(2))).toBe(1);
    expect(await left(orphan)).toBeUndefined();
    expect([await left(late), await left(kept)]).toEqual(['late', 'kept']);
    expect(await told()).toMatchObject([{ type: 'evidence-erased', count: 1 }]);
    expect(await expire(week(3))).toBe(0);
  });

  it('stays where the store can remove nothing', async () => {
    const kept = await reason('x');
    await write(approval(300, kept));
    const { remove: _, ...unable } = store;
    store = unable;
    expect(await expire()).toBe(0);
    expect(await left(kept)).toBe('x');
    expect(await told()).toEqual([]);
  });

  it('has an end for every kind of entry that points to some', () => {
    const sample = { bytes: 33, sha256: digest };
    const isRef = (check: Check<unknown>): boolean => check(sample) && !check('x');
    const kinds: readonly (readonly [
      string,
      Readonly<Record<string, Check<unknown> | Optional<unknown>>>,
    ])[] = Object.entries(KINDS);
    const pointing = kinds.filter(([, fields]) =>
      Object.values(fields).some((check) => isRef(typeof check === 'function' ? check : check.optional)),
    );
    // Whoever adds one says in src/audit/watch/evidence.ts when it ends.
    expect(pointing.map(([kind]) => kind).sort()).toEqual([
      'approval',
      'hold-placed',
      'hold-released',
      'paused',
      'policy',
      'resumed',
      'state-adopted',
    ]);
  });
});
