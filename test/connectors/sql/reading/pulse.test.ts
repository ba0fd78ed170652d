/** How busy a server is, on real ones: statements under way, and a replica that falls behind. */
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Pulse, Strain } from '../../../../src/connectors/connector.ts';
import { createSqlPulse } from '../../../../src/connectors/sql/pulse.ts';
import { openMariadb } from '../../../support/servers/clients.ts';
import { engines, freshDatabase } from '../../../support/servers/index.ts';
import { startMariadb } from '../../../support/servers/mariadb.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one();
});

async function until(
  pulse: Pulse,
  fits: (strain: Strain | undefined) => boolean,
): Promise<Strain | undefined> {
  for (;;) {
    const strain = await pulse.strain();
    if (fits(strain)) return strain;
    await delay(100);
  }
}

const servers = (await engines()).filter((engine) => engine !== 'sqlite');

describe.each(servers)('a server that is busy, on %s', (engine) => {
  it('passes the limit while statements are under way, and no longer', async () => {
    const db = await freshDatabase(engine);
    undo.push(() => db.drop());
    const pulse = createSqlPulse(db.url, { threadsRunning: 40, replicas: [] });
    undo.push(() => pulse.close());
    expect(await pulse.strain()).toBeUndefined();
    const tight = createSqlPulse(db.url, { threadsRunning: 2, replicas: [] });
    undo.push(() => tight.close());
    const sleeping = engine === 'mariadb' ? 'SELECT SLEEP(3)' : 'SELECT pg_sleep(3)';
    const others = await Promise.all([0, 1, 2].map(() => freshDatabase(engine)));
    for (const other of others) undo.push(() => other.drop());
    const busy = Promise.all(others.map((other) => other.query(sleeping)));
    const strain = await until(tight, (one) => one !== undefined);
    expect(strain).toMatchObject({ name: 'threads running', limit: 2 });
    expect(strain?.observed).toBeGreaterThan(2);
    await busy;
    await until(tight, (one) => one === undefined);
  });
});

/** A server of its own with a folder of its own. */
async function start(id: number, ...extra: readonly string[]): Promise<string> {
  const folder = join(tmpdir(), `frist-replica-${randomUUID()}`);
  undo.push(() => rm(folder, { recursive: true, force: true }));
  const { url, stop } = await startMariadb(folder, [`--server-id=${String(id)}`, '--log-bin', ...extra]);
  undo.push(stop);
  return url;
}

describe.each(servers.filter((engine) => engine === 'mariadb'))('a replica, on %s', () => {
  it('passes the limit while it is behind, and when it does not replicate at all', async () => {
    const [source, replica] = [await start(1), await start(2)];
    const [there, here] = [await openMariadb(source), await openMariadb(replica)];
    undo.push(there.close, here.close);
    const pulse = createSqlPulse(`${source}/mysql`, { replicaLag: 1, replicas: [`${replica}/mysql`] });
    undo.push(() => pulse.close());
    // It is nobody's replica yet.
    expect(await pulse.strain()).toEqual({ name: 'replica lag', limit: 1 });
    const [position] = await there.query('SHOW MASTER STATUS');
    const { port } = new URL(source);
    await here.query(
      `CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=${port}, MASTER_USER='frist', MASTER_PASSWORD='frist',
       MASTER_LOG_FILE='${String(position?.['File'])}', MASTER_LOG_POS=${String(position?.['Position'])}`,
    );
    await here.query('START SLAVE');
    await until(pulse, (one) => one === undefined);
    await here.query('STOP SLAVE; CHANGE MASTER TO MASTER_DELAY=600; START SLAVE');
    await there.query('CREATE DATABASE somebody; CREATE TABLE somebody.orders (id INT)');
    const strain = await until(pulse, (one) => one?.observed !== undefined);
    expect(strain).toMatchObject({ name: 'replica lag', limit: 1 });
    expect(strain?.observed).toBeGreaterThan(1);
  });
});

it.each([
  ['sqlite:/tmp/a.db', { threadsRunning: 5, replicas: [] }, 'PAUSE_ABOVE_SQLITE'],
  ['mysql://a@127.0.0.1/b', { replicaLag: 5, replicas: [] }, 'REPLICAS_MISSING'],
])('is not had where nobody can be asked: %s', (url, limits, code) => {
  expect(() => createSqlPulse(url, limits)).toThrow(code);
});
