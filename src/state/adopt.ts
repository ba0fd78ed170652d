/**
 * Makes a state that is an old copy, or a new one, go on from the end of its trail. What the trail has dealt with since
 * the copy was made is closed here without another word to the trail; what it still has to be told stays in the outbox.
 */
import type { Adoption } from './state.ts';
import { addHold } from './erasing/holds.ts';
import { dropPartitions } from './erasing/partitions.ts';
import { dropPlanKeys } from './erasing/plans.ts';
import { readObject, replaceObject } from './trail/objects.ts';
import { ONE, type Turn } from './turn.ts';

/**
 * No policy is trusted any more and no plan waits: the next run of each is looked at as if it were the first. Who placed
 * a hold that is lost has to place it again; until it is released it keeps everything.
 */
export async function adopt(turn: Turn, adoption: Adoption): Promise<void> {
  const { db } = turn;
  const { head, object, published, settled, proven, ended, holds, epochs } = adoption;
  await db('frist_head').delete();
  await db('frist_head').insert({ one: ONE, size: head.size, root: head.root });
  if (object !== undefined) {
    const { key, bytes } = object;
    // An append that was under way is as old as the copy.
    await db('frist_trail_objects').whereNot({ name: key }).delete();
    await replaceObject(turn, key, bytes, (await readObject(db, key))?.tag ?? null);
  }
  for (const id of published) await db('frist_outbox').where({ id }).delete();
  for (const id of settled) await db('frist_batches').where({ id }).delete();
  for (const batch of proven) await db('frist_proofs').where({ batch }).delete();
  for (const { run, at } of ended) {
    await db('frist_runs').where({ id: run }).update({ state: 'interrupted', running: null, finished: at });
    await dropPartitions(turn, run);
  }
  await db('frist_policies').update({ trusted: null, population: null });
  const open = await db<{ readonly id: string; status: string }>('frist_plans')
    .whereIn('status', ['waiting', 'approved'])
    .select('id');
  for (const { id } of open) {
    await db('frist_plans').where({ id }).update({ status: 'void' });
    await dropPlanKeys(turn, id);
  }
  for (const hold of holds) await addHold(turn, hold);
  for (const { epoch, from, destroyed } of epochs)
    await db('frist_epoch_keys').insert({
      epoch,
      valid_from: from,
      destroyed: destroyed.on,
      true_from: destroyed.trueFrom,
      filler: '',
      wrapped: null,
    });
  turn.forgets = true;
}
