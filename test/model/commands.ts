/** What can happen, in any order: each command does it to the installation, and says what the model expects of it. */
import { expect } from '@jest/globals';
import fc from 'fast-check';
import { settleAbandoned } from '../../src/erasure/abandoned.ts';
import { approve } from '../../src/erasure/approve.ts';
import { dryRun } from '../../src/erasure/dry-run.ts';
import { placeHold } from '../../src/erasure/holds/place.ts';
import { releaseHold } from '../../src/erasure/holds/release.ts';
import { replay } from '../../src/erasure/replay/replay.ts';
import { sweep } from '../../src/erasure/sweep.ts';
import { FATES } from '../support/faults.ts';
import type { Installation, ModelPlan, Trouble } from './installation.ts';
import { expectReport, expectStill, limitOf, observe, replayable, stop } from './expect.ts';
import { rowOf, WORDINGS, type About, type Person, type Wording } from './promise.ts';
import { pastOf } from './trail.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const { signal } = new AbortController();

/** The model is the installation's own; fast-check wants one apart. */
export type Command = fc.AsyncCommand<Record<string, never>, Installation>;

function command(name: string, run: (at: Installation) => Promise<void> | void): Command {
  return {
    check: () => true,
    run: async (_, at) => {
      at.passTime();
      await run(at);
      expect(at.violations).toEqual([]);
      // What is still open waits for recovery, which erases nothing: no hold comes too late any more.
      for (const hold of at.holds) hold.tooLate = new Set();
    },
    toString: () => name,
  };
}

const text = (value: unknown): string => JSON.stringify(value) ?? 'nothing';

export async function run(at: Installation, trouble?: Trouble): Promise<void> {
  const isExact = trouble === undefined && at.race === undefined;
  const expected = { due: at.allDue(), stop: await stop(at), limit: limitOf(at), before: at.snapshot() };
  const asOf = at.asOf();
  const input = { trigger: 'manual', slot: undefined, asOf, setClock: false, signal } as const;
  const done = await at.work({ asOf, most: expected.limit }, trouble, ({ engine }) =>
    sweep(engine, at.tasks(), input),
  );
  if (isExact) expectReport(at, { ...done, ...expected });
  if (isExact && done.answer?.[0]?.status === 'done') at.trusted = at.wording;
  await observe(at, isExact);
}

/** Why a plan cannot be approved now. */
async function whyNot(at: Installation, plan: ModelPlan): Promise<string | undefined> {
  const stored = await at.observer().state.plan(plan.id);
  const clock = await stop(at);
  if (clock === 'PAUSED' || stored === undefined) return clock;
  const { status, expires } = stored;
  const isOpen = status === 'waiting' || status === 'approved';
  if (status === 'expired' || (isOpen && Date.parse(expires) <= at.now())) return 'PLAN_EXPIRED';
  if (!isOpen) return 'PLAN_NOT_WAITING';
  if (clock === 'SOURCE_CLOCK') return clock;
  return plan.wording === at.wording ? clock : 'PLAN_VOID';
}

export async function approveOne(at: Installation, which: number, trouble?: Trouble): Promise<void> {
  const plan = at.plans[which % Math.max(1, at.plans.length)];
  if (plan === undefined) return;
  const isExact = trouble === undefined && at.race === undefined;
  const due = new Map([...at.allDue()].filter(([id]) => plan.keys.has(id)));
  const expected = { due, stop: await whyNot(at, plan), limit: Infinity, before: at.snapshot() };
  const asOf = at.asOf();
  const input = { plan: plan.id, why: 'looked at it', asOf, setClock: false, signal };
  const done = await at.work({ asOf, only: plan.keys }, trouble, async ({ engine }) => [
    (await approve(engine, at.tasks(), input)).report,
  ]);
  if (isExact) expectReport(at, { ...done, ...expected });
  const isSweep = !plan.id.startsWith('replay-');
  if (isExact && isSweep && done.answer?.[0]?.status === 'done') at.trusted = at.wording;
  await observe(at, isExact);
}

