// The example for compose: read by docker-compose itself, and carried out step by step with the image, a MariaDB and a
// Ceph in place of its servers. No container engine runs here.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeleteObjectCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { envOf, SETTING_NAMES } from '../../src/config/settings.ts';
import { openImage } from '../support/image/build.ts';
import type { Image } from '../support/image/build.ts';
import { openContainers } from '../support/image/container.ts';
import type { Containers, Ended } from '../support/image/container.ts';
import { configOf, readProjectFile, stagesOf } from '../support/image/dockerfile.ts';
import { ask } from '../support/servers/ask.ts';
import { engines, freshDatabase } from '../support/servers/index.ts';
import type { TestDatabase } from '../support/servers/index.ts';
import { realS3 } from '../support/servers/s3.ts';
import { DEPLOY, read, variablesIn } from './manifests.ts';

interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly secrets?: readonly string[];
  readonly stop_grace_period?: string;
}

const text = read('compose/compose.yaml');
const compose = parse(text, { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
};
const { frist, init, bucket, mariadb, s3 } = compose.services;
const image = configOf(stagesOf(readProjectFile('Dockerfile')).at(-1) ?? []);

/** The folder of the example with its secrets, as after ./secrets.sh. */
const folder = mkdtempSync(join(tmpdir(), 'frist-compose-'));
cpSync(join(DEPLOY, 'compose'), folder, { recursive: true });
rmSync(join(folder, 'secrets'), { recursive: true, force: true });
execFileSync(join(folder, 'secrets.sh'));
afterAll(() => rmSync(folder, { recursive: true }));
const secret = (name: string): string => readFileSync(join(folder, 'secrets', name), 'utf8');

describe('secrets.sh', () => {
  it('makes each secret that a service asks for, and no other', () => {
    const made = readdirSync(join(folder, 'secrets'));
    const asked = Object.values(compose.services).flatMap(({ secrets }) => secrets ?? []);
    expect(Object.keys(compose.secrets).sort()).toEqual([...made].sort());
    expect([...new Set(asked)].sort()).toEqual([...made].sort());
    for (const [name, { file }] of Object.entries(compose.secrets)) expect(file).toBe(`./secrets/${name}`);
  });

  it('lets nobody else on the machine at them, and overwrites none', () => {
    expect(statSync(join(folder, 'secrets')).mode & 0o777).toBe(0o700);
    const before = secret('ats_password');
    expect(() => execFileSync(join(folder, 'secrets.sh'), { stdio: 'ignore' })).toThrow();
    expect(secret('ats_password')).toBe(before);
    expect(secret('s3_secret')).not.toBe(before);
  });

  it('gives both sides the same password', () => {
    expect(new URL(secret('ats_url'))).toMatchObject({
      username: mariadb?.environment?.['MARIADB_USER'],
      password: secret('ats_password'),
      hostname: 'mariadb',
      pathname: `/${mariadb?.environment?.['MARIADB_DATABASE'] ?? ''}`,
    });
    const { identities } = JSON.parse(secret('s3_identities')) as {
      readonly identities: readonly { readonly name: string; readonly credentials: readonly unknown[] }[];
    };
    expect(identities.find(({ name }) => name === 'frist')?.credentials).toEqual([
      { accessKey: frist?.environment?.['FRIST_AUDIT_S3_ACCESS_KEY'], secretKey: secret('s3_secret') },
    ]);
  });
});

describe('the example', () => {
  it('names settings that there are', () => {
    const known = SETTING_NAMES.map(envOf).flatMap((name) => [name, `${name}_FILE`]);
    expect(variablesIn(text).filter((name) => !known.includes(name))).toEqual([]);
  });

  it('runs frist with a root that it cannot write to and no right, and gives it time to finish a batch', () => {
    for (const service of [frist, init, bucket])
      expect(service).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
        image: `frist:${image.labels['org.opencontainers.image.version'] ?? ''}`,
      });
    expect(frist?.stop_grace_period).toBe('5m');
    expect(frist?.volumes?.[0]).toBe(`data:${image.volume}`);
  });

  it('shows the health to this machine alone', () => {
    expect(frist).toMatchObject({ ports: [`127.0.0.1:8080:${image.env['FRIST_HTTP_PORT'] ?? ''}`] });
    expect([mariadb, s3].filter((service) => service !== undefined && 'ports' in service)).toEqual([]);
  });

  it('has the policies of the example for Kubernetes', () => {
    expect(read('compose/policies.yaml')).toBe(read('kubernetes/policies.yaml'));
  });
});

