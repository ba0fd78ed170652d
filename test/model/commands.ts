/** What can happen, in any order. */
import { expect } from '@jest/globals';
import fc from 'fast-check';
import { FATES } from '../support/faults.ts';
import type { Installation, Trouble } from './installation.ts';
import {
  apply,
  approveOne,
  change,
  hold,
  look,
  putOldStateBack,
  recover,
  release,
  replayAll,
  run,
  setPause,
} from './acts.ts';
import type { Change } from './acts.ts';
import { comeBack, holdInTheMiddle } from './sequences.ts';
import { emailOf, WORDINGS, type About, type Person, type Wording } from './promise.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

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

const ids = fc.integer({ min: 1, max: 9 });
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

/** What takes several of these in a row, and hardly ever comes about by chance. */
const sequences: readonly (readonly [number, fc.Arbitrary<Command>])[] = [
  [
    4,
    fc
      .tuple(fc.nat(3), fc.constantFrom<'id' | 'email' | 'policy'>('id', 'email', 'policy'))
      .map(([which, by]) =>
        command(`hold by ${by} in the middle, ${String(which)}`, (at) => holdInTheMiddle(at, which, by)),
      ),
  ],
  [
    4,
    fc
      .tuple(fc.integer({ min: 1, max: 7 }), maybe)
      .map(([part, t]) => command(`come back ${text([part, t])}`, (at) => comeBack(at, part, t))),
  ],
];

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
      command('restore the source', async (at) => {
        if (at.sourceCopy !== undefined) await at.restore(at.sourceCopy);
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
    [...weighted, ...sequences].flatMap(([weight, arbitrary]) =>
      Array.from({ length: weight }, () => arbitrary),
    ),
    { maxCommands: 24, size: 'max' },
  ),
);
