/** A coordinator and workers on one state, trail and source, in memory: each its own process, as far as they can tell. */
import type { Helpers } from '../../src/erasure/engine.ts';
import { workAt } from '../../src/erasure/partition/work.ts';
import type { PolicyReport } from '../../src/erasure/report.ts';
import { sweep } from '../../src/erasure/sweep.ts';
import type { PartitionName } from '../../src/state/state.ts';
import type { World } from '../erasure/harness.ts';

export const ON = new AbortController().signal;

export interface Crew extends Helpers {
  /** What became of each time somebody was told of a partition; of an error, its name or code. */
  readonly worked: string[];
  /** Resolves when nobody works any more. */
  readonly idle: () => Promise<void>;
}

/** Helpers that pass each message on to these, one after the other; `patience` in looks of 100 ms, which cost nothing here. */
export function crewOf(workers: () => readonly World[], size: number, patience = 1e9): Crew {
  const worked: string[] = [];
  const busy = new Set<Promise<void>>();
  let turn = 0;
  const tell = async ({ engine, tasks }: World, name: PartitionName): Promise<void> => {
    try {
      worked.push(await workAt(engine, tasks, name, { signal: ON, last: false }));
    } catch (error) {
      worked.push((error as { readonly code?: string }).code ?? (error as Error).name);
    }
  };
  return {
    size,
    patience,
    worked,
    offer: (partitions) => {
      for (const name of partitions) {
        const all = workers();
        const worker = all[turn++ % Math.max(1, all.length)];
        if (worker === undefined) continue;
        const work = tell(worker, name).finally(() => busy.delete(work));
        busy.add(work);
      }
      return Promise.resolve();
    },
    idle: async () => {
      while (busy.size > 0) await Promise.allSettled(busy);
    },
  };
}

/** A sweep by hand with these helpers. */
export async function sweepWith(
  { engine, tasks }: World,
  helpers: Helpers | undefined,
  asOf: number,
  signal = ON,
): Promise<PolicyReport> {
  const input = { trigger: 'manual', slot: undefined, asOf, setClock: false, signal } as const;
  const all = await sweep(helpers === undefined ? engine : { ...engine, helpers }, tasks, input);
  const [report] = all;
  if (report === undefined) throw new Error('no policy');
  return report;
}

/** Numbers of the records that the trail says are gone, once for each time it says so. */
export async function recorded(world: World, ids: readonly number[]): Promise<number[]> {
  await world.engine.trail.flush();
  const named = new Map(ids.map((id) => [world.names.record('crm', 'contact', [String(id)]), id]));
  return (await world.entries())
    .flatMap((entry) => (entry.type === 'record' ? [named.get(entry.commitments.record) ?? 0] : []))
    .sort((a, b) => a - b);
}