async function replayAll(at: Installation, trouble?: Trouble): Promise<void> {
  const isExact = trouble === undefined && at.race === undefined && at.others.size === 0;
  const expected = { due: replayable(at), stop: await stop(at), limit: limitOf(at), before: at.snapshot() };
  const past = await pastOf(at.observer());
  const asOf = at.asOf();
  const input = { past, since: undefined, asOf, setClock: false, signal };
  const done = await at.work({ asOf, most: expected.limit }, trouble, ({ engine }) =>
    replay(engine, at.tasks(), input),
  );
  if (isExact) expectReport(at, { ...done, ...expected });
  if (isExact && expected.due.size > 0) at.note('something is back');
  await observe(at, isExact);
}

export async function hold(at: Installation, about: About): Promise<void> {
  const { engine } = at.observer();
  const controller = engine.controller.name;
  const target =
    'email' in about
      ? { subjects: [['email', about.email.toUpperCase()] as const] }
      : 'id' in about
        ? { records: [{ controller, source: 'crm', record: 'contact', key: [String(about.id)] }] }
        : { policies: [{ controller, policy: about.policy }] };
  const holding = { engine, tasks: at.tasks(), sources: at.sources() };
  const placed = await placeHold(holding, [], { ...target, why: 'case 7', waitMs: 0, signal });
  const open = (await engine.state.openBatches()).flatMap(({ keys }) => keys.map(([id = '']) => id));
  at.holds.push({ id: placed.hold.id, about, until: undefined, tooLate: new Set(open) });
}

export async function release(at: Installation, which: number, hours: number): Promise<void> {
  const standing = at.holds.filter((one) => one.until === undefined);
  const one = standing[which % Math.max(1, standing.length)];
  if (one === undefined) return;
  const until = await releaseHold(at.observer().engine, one.id, 'case closed', hours);
  one.until = until === undefined ? at.now() : Date.parse(until);
}

export async function setPause(at: Installation, on: boolean): Promise<void> {
  const { state } = at.observer();
  const since = new Date(at.now()).toISOString();
  await state.transaction((t) => t.setPause(on ? { since, by: 'tester' } : undefined));
  if (on) at.notePause();
  else at.paused = false;
}

/** What other clients of the source do. */
type Change =
  | { readonly kind: 'insert'; readonly person: Person }
  | { readonly kind: 'delete'; readonly id: number }
  | { readonly kind: 'touch'; readonly id: number; readonly daysAgo: number }
  | { readonly kind: 'customer'; readonly id: number; readonly is: boolean }
  | { readonly kind: 'phone'; readonly id: number }
  | { readonly kind: 'note'; readonly id: number };

let notes = 0;

async function apply(at: Installation, what: Change): Promise<void> {
  await Promise.resolve();
  change(at, what);
}

function change(at: Installation, what: Change): void {
  const contacts = at.rows('contacts');
  const id = String(what.kind === 'insert' ? what.person.id : what.id);
  const key = JSON.stringify([id]);
  const row = contacts.get(key);
  if (what.kind === 'insert') {
    if (row === undefined) contacts.set(key, rowOf(what.person, at.time));
    return;
  }
  if (row === undefined) return;
  if (what.kind === 'note') {
    const note = String((notes += 1));
    at.rows('notes').set(JSON.stringify([note]), { id: note, contact_id: id });
    return;
  }
  at.others.add(id);
  if (what.kind === 'delete') {
    for (const [noteKey, note] of at.rows('notes'))
      if (note['contact_id'] === id) at.rows('notes').delete(noteKey);
    contacts.delete(key);
  } else if (what.kind === 'touch') {
    const { last_contact: last } = rowOf(
      { id: 0, email: null, customer: false, invoiced: false, daysAgo: what.daysAgo },
      at.time,
    );
    contacts.set(key, { ...row, last_contact: last ?? null });
  } else if (what.kind === 'customer') contacts.set(key, { ...row, customer: what.is ? '1' : '0' });
  else contacts.set(key, { ...row, phone: '+45 0' });
}

