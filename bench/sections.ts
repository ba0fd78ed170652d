/** What is measured. Each section answers Markdown. */
import { join } from 'node:path';
import { fristCommand, type FristOptions, type Site } from './frist.ts';
import { archive, freshFile, statement } from './database/others.ts';
import { formatRatio, median, ratios, seriesTable, spread, table as markdown } from './measuring/report.ts';
import { runRounds, type Series, type Variant } from './measuring/rounds.ts';
import { addDependents, dropTable, makeTable, type Table } from './database/table.ts';

export interface Bench {
  readonly site: Site;
  /** pt-archiver, where there is one. */
  readonly archiver: string | undefined;
  readonly rounds: number;
}

function frist(bench: Bench, name: string, options: FristOptions): Variant {
  return { name, command: () => fristCommand(bench.site, 'run', options), leaves: 'none' };
}

function find(all: readonly Series[], name: string): Series {
  return all.find((series) => series.name === name) ?? { name, rows: NaN, costs: [] };
}

/** Lines on whether frist reached what was aimed at: pairs of variants, and the ratio aimed at. */
function aims(all: readonly Series[], pairs: readonly (readonly [string, string, number])[]): string {
  const rows = pairs
    .filter(([, other]) => find(all, other).costs.length > 0)
    .map(([one, other, aim]) => {
      const reached = ratios(find(all, one), find(all, other));
      return [`${one} : ${other}`, formatRatio(reached), `${aim}`, reached.median >= aim ? 'yes' : 'no'];
    });
  return markdown(['times as quick, by round', 'median (range)', 'aim', 'reached'], rows);
}

const SINGLE = 'one DELETE';
const BULK = 'pt-archiver, 1000';

/** Erasing: frist with everything on, beside pt-archiver and one DELETE. */
export async function erasing(bench: Bench, table: Table): Promise<string> {
  const { site, archiver } = bench;
  const { server } = site;
  const variants: Variant[] = [
    {
      name: SINGLE,
      command: () => statement(server, `delete from ${table.name} where ${table.where}`),
      leaves: 'none',
    },
    frist(bench, 'frist, 1000', { table, batch: 1000 }),
    frist(bench, 'frist, 5000', { table, batch: 5000 }),
  ];
  if (archiver !== undefined) {
    for (const chunk of [1000, 5000]) {
      const plain = `pt-archiver, ${chunk}`;
      variants.push({ name: plain, command: () => archive(archiver, server, table, chunk), leaves: 'none' });
      const file = (): string => freshFile(site.folder);
      variants.push({
        name: `${plain}, with --file`,
        command: () => archive(archiver, server, table, chunk, file()),
        leaves: 'none',
      });
    }
  }
  const all = await runRounds({ server, table, variants, rounds: bench.rounds });
  const baselines = [find(all, BULK), find(all, SINGLE)].filter(({ costs }) => costs.length > 0);
  const pairs = [
    ['frist, 5000', BULK, 1.1],
    ['frist, 5000', 'pt-archiver, 5000, with --file', 1.7],
    ['frist, 1000', 'pt-archiver, 1000, with --file', 1.7],
    ['frist, 5000', SINGLE, 0.4],
  ] as const;
  return `${seriesTable(all, baselines)}\n\n${aims(all, pairs)}`;
}

const STATEMENTS = 'a DELETE for each table';

/** Erasing with ten dependents for each record, two rows each: frist beside one statement for each of the eleven tables. */
export async function dependents(bench: Bench, plain: Table): Promise<string> {
  const { server } = bench.site;
  const table = await addDependents(server, plain, 10);
  const expired = `select id from ${table.name} where ${table.where}`;
  const deletes = [
    ...table.dependents.map((name) => `delete from ${name} where contact_id in (${expired})`),
    `delete from ${table.name} where ${table.where}`,
  ];
  const variants: Variant[] = [
    {
      name: STATEMENTS,
      command: () => statement(server, `begin; ${deletes.join('; ')}; commit`),
      leaves: 'none',
    },
    frist(bench, 'frist, 1000', { table, batch: 1000 }),
    frist(bench, 'frist, 5000', { table, batch: 5000 }),
  ];
  const all = await runRounds({ server, table, variants, rounds: bench.rounds });
  for (const name of table.dependents) await dropTable(server, { ...plain, name });
  return seriesTable(all, [find(all, STATEMENTS)]);
}

const UPDATE = 'one UPDATE';

/** Anonymising: seven columns, one of them indexed. */
export async function anonymising(bench: Bench, table: Table): Promise<string> {
  const { server } = bench.site;
  const variants: Variant[] = [
    {
      name: UPDATE,
      command: () => statement(server, `update ${table.name} set ${table.anonymise} where ${table.where}`),
      leaves: 'all',
    },
    { ...frist(bench, 'frist, 5000', { table, batch: 5000, action: 'anonymise' }), leaves: 'all' },
  ];
  const all = await runRounds({ server, table, variants, rounds: bench.rounds });
  return `${seriesTable(all, [find(all, UPDATE)])}\n\n${aims(all, [['frist, 5000', UPDATE, 0.5]])}`;
}

const KEYS = 'mysql --quick: key and date';
const FACTS = 'mysql --quick: key, date and e-mail';

/** The dry run, beside a client that prints what it reads. */
export async function dryRun(bench: Bench, table: Table): Promise<string> {
  const { server, folder } = bench.site;
  const print = (name: string, columns: string): Variant => ({
    name,
    command: () =>
      statement(server, `select ${columns} from ${table.name} where ${table.where}`, join(folder, 'printed')),
    leaves: 'all',
  });
  const variants: Variant[] = [
    print(KEYS, 'id, last_activity_at'),
    print(FACTS, 'id, last_activity_at, email'),
    { name: 'frist plan', command: () => fristCommand(bench.site, 'plan', { table }), leaves: 'all' },
  ];
  const all = await runRounds({ server, table, variants, rounds: bench.rounds });
  return `${seriesTable(all, [find(all, KEYS), find(all, FACTS)])}\n\n${aims(all, [['frist plan', KEYS, 0.5]])}`;
}

/** Memory and time over the size of the table, and over the number of expired rows. */
export async function sizes(bench: Bench, sizesOfTables: readonly number[]): Promise<string> {
  const { server } = bench.site;
  const rows: string[][] = [];
  for (const size of sizesOfTables) {
    const table = await makeTable(server, `contacts_${size}`, size, size / 10);
    for (const expired of new Set([sizesOfTables[0] === undefined ? 0 : sizesOfTables[0] / 10, size / 10])) {
      const variants = [frist(bench, `frist, 5000, ${size} rows`, { table, batch: 5000 })];
      const [series] = await runRounds({
        server,
        table,
        variants,
        rounds: Math.min(3, bench.rounds),
        expired,
      });
      if (series === undefined) continue;
      const seconds = spread(series.costs.map((cost) => cost.seconds));
      rows.push([
        size.toLocaleString('en'),
        series.rows.toLocaleString('en'),
        `${seconds.median.toFixed(2)} (${seconds.min.toFixed(2)}–${seconds.max.toFixed(2)})`,
        median(series, (cost) => cost.memory).toFixed(0),
      ]);
    }
    await dropTable(server, table);
  }
  return markdown(['rows in the table', 'expired', 'seconds', 'MB'], rows);
}
