/**
 * The benchmark: `npm run bench [-- --quick | --full] [-- --only erasing,anonymising,…]`.
 *
 * Everything is measured side by side in one run, in random order per round, and told as medians with their range and
 * as ratios by round. It never fails because something was slow. The result, Markdown, goes to stdout.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { run } from '../test/support/servers/server.ts';
import { buildFrist } from './frist.ts';
import { live } from './database/live.ts';
import { findArchiver } from './database/others.ts';
import { anonymising, dependents, dryRun, erasing, sizes, type Bench } from './sections.ts';
import { startServer, type Server } from './database/server.ts';
import { makeTable, type Table } from './database/table.ts';
import { workers } from './database/workers.ts';
import { appending, verifying } from './trail/trail.ts';

interface Extent {
  readonly rounds: number;
  readonly rows: number;
  readonly expired: number;
  readonly sizes: readonly number[];
  /** Entries of the trail that is verified in a folder, and of those that are made up. */
  readonly trail: number;
  readonly madeUp: readonly number[];
  readonly live: boolean;
}

const EXTENTS = {
  /** To see that the benchmark works. */
  quick: {
    rounds: 1,
    rows: 50_000,
    expired: 10_000,
    sizes: [20_000, 50_000],
    trail: 50_000,
    madeUp: [100_000],
    live: false,
  },
  default: {
    rounds: 5,
    rows: 1_000_000,
    expired: 100_000,
    sizes: [200_000, 1_000_000],
    trail: 500_000,
    madeUp: [1_000_000],
    live: false,
  },
  full: {
    rounds: 9,
    rows: 1_000_000,
    expired: 100_000,
    sizes: [200_000, 1_000_000, 4_000_000],
    trail: 1_000_000,
    madeUp: [1_000_000, 10_000_000],
    live: true,
  },
} as const satisfies Record<string, Extent>;

type Section = readonly [
  name: string,
  title: string,
  measure: (bench: Bench, table: Table) => Promise<string>,
];

function sectionsOf(extent: Extent): readonly Section[] {
  return [
    ['erasing', 'Erasing', erasing],
    ['dependents', 'Erasing with ten dependents', dependents],
    ['anonymising', 'Anonymising', anonymising],
    ['dry-run', 'Dry run', dryRun],
    ['sizes', 'Size', (bench) => sizes(bench, extent.sizes)],
    ['appending', 'Writing the trail', (bench) => appending(bench, Math.ceil(extent.expired / 1000))],
    ['workers', 'Workers over four databases', workers],
    ['verifying', 'Verifying the trail', (bench) => verifying(bench, extent.trail, extent.madeUp)],
    ...(extent.live ? [['live', 'Beside a live application, ms', live] as const] : []),
  ];
}

async function machine(server: Server, archiver: string | undefined): Promise<string> {
  const [cpu] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  const tool = archiver === undefined ? undefined : (await run(archiver, ['--version'])).stdout.trim();
  return [
    `${cpus().length} × ${cpu?.model.trim() ?? 'unknown processor'}, ${memory} GiB, Linux ${release()}`,
    `MariaDB ${server.version}, buffer pool 1 GiB, innodb_flush_log_at_trx_commit=1, O_DIRECT, no binary log`,
    `Node ${process.versions.node}`,
    ...(tool === undefined ? [] : [tool]),
  ].join('; ');
}

async function measure(extent: Extent, only: readonly string[] | undefined, folder: string): Promise<void> {
  const archiver = await findArchiver();
  const launcher = await buildFrist(join(folder, 'program'));
  const server = await startServer();
  try {
    const bench: Bench = { site: { launcher, folder, server }, archiver, rounds: extent.rounds };
    const table = await makeTable(server, 'contacts', extent.rows, extent.expired);
    const about = `${table.expired.toLocaleString('en')} of ${table.rows.toLocaleString('en')} rows expired`;
    process.stdout.write(`${await machine(server, archiver)}; ${about}; ${extent.rounds} rounds\n`);
    for (const [name, title, work] of sectionsOf(extent)) {
      if (only?.includes(name) === false) continue;
      process.stdout.write(`\n**${title}**\n\n${await work(bench, table)}\n`);
    }
  } finally {
    await server.stop();
  }
}

const { values } = parseArgs({
  options: { quick: { type: 'boolean' }, full: { type: 'boolean' }, only: { type: 'string' } },
});
const extent = values.quick === true ? EXTENTS.quick : values.full === true ? EXTENTS.full : EXTENTS.default;
// Removed at the very end alone: on ext4, files are slow to make in a folder where many were deleted a moment ago.
const folder = await mkdtemp(join(tmpdir(), 'frist-bench-'));
try {
  await measure(extent, values.only?.split(','), folder);
} finally {
  await rm(folder, { recursive: true, force: true });
}