async function look(at: Installation): Promise<void> {
  const before = at.snapshot();
  const entries = (await at.observer().entries()).length;
  const due: string[] = [];
  const asOf = at.asOf();
  const { answer } = await at.work({ asOf, most: 0 }, undefined, ({ engine }) =>
    dryRun(engine, at.tasks(), {
      asOf,
      signal,
      onDisposition: (_, { key: [id = ''] }, { verdict }) => {
        if (verdict === 'erase') due.push(id);
      },
    }),
  );
  expectStill(at, before);
  expect((await at.observer().entries()).length).toBe(entries);
  const code = answer?.[0]?.error?.code;
  expect(code).toBe(Math.abs(at.skew) > 5 * MINUTE ? 'SOURCE_CLOCK' : undefined);
  if (code === undefined) expect(due.sort()).toEqual([...at.allDue().keys()].sort());
}

async function recover(at: Installation): Promise<void> {
  const before = at.snapshot();
  await at.work({ asOf: at.asOf(), most: 0 }, undefined, ({ engine }) =>
    settleAbandoned(engine, at.tasks(), signal),
  );
  expectStill(at, before);
  await observe(at, false);
}

/** A state that is older than the trail may have forgotten a hold: it is refused. */
async function putOldStateBack(at: Installation): Promise<void> {
  if (at.stateCopy === undefined || (await at.observer().entries()).length === at.stateCopy) return;
  const before = at.snapshot();
  const entries = await at.observer().entries();
  await at.exchangeState('old');
  const asOf = at.asOf();
  const input = { trigger: 'manual', slot: undefined, asOf, setClock: false, signal } as const;
  const { error } = await at.work({ asOf, most: 0 }, undefined, ({ engine }) =>
    sweep(engine, at.tasks(), input),
  );
  at.note('old state');
  // The copy may be of a time in which it was paused.
  expect(error).toMatchObject({ code: expect.stringMatching(/^(?:AUDIT_STATE_OLD|PAUSED)$/) });
  expectStill(at, before);
  expect(await at.observer().entries()).toEqual(entries);
  await at.exchangeState('newest');
}

const ids = fc.integer({ min: 1, max: 9 });
const emailOf = (id: number): string => `p${String(id)}@example.org`;
const daysAgo = fc.oneof(
  fc.integer({ min: 0, max: 150 }),
  fc.integer({ min: 170, max: 200 }),
  fc.integer({ min: 355, max: 440 }),
  fc.integer({ min: 700, max: 800 }),
);

export const person: fc.Arbitrary<Person> = fc.record({
  id: ids,
  email: fc.oneof({ weight: 8, arbitrary: ids.map(emailOf) }, { weight: 1, arbitrary: fc.constant(null) }),
  daysAgo: fc.oneof({ weight: 9, arbitrary: daysAgo }, { weight: 1, arbitrary: fc.constant(undefined) }),
  customer: fc.integer({ min: 0, max: 7 }).map((n) => n === 7),
  invoiced: fc.integer({ min: 0, max: 7 }).map((n) => n === 7),
});

const about: fc.Arbitrary<About> = fc.oneof(
  { weight: 4, arbitrary: ids.map((id) => ({ email: emailOf(id) })) },
  { weight: 3, arbitrary: ids.map((id) => ({ id })) },
  { weight: 1, arbitrary: fc.constant({ policy: 'contacts' }) },
);

const changes: fc.Arbitrary<Change> = fc.oneof(
  { weight: 3, arbitrary: person.map((one) => ({ kind: 'insert', person: one }) as const) },
  ids.map((id) => ({ kind: 'delete', id }) as const),
  fc.record({ kind: fc.constant('touch' as const), id: ids, daysAgo }),
  fc.record({ kind: fc.constant('customer' as const), id: ids, is: fc.boolean() }),
  ids.map((id) => ({ kind: 'phone', id }) as const),
  { weight: 3, arbitrary: ids.map((id) => ({ kind: 'note', id }) as const) },
);

