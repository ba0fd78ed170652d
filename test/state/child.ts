// Another process on the state of a test. Arguments: what to do, URL of the state, name of this process.
// It writes one line to stdout for each thing that is done and durable.
import { openState } from '../../src/state/open.ts';
import type { State } from '../../src/state/state.ts';
import { aBatch, aHold, aRun, clock } from './samples.ts';

const [what = '', url = '', name = ''] = process.argv.slice(2);

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Stands still in the middle of a transaction, until it is killed. */
async function stand(state: State): Promise<void> {
  await state.lease('run:k:p', name, 300);
  await state.transaction((t) =>
    t.startRun(aRun({ id: 'crashed', controller: 'k', policy: 'p', slot: 's' })),
  );
  await state.transaction(async (t) => {
    await t.openBatch(aBatch({ keys: [['half-done']] }));
    await t.addHold(aHold());
    await t.emit(['{"half":"done"}']);
    await t.finishRun('crashed', 'finished', '2026-11-22T03:00:00Z', {});
    say('inside');
    await new Promise((resolve) => setTimeout(resolve, 600_000));
  });
}

/** Puts a hold and an entry of the same number into each of many transactions. */
async function loop(state: State): Promise<void> {
  for (let n = 0; ; n++) {
    await state.transaction(async (t) => {
      await t.addHold(aHold({ id: `${name}-${n}` }));
      await t.emit([`{"hold":"${name}-${n}"}`]);
      if (n > 0) await t.settleBatch(`${name}-${n - 1}`);
      await t.openBatch(aBatch({ id: `${name}-${n}` }));
    });
    say(`${name}-${n}`);
  }
}

/** Tries to have twenty slots, and says which it got. */
async function race(state: State): Promise<void> {
  for (let n = 0; n < 20; n++) {
    const run = aRun({ id: `${name}-${n}`, policy: `p${n}`, slot: '2026-11-22T02:00:00Z' });
    const won = await state.transaction(async (t) => {
      const started = await t.startRun(run);
      if (started) await t.emit([`{"run":"${run.id}"}`]);
      return started;
    });
    if (won) say(run.id);
  }
}

/** Takes a lease again and again, and says with which number; within one lease it is alone. */
async function leases(state: State): Promise<void> {
  for (let taken = 0; taken < 10;) {
    const fence = await state.lease('publisher', name, 60_000);
    if (fence === undefined) continue;
    taken += 1;
    await state.transaction((t) => t.requireLease('publisher', fence));
    say(String(fence));
    await state.releaseLease('publisher', name);
  }
}

const state = await openState(url, { clock });
const WORK: Readonly<Record<string, (state: State) => Promise<void>>> = { stand, loop, race, leases };
await WORK[what]?.(state);
await state.close();
await state.close();
