/**
 * A live application beside a purge, as a process of its own: four connections that read, update and insert contacts
 * that nobody erases, a few milliseconds apart. `node bench/database/workload.ts URL TABLE ROWS`; the message `begin` begins the
 * measurement, `end` ends it and is answered by the waiting times.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase, type Connection } from '../../src/database.ts';
import { spread } from '../measuring/report.ts';

const THINK_MS = 4;

export interface Waits {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly count: number;
}
export type WaitsByKind = Readonly<Record<'select' | 'update' | 'insert', Waits>>;
type Samples = Record<keyof WaitsByKind, number[]>;

const [url = '', table = '', rows = '0'] = process.argv.slice(2);
const someRow = (): number => 1 + Math.floor(Math.random() * Number(rows));
/** Behind all rows of the table; each process its own stretch. */
let nextRow = Number(rows) + 1 + Math.floor(Date.now() / 10) * 1000;

const STATEMENTS: Readonly<Record<keyof WaitsByKind, () => string>> = {
  select: () => `select name, city, status from ${table} where id = ${someRow()}`,
  // Only rows that are not expired: what a purge deletes nobody updates.
  update: () =>
    `update ${table} set note = '${Math.random()}' where id = ${someRow()} and last_activity_at > now() - interval 6 month`,
  insert: () =>
    `insert into ${table} select ${(nextRow += 1)}, 1, concat('new', ${nextRow}, '@example.org'), 'New', null, null, 'By', 'DK', null, null, 'lead', utc_timestamp(), utc_timestamp()`,
};

let samples: Samples | undefined;
let stopped = false;

async function client(connection: Connection, kind: keyof WaitsByKind): Promise<void> {
  while (!stopped) {
    const started = performance.now();
    await connection.query(STATEMENTS[kind]());
    samples?.[kind].push(performance.now() - started);
    await sleep(THINK_MS);
  }
}

function waits(of: readonly number[]): Waits {
  const sorted = of.toSorted((a, b) => a - b);
  const { median, max } = spread(of);
  return { p50: median, p99: sorted[Math.floor(sorted.length * 0.99)] ?? NaN, max, count: sorted.length };
}

async function main(): Promise<void> {
  const database = openDatabase(url);
  const kinds = ['select', 'select', 'update', 'insert'] as const;
  const connections = await Promise.all(kinds.map(() => database.connect()));
  process.on('message', (message) => {
    if (message === 'begin') samples = { select: [], update: [], insert: [] };
    if (message === 'end') stopped = true;
  });
  process.once('disconnect', () => process.exit(1));
  await Promise.all(kinds.map((kind, i) => client(connections[i] as Connection, kind)));
  await Promise.all(connections.map((connection) => connection.release()));
  await database.close();
  const { select, update, insert } = samples ?? { select: [], update: [], insert: [] };
  process.send?.({ select: waits(select), update: waits(update), insert: waits(insert) });
  process.removeAllListeners('disconnect');
  process.disconnect();
}

await main();