const fate = fc.constantFrom(...FATES);
const trouble: fc.Arbitrary<Trouble> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('death' as const), at: fc.nat(120), fate }) },
  fc.record({
    kind: fc.constant('fault' as const),
    at: fc.nat(30),
    fate,
    times: fc.integer({ min: 1, max: 3 }),
  }),
);
const maybe = fc.option(trouble, { nil: undefined, freq: 2 });

/** What somebody else does in the middle of a run. */
const races: fc.Arbitrary<{ readonly name: string; readonly act: (at: Installation) => Promise<void> }> =
  fc.oneof(
    changes.map((what) => ({ name: text(what), act: (at: Installation) => apply(at, what) })),
    about.map((whom) => ({ name: `hold ${text(whom)}`, act: (at: Installation) => hold(at, whom) })),
    fc.constant({ name: 'pause', act: (at: Installation) => setPause(at, true) }),
  );

const racing = fc.tuple(races, fc.nat(2), fc.nat(3)).map(([{ name, act }, batch, which]) =>
  command(`during batch ${String(batch)} of ${which === 0 ? 'approvals' : 'a run'}: ${name}`, async (at) => {
    at.race = () => act(at);
    at.raceIn = batch;
    await (which === 0 ? approveOne(at, 0) : run(at));
    at.race = undefined;
  }),
);

const weighted: readonly (readonly [number, fc.Arbitrary<Command>])[] = [
  [6, maybe.map((t) => command(`run ${text(t)}`, (at) => run(at, t)))],
  [
    4,
    fc
      .tuple(fc.nat(5), maybe)
      .map(([n, t]) => command(`approve ${text([n, t])}`, (at) => approveOne(at, n, t))),
  ],
  [4, racing],
  [5, changes.map((what) => command(text(what), (at) => change(at, what)))],
  [3, about.map((whom) => command(`hold ${text(whom)}`, (at) => hold(at, whom)))],
  [
    2,
    fc
      .tuple(fc.nat(3), fc.constantFrom(0, 48))
      .map(([n, hours]) => command(`release ${text([n, hours])}`, (at) => release(at, n, hours))),
  ],
  [2, fc.constant(command('pause', (at) => setPause(at, true)))],
  [2, fc.constant(command('resume', (at) => setPause(at, false)))],
  [
    3,
    fc
      .integer({ min: 1, max: 40 })
      .map((n) => command(`${String(n)} days`, (at) => void (at.time += n * DAY))),
  ],
  [
    1,
    fc
      .constantFrom(0, 2 * MINUTE, 2 * DAY, -2 * DAY)
      .map((ms) => command(`clock wrong by ${String(ms)}`, (at) => void (at.skew = ms))),
  ],
  [1, fc.constant(command('clock right', (at) => void (at.skew = 0)))],
  [
    1,
    fc
      .constantFrom<Wording>(...WORDINGS)
      .map((months) => command(`reword ${String(months)}`, (at) => void (at.wording = months))),
  ],
  [2, fc.constant(command('dry run', look))],
  [1, fc.constant(command('recover', recover))],
  [1, fc.constant(command('copy the source', (at) => void (at.sourceCopy = at.snapshot())))],
  [
    2,
    fc.constant(
      command('restore the source', (at) => {
        if (at.sourceCopy !== undefined) at.restore(at.sourceCopy);
      }),
    ),
  ],
  [1, fc.constant(command('copy the state', (at) => at.copyState()))],
  [2, fc.constant(command('put the old state back', putOldStateBack))],
  [3, maybe.map((t) => command(`replay ${text(t)}`, (at) => replayAll(at, t)))],
];

/** Without a bias for short ones: what goes wrong needs several of them. */
export const commands: fc.Arbitrary<Iterable<Command>> = fc.noBias(
  fc.commands(
    weighted.flatMap(([weight, arbitrary]) => Array.from({ length: weight }, () => arbitrary)),
    { maxCommands: 24, size: 'max' },
  ),
);
