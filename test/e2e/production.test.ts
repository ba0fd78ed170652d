// As in production: the image runs as an engine would run it, for two controllers, over MariaDB (sources and states), an
// S3 server (trails) and Redis (the queue, by which it shares a sweep among its own workers). Its schedule fires, it is killed in the middle of a batch, started again, and left alone.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { POLICIES } from '../support/bad-days/installation.ts';
import { makePeople, personalIn, type People } from '../support/bad-days/people.ts';
import { DELETING, slowDown, speedUp, until } from '../support/bad-days/trouble.ts';
import { openImage, type Image } from '../support/image/build.ts';
import { openContainers, type Containers, type Running } from '../support/image/container.ts';
import { ask as askKeeper } from '../support/servers/ask.ts';
import { openMariadb } from '../support/servers/clients.ts';
import { engines, freshDatabase, type TestDatabase } from '../support/servers/index.ts';
import { realS3 } from '../support/servers/s3.ts';
import { freePort } from '../support/servers/server.ts';

const s3 = await realS3();
const redis = await askKeeper('redis');
const isPossible = s3 !== undefined && redis !== undefined && (await engines()).includes('mariadb');

const NAMES = { acme: 'Acme A/S', bifrost: 'Bifrost ApS' } as const;
type Name = keyof typeof NAMES;
const BOTH: readonly Name[] = ['acme', 'bifrost'];
const FILES = ['--policies', '/etc/frist/acme.yaml', '/etc/frist/bifrost.yaml'];
const HOUR = 3_600_000;

const policies = (name: Name): string =>
  POLICIES.replace(/name: [^,]+,/, `name: ${NAMES[name]}, id: ${name},`).replace(
    'FRIST_CRM',
    `FRIST_${name.toUpperCase()}`,
  );

it('has a MariaDB, an S3 server and a Redis in CI', () => {
  if (process.env['CI'] === 'true') expect(isPossible).toBe(true);
});

