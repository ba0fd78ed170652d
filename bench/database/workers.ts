/**
 * How throughput grows with workers: one daemon that only coordinates, and 1, 2 and 4 that work at one partition at a time,
 * over four source databases, with batches and rests as they are by default.
 *
 * What is timed is pass 2: from the first partition to the end of the last run. Everything (sources, state, Redis, daemons)
 * is on this one machine.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startRedis } from '../../test/support/servers/redis.ts';
import type { Site } from '../frist.ts';
import { run } from '../measuring/measure.ts';
import { table as markdown } from '../measuring/report.ts';
import type { Bench } from '../sections.ts';
import type { Table } from './table.ts';

const SOURCES = ['crm', 'ats', 'news', 'chat'];
const WORKERS = [1, 2, 4];
const PARTITION = 5000;
const NEVER = '0 0 1 1 *';
const POLL_MS = 50;

const source = (name: string): string => `
  ${name}:
    kind: sql
    connection: \${BENCH_${name.toUpperCase()}}
    datetimes in: UTC
    records: { contact: { table: contacts, key: id, subject: { email: email } } }`;

const policy = (name: string): string => `
  ${name} contacts: { records: ${name}.contact, start: last_activity_at, after: 12 months, action: delete }`;

const POLICIES = `frist: 1
controller: { name: Bench, timezone: UTC }
guards: { records: 100000000, percent: 100 }
first run guards: { records: 100000000, percent: 100 }
sources:${SOURCES.map(source).join('')}
policies:${SOURCES.map(policy).join('')}
`;

/** Markdown: records per second by number of workers. */
export async function workers({ site, rounds }: Bench, table: Table): Promise<string> {
  const redis = await startRedis(join(site.folder, 'redis'));
  try {
    const all = new Map<number, number[]>(WORKERS.map((count) => [count, []]));
    for (let round = 0; round < rounds; round += 1)
      for (const [count, rates] of all) rates.push(await measure(site, table, count, redis.url));
    const median = (rates: readonly number[] = []): number =>
      rates.toSorted((a, b) => a - b)[rates.length >> 1] ?? NaN;
    const one = median(all.get(1));
    const rows = [...all].map(([count, rates]) => [
      String(count),
      median(rates).toFixed(0),
      (median(rates) / one).toFixed(2),
    ]);
    return markdown(['workers', 'records/s', '× one'], rows);
  } finally {
    await redis.stop();
  }
}

async function measure(site: Site, table: Table, count: number, redis: string): Promise<number> {
  const { server } = site;
  const place = (name: string): string => server.url.replace(/\/[^/]*$/, `/bench_${name}`);
  for (const name of [...SOURCES, 'state']) {
    await server.query(`drop database if exists bench_${name}`);
    await server.query(`create database bench_${name} character set utf8mb4`);
    if (name === 'state') continue;
    await server.query(`create table bench_${name}.contacts like ${table.name}`);
    await server.query(`insert into bench_${name}.contacts select * from ${table.name}`);
  }
  await server.calm();
  const folder = await mkdtemp(join(site.folder, 'workers-'));
  const file = join(folder, 'policies.yaml');
  await writeFile(file, POLICIES);
  const env = {
    ...Object.fromEntries(SOURCES.map((name) => [`BENCH_${name.toUpperCase()}`, place(name)])),
    FRIST_DATA_FOLDER: join(folder, 'var'),
    FRIST_STATE_URL: place('state'),
    FRIST_LOG_LEVEL: 'error',
    FRIST_HTTP_PORT: '0',
    FRIST_QUEUE_REDIS: redis,
    FRIST_QUEUE_PARTITION: String(PARTITION),
  };
  const args = (verb: readonly string[]): string[] => [site.launcher, ...verb, '--policies', file];
  await run({ program: process.execPath, args: args(['state', 'init']), env }, server.pid);
  await sweptBefore(site);
  const daemons: ChildProcess[] = [];
  const start = (more: Readonly<Record<string, string>>): void => {
    daemons.push(
      spawn(process.execPath, args(['serve']), { env: { ...process.env, ...env, ...more }, stdio: 'ignore' }),
    );
  };
  try {
    for (let i = 0; i < count; i += 1) start({ FRIST_QUEUE_WORKERS: '1', FRIST_SCHEDULE: NEVER });
    await sleep(4000);
    start({ FRIST_QUEUE_WORKERS: '0', FRIST_SCHEDULE: '* * * * *' });
    const seconds = await pass2(site);
    return (SOURCES.length * table.expired) / seconds;
  } finally {
    for (const daemon of daemons) {
      const ended = once(daemon, 'exit');
      daemon.kill('SIGTERM');
      await ended;
    }
  }
}

/** As if all had been swept an hour ago: the coordinator begins at once. */
async function sweptBefore({ server }: Site): Promise<void> {
  const at = new Date(Date.now() - 3_600_000).toISOString();
  for (const name of SOURCES)
    await server.query(
      `insert into bench_state.frist_runs (id, controller, policy, slot, kind, state, as_of, started, finished)
       values ('earlier ${name}', 'Bench', '${name} contacts', '${at}', 'schedule', 'finished', '${at}', '${at}', '${at}')`,
    );
}

async function pass2({ server }: Site): Promise<number> {
  const number = async (sql: string): Promise<number> => Number((await server.query(sql))[0]?.[0]);
  while ((await number('select count(*) from bench_state.frist_partitions')) === 0) await sleep(POLL_MS);
  const began = performance.now();
  const ended = `select count(*) from bench_state.frist_runs where state = 'finished' and id not like 'earlier%'`;
  while ((await number(ended)) < SOURCES.length) await sleep(POLL_MS);
  return (performance.now() - began) / 1000;
}
