/** Rounds: every variant once a round, in random order, each from the same beginning. */
import { run, type Command, type Cost } from './measure.ts';
import type { Server } from '../database/server.ts';
import { expiredRows, reset, type Table } from '../database/table.ts';

export interface Variant {
  readonly name: string;
  /** Made anew for each round. */
  readonly command: () => Promise<Command> | Command;
  /** Expired rows that it leaves. */
  readonly leaves: 'none' | 'all';
}

/** Costs of one variant, by round. */
export interface Series {
  readonly name: string;
  readonly rows: number;
  readonly costs: readonly Cost[];
}

export interface RoundsInput {
  readonly server: Server;
  readonly table: Table;
  readonly variants: readonly Variant[];
  readonly rounds: number;
  /** Expired rows to start with; all where absent. */
  readonly expired?: number;
}

/** Runs all rounds. A variant that leaves another number of expired rows than it should is an error: it was not measured. */
export async function runRounds(input: RoundsInput): Promise<Series[]> {
  const { server, table, variants } = input;
  const costs = new Map<Variant, Cost[]>(variants.map((variant) => [variant, []]));
  let rows = 0;
  for (let round = 1; round <= input.rounds; round += 1) {
    for (const variant of shuffled(variants)) {
      const command = await variant.command();
      rows = await reset(server, table, input.expired);
      const cost = await run(command, server.pid);
      const left = await expiredRows(server, table);
      if (left !== (variant.leaves === 'none' ? 0 : rows))
        throw new Error(`${variant.name} left ${left} of ${rows} expired rows`);
      costs.get(variant)?.push(cost);
      process.stderr.write(
        `round ${round}: ${variant.name}: ${cost.seconds.toFixed(2)} s, ${Math.round(rows / cost.seconds)} rows/s\n`,
      );
    }
  }
  return variants.map((variant) => ({ name: variant.name, rows, costs: costs.get(variant) ?? [] }));
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, place: Math.random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
}