describe.each(isPossible ? ['MariaDB, S3 and Redis'] : [])('a daemon for two controllers on %s', () => {
  let admin: TestDatabase;
  let people: Readonly<Record<Name, People>>;
  let image: Image;
  let on: Containers;
  let etc: string;
  let port: number;
  let daemon: Running;

  beforeAll(async () => {
    people = { acme: await makePeople('mariadb', 60), bifrost: await makePeople('mariadb', 30) };
    admin = await freshDatabase('mariadb');
    for (const name of BOTH) await admin.query(`create database ${stateOf(name)}`);
    etc = mkdtempSync(join(tmpdir(), 'frist-etc-'));
    for (const name of BOTH) writeFileSync(join(etc, `${name}.yaml`), policies(name));
    chmodSync(etc, 0o755);
    image = await openImage();
    port = await freePort();
    on = openContainers(image, {
      mounts: { '/etc/frist': etc },
      env: {
        FRIST_DATA_FOLDER: `${image.config.volume}/{controller}`,
        FRIST_STATE_URL: `${admin.url}_{controller}`,
        FRIST_AUDIT_S3_BUCKET: await s3!.makeBucket(),
        FRIST_AUDIT_S3_PREFIX: 'frist/{controller}',
        FRIST_AUDIT_S3_ENDPOINT: s3!.endpoint,
        FRIST_AUDIT_S3_ACCESS_KEY: s3!.accessKeyId,
        FRIST_AUDIT_S3_ACCESS_SECRET: s3!.secretAccessKey,
        FRIST_HTTP_PORT: String(port),
        FRIST_SCHEDULE: '* * * * *',
        FRIST_BATCH_MAX: '10',
        FRIST_PACE: '0',
        FRIST_QUEUE_REDIS: redis!,
        FRIST_QUEUE_PARTITION: '15',
        FRIST_ACME: people.acme.db.url,
        FRIST_BIFROST: people.bifrost.db.url,
      },
    });
  });
  afterAll(async () => {
    on.remove();
    rmSync(etc, { recursive: true });
    for (const name of BOTH) {
      await admin.query(`drop database ${stateOf(name)}`);
      await people[name].db.drop();
    }
    await admin.drop();
  });

  const stateOf = (name: Name): string => `${new URL(admin.url).pathname.slice(1)}_${name}`;

  async function inState(name: Name, sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const client = await openMariadb(`${admin.url}_${name}`);
    try {
      return await client.query(sql);
    } finally {
      await client.close();
    }
  }

  /** A daemon that starts now has a slot to catch up: nobody waits for the minute to end. */
  async function sweptAnHourAgo(name: Name): Promise<void> {
    const at = new Date(Date.now() - HOUR).toISOString();
    await inState(
      name,
      `insert into frist_runs (id, controller, policy, slot, kind, state, as_of, started, finished) values ('earlier', '${NAMES[name]}', 'contacts', '${at}', 'schedule', 'finished', '${at}', '${at}', '${at}')`,
    );
  }

  /** What the command prints as one JSON document. */
  async function json(...words: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
    const { out, err } = await on.run([...words, '--json', ...FILES]);
    if (out === '') throw new Error(err);
    return JSON.parse(out) as Readonly<Record<string, unknown>>;
  }

  async function ask(path: string): Promise<string> {
    for (;;) {
      const ended = await Promise.race([daemon.ended, delay(100)]);
      if (ended !== undefined) throw new Error(`the daemon ended: ${ended.err}`);
      const answer = await fetch(`http://127.0.0.1:${String(port)}${path}`).catch(() => undefined);
      if (answer?.ok === true) return await answer.text();
    }
  }

  it('has an installation for each, which checks well', async () => {
    expect(await json('state', 'init')).toMatchObject({ exit: 0 });
    expect(await json('check')).toMatchObject({ exit: 0, controllers: [{}, {}] });
  });

  it('sweeps by its schedule, and is killed in the middle of a batch', async () => {
    for (const name of BOTH) await sweptAnHourAgo(name);
    await slowDown(people.acme, people.acme.due[25] ?? 0, 5);
    daemon = on.start(['serve', ...FILES]);
    await until(people.acme.db, DELETING.mariadb);
    daemon.kill('SIGKILL');
    await daemon.ended;
    const left = await people.acme.left();
    expect(left.length).toBeGreaterThan(people.acme.kept.length);
    expect(left.length).toBeLessThan(60);
    expect(await inState('acme', 'select id from frist_batches')).not.toEqual([]);
    // It was sharing its sweep by way of the queue.
    expect(await inState('acme', 'select number from frist_partitions')).toHaveLength(3);
    await speedUp(people.acme);
  });

  it('is started again, and ends what it had begun without anybody', async () => {
    // As if a minute had gone by: what the dead one had leased is free.
    for (const name of BOTH) await inState(name, 'update frist_leases set until = 0');
    daemon = on.start(['serve', ...FILES]);
    expect(JSON.parse(await ask('/readyz'))).toEqual({ status: 'ok' });
    for (const name of BOTH)
      while ((await people[name].left()).length > people[name].kept.length) await delay(200);
    for (const name of BOTH) expect(await people[name].left()).toEqual(people[name].kept);
    while ((await inState('acme', `select id from frist_runs where state = 'running'`)).length > 0)
      await delay(200);
  });

  it('tells Prometheus how both stand', async () => {
    const metrics = await ask('/metrics');
    for (const name of BOTH) {
      expect(metrics).toContain(`frist_controller_up{controller="${NAMES[name]}"} 1`);
      expect(metrics).toMatch(
        new RegExp(`^frist_overdue_records\\{[^}]*controller="${NAMES[name]}"[^}]*\\} 0$`, 'm'),
      );
      expect(metrics).toMatch(
        new RegExp(
          `^frist_last_success_timestamp_seconds\\{[^}]*controller="${NAMES[name]}"[^}]*\\} \\d`,
          'm',
        ),
      );
    }
  });

  it('ends with 0 when it is told to', async () => {
    daemon.kill('SIGTERM');
    expect(await daemon.ended).toMatchObject({ status: 0, out: '' });
    expect(daemon.log()).not.toMatch(/"level":"error"/);
    expect(personalIn(daemon.log())).toEqual([]);
  });

  it('has a trail for each that verifies, in which every record that went stands once', async () => {
    expect(await json('audit', 'verify')).toMatchObject({ exit: 0, controllers: [{ exit: 0 }, { exit: 0 }] });
    for (const name of BOTH) {
      const { out } = await on.run([
        ...['audit', 'list', '--kind', 'record', '--format', 'ndjson'],
        ...['--controller', name, ...FILES],
      ]);
      const told = out
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as { entry: { outcome: string; commitments: object } })
        .map(({ entry }) => entry);
      expect(told).toHaveLength(people[name].due.length);
      expect(new Set(told.map(({ commitments }) => JSON.stringify(commitments))).size).toBe(told.length);
      // Killed while a statement ran: the server may have carried it out, which nobody saw.
      const outcomes = new Set(told.map(({ outcome }) => outcome));
      expect([...outcomes].filter((one) => !['erased', 'absent-after-crash'].includes(one))).toEqual([]);
      expect(personalIn(out)).toEqual([]);
    }
    expect(await json('status')).toMatchObject({ exit: 0 });
  });
});
