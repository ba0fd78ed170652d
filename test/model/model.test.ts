/**
 * Everything that can happen to an installation, in random order, against a model of what may be: fast-check makes the
 * orders, and shortens the one that fails. FRIST_MODEL_RUNS sets how many; the seed is printed with a failure, and taken
 * from FRIST_TEST_SEED.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { newSeed } from '../support/random.ts';
import { approveOne, release, run, setPause } from './acts.ts';
import { commands, person } from './commands.ts';
import { Installation } from './installation.ts';
import { rowOf } from './promise.ts';
import { checkClaims } from './trail.ts';

const START = Date.parse('2026-06-30T03:15:00Z');
const DAY = 86_400_000;
const RUNS = Number(process.env['FRIST_MODEL_RUNS'] ?? 15);
/** An order that hangs ends some day, and is named; it is no measure of speed. */
const HANGS_MS = 600_000;

const people = fc.uniqueArray(person, { selector: ({ id }) => id, minLength: 4, maxLength: 9 });

/** In the end everything goes that is due and that nothing suspends, and then nothing is left. */
async function settle(at: Installation): Promise<void> {
  at.passTime();
  at.skew = 0;
  at.time += 3 * DAY;
  await setPause(at, false);
  for (let turns = 0; at.allDue().size > 0 && turns < 4; turns += 1) {
    await run(at);
    for (let which = 0; which < at.plans.length; which += 1) await approveOne(at, which);
  }
  expect([...at.allDue()]).toEqual([]);
  await run(at);
}

async function check(at: Installation): Promise<void> {
  await settle(at);
  while (at.holds.some(({ until }) => until === undefined)) await release(at, 0, 0);
  await settle(at);
  expect(at.violations).toEqual([]);
  const { state, engine } = at.observer();
  await engine.trail.flush();
  expect(await state.openBatches()).toEqual([]);
  expect(await state.runs({ states: ['running'], limit: 1 })).toEqual([]);
  await checkClaims(at);
}

describe('whatever happens, in whatever order', () => {
  it('frist does what it may and nothing else, finishes it, and says what is so', async () => {
    const seen = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(people, commands, async (made, all) => {
        const at = await Installation.create(
          made.map((one) => rowOf(one, START)),
          START,
          seen,
        );
        try {
          await fc.asyncModelRun(() => ({ model: {}, real: at }), all);
          await check(at);
        } finally {
          await at.close();
        }
      }),
      { numRuns: RUNS, seed: newSeed(), timeout: HANGS_MS },
    );
    process.stdout.write(`${JSON.stringify(Object.fromEntries(seen))}\n`);
  });
});