const program = await ask('docker-compose');
if (program !== undefined)
  describe('docker-compose', () => {
    const config = (file: string): string =>
      execFileSync(program, ['--file', file, 'config', '--quiet'], {
        cwd: folder,
        encoding: 'utf8',
        stdio: 'pipe',
      });

    it('takes it', () => {
      expect(config('compose.yaml')).toBe('');
    });

    it('finds a word that it does not know', () => {
      writeFileSync(join(folder, 'wrong.yaml'), text.replace('read_only:', 'readonly:'));
      expect(() => config('wrong.yaml')).toThrow(/readonly/);
    });
  });

const hasMariadb = (await engines()).includes('mariadb');
const store = await realS3();
if (hasMariadb && store !== undefined)
  describe('carried out with a MariaDB and a Ceph', () => {
    const name = `trail-${String(process.pid)}-${String(Date.now())}`;
    let built: Image;
    let db: TestDatabase;
    let secrets: string;
    let on: Containers;
    let user: string;

    /** MariaDB's image makes user and database, and runs the seed in it. */
    async function seed(): Promise<void> {
      const database = new URL(db.url).pathname.slice(1);
      user = `u${database.slice(-10)}`;
      await db.query(`create user ${user}@'%' identified by '${secret('ats_password')}'`);
      await db.query(`grant all privileges on ${database}.* to ${user}@'%'`);
      const sql = read('compose/seed.sql')
        .replaceAll('ats.', `${database}.`)
        .replaceAll("frist@'%'", `${user}@'%'`);
      await db.query(sql);
    }

    beforeAll(async () => {
      built = await openImage();
      db = await freshDatabase('mariadb');
      await seed();
      secrets = mkdtempSync(join(tmpdir(), 'frist-secrets-'));
      const url = new URL(db.url);
      url.username = user;
      url.password = secret('ats_password');
      const { accessKeyId, secretAccessKey, endpoint } = store;
      writeFileSync(join(secrets, 'ats_url'), url.href);
      writeFileSync(join(secrets, 's3_secret'), secretAccessKey);
      writeFileSync(
        join(secrets, 's3_admin'),
        `[default]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`,
      );
      chmodSync(secrets, 0o755);
      const etc = join(folder, 'etc');
      cpSync(join(folder, 'policies.yaml'), join(etc, 'policies.yaml'));
      chmodSync(folder, 0o711);
      on = openContainers(built, {
        env: {
          ...bucket?.environment,
          FRIST_AUDIT_S3_BUCKET: name,
          FRIST_AUDIT_S3_ENDPOINT: endpoint,
          FRIST_AUDIT_S3_REGION: 'default',
          FRIST_AUDIT_S3_ACCESS_KEY: accessKeyId,
        },
        mounts: { '/run/secrets': secrets, '/etc/frist': etc },
      });
    });
    afterAll(async () => {
      on.remove();
      rmSync(secrets, { recursive: true });
      await db.query(`drop user ${user}@'%'`);
      await db.drop();
    });

    const POLICIES = ['--policies', '/etc/frist/policies.yaml'];

    async function makeBucket(): Promise<Ended> {
      return await on.execute(bucket?.entrypoint ?? []);
    }

    it('makes the bucket, once and again', async () => {
      const first = await makeBucket();
      expect(first).toMatchObject({ status: 0, err: '' });
      expect(first.out.split('\n').filter((line) => line.endsWith('done'))).toHaveLength(4);
      expect(await makeBucket()).toMatchObject({ status: 0 });
    });

    it('makes the state, checks, erases who is due with the rights of the seed, and verifies', async () => {
      expect(await on.run(init?.command ?? [])).toMatchObject({ status: 0 });
      const check = await on.run(['check', ...POLICIES]);
      expect(check).toMatchObject({ status: 0 });
      expect(check.out).toContain('locks objects');
      // The first run of a policy may touch 1 % of a population of 100 and more; here it is 6.
      expect(await on.run(['run', ...POLICIES])).toMatchObject({ status: 0 });
      expect(await db.query('select email from applications order by id')).toEqual(
        ['clara', 'dan', 'emma', 'freja'].map((who) => ({ email: `${who}@example.com` })),
      );
      expect(await db.query('select text from interview_notes')).toEqual([{ text: 'Loud' }]);
      expect(await on.run(['audit', 'verify'])).toMatchObject({ status: 0 });
    });

    it('lets nobody delete the trail, not even the owner of the bucket', async () => {
      const { Versions = [] } = await store.client.send(new ListObjectVersionsCommand({ Bucket: name }));
      const tiles = Versions.filter(({ Key = '' }) => Key.startsWith('tile/'));
      expect(tiles.length).toBeGreaterThan(0);
      for (const { Key, VersionId } of tiles)
        await expect(
          store.client.send(new DeleteObjectCommand({ Bucket: name, Key, VersionId })),
        ).rejects.toMatchObject({ name: 'AccessDenied' });
    });
  });
