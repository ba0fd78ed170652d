/** What can be done to an installation, and what the model expects of it. */
import { expect } from '@jest/globals';
import { settleAbandoned } from '../../src/erasure/abandoned.ts';
import { approve } from '../../src/erasure/approve.ts';
import { dryRun } from '../../src/erasure/dry-run.ts';
import { placeHold } from '../../src/erasure/holds/place.ts';
import { releaseHold } from '../../src/erasure/holds/release.ts';
import { replay } from '../../src/erasure/replay/replay.ts';
import { sweep } from '../../src/erasure/sweep.ts';
import type { Installation, ModelPlan, Trouble } from './installation.ts';
import { expectReport, expectStill, limitOf, observe, replayable, stop } from './expect.ts';
import { rowOf, type About, type Person } from './promise.ts';
import { pastOf } from './trail.ts';

const MINUTE = 60_000;
const { signal } = new AbortController();

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

export async function replayAll(at: Installation, trouble?: Trouble): Promise<void> {
  const isCalm = trouble === undefined && at.race === undefined;
  const isExact = isCalm && at.others.size + at.unseen.size === 0;
  const expected = { due: replayable(at), stop: await stop(at), limit: limitOf(at), before: at.snapshot() };
  const past = await pastOf(at.observer());
  const asOf = at.asOf();
  const input = { past, since: undefined, asOf, setClock: false, signal };
  const done = await at.work({ asOf, most: expected.limit }, trouble, ({ engine }) =>
    replay(engine, at.tasks(), input),
  );
  if (isExact) expectReport(at, { ...done, ...expected });
  const back = [...expected.due.keys()].filter((id) => !at.others.has(id) && !at.unseen.has(id));
  if (isCalm && done.answer?.[0]?.status === 'done') {
    if (back.length > 0) at.note('something is back');
    const due = replayable(at);
    expect(back.filter((id) => due.has(id))).toEqual([]);
  }
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
  // Without a grace it is over for good, also where the clock is set back.
  one.until = until === undefined ? 0 : Date.parse(until);
}

export async function setPause(at: Installation, on: boolean): Promise<void> {
  const { state } = at.observer();
  const since = new Date(at.now()).toISOString();
  await state.transaction((t) => t.setPause(on ? { since, by: 'tester' } : undefined));
  if (on) at.notePause();
  else at.paused = false;
}

/** What other clients of the source do. */
export type Change =
  | { readonly kind: 'insert'; readonly person: Person }
  | { readonly kind: 'delete'; readonly id: number }
  | { readonly kind: 'touch'; readonly id: number; readonly daysAgo: number }
  | { readonly kind: 'customer'; readonly id: number; readonly is: boolean }
  | { readonly kind: 'phone'; readonly id: number }
  | { readonly kind: 'note'; readonly id: number };

let notes = 0;

export async function apply(at: Installation, what: Change): Promise<void> {
  await Promise.resolve();
  change(at, what);
}

export function change(at: Installation, what: Change): void {
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

export async function look(at: Installation): Promise<void> {
  const before = at.snapshot();
  // What the dead left in the outbox comes into the trail whoever is about.
  await at.observer().engine.trail.flush();
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

export async function recover(at: Installation): Promise<void> {
  const before = at.snapshot();
  await at.work({ asOf: at.asOf(), most: 0 }, undefined, ({ engine }) =>
    settleAbandoned(engine, at.tasks(), signal),
  );
  expectStill(at, before);
  await observe(at, false);
}

/** A state that is older than the trail may have forgotten a hold: it is refused. */
export async function putOldStateBack(at: Installation): Promise<void> {
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
