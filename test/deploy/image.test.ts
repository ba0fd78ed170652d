// What the Dockerfile makes: it is built step by step, and run as an engine would run it.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { chmodSync, chownSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { validate } from 'dockerfile-utils';
import { SETTING_NAMES, envOf } from '../../src/config/settings.ts';
import { openImage } from '../support/image/build.ts';
import type { Image } from '../support/image/build.ts';
import { openContainers } from '../support/image/container.ts';
import type { Containers, Running } from '../support/image/container.ts';
import { configOf, execForm, readProjectFile, stagesOf } from '../support/image/dockerfile.ts';
import { openSqlite } from '../support/servers/clients.ts';
import { freePort } from '../support/servers/server.ts';

const text = readProjectFile('Dockerfile');
const [build = [], last = []] = stagesOf(text);
const config = configOf(last);
const manifest = JSON.parse(readProjectFile('package.json')) as {
  readonly version: string;
  readonly license: string;
  readonly devDependencies: Readonly<Record<string, string>>;
};
const { packages } = JSON.parse(readProjectFile('package-lock.json')) as {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly optional?: boolean }>>;
};

describe('the Dockerfile', () => {
  it('is one that Docker would take', () => {
    expect(validate(text)).toEqual([]);
  });

  it('begins, in both stages, with the Node that frist wants', () => {
    const [, base = ''] = /^ARG NODE=(\S+)$/m.exec(text) ?? [];
    expect(/^node:(\d+)-bookworm-slim$/.exec(base)?.[1]).toBe(process.versions.node.split('.')[0]);
    expect([build[0]?.rest, last[0]?.rest]).toEqual(['${NODE} AS build', '${NODE}']);
  });

  it('needs no shell: every command is a list of words', () => {
    const commands = [...build.filter(({ word }) => word === 'RUN').map(({ rest }) => execForm(rest))];
    for (const words of [...commands, config.entrypoint, config.command, config.health])
      expect(words.length).toBeGreaterThan(1);
    expect(last.filter(({ word }) => word === 'RUN')).toEqual([]);
  });

  it('runs as somebody who is not root, writes in one place, and says what it is', () => {
    expect({ uid: config.uid, gid: config.gid }).toEqual({ uid: 1000, gid: 1000 });
    expect(config.volume).toBe(config.env['FRIST_DATA_FOLDER']);
    expect(config.stopSignal).toBe('SIGTERM');
    expect(config.labels['org.opencontainers.image.version']).toBe(manifest.version);
    expect(config.labels['org.opencontainers.image.licenses']).toBe(manifest.license);
  });

  it('names settings that there are', () => {
    const known = ['NODE_ENV', ...SETTING_NAMES.map(envOf)];
    expect(Object.keys(config.env).filter((name) => !known.includes(name))).toEqual([]);
    expect(last.find(({ word }) => word === 'EXPOSE')?.rest).toBe(config.env['FRIST_HTTP_PORT']);
  });
});

const POLICIES = `
frist: 1
controller: { name: Image A/S, timezone: UTC }
guards: { records: 1000, percent: 100 }
first run guards: { records: 1000, percent: 100 }
sources:
  crm:
    kind: sql
    connection: \${FRIST_CRM}
    datetimes in: UTC
    records:
      contact: { table: contacts, key: id, subject: { email: email } }
policies:
  contacts:
    records: crm.contact
    start: { column: last_contact, as: local, null: unknown }
    within: 12 months
    action: delete
`;

const SWEEP = ['run', '--policies', '/etc/frist/policies.yaml'];

function makeKeys(): string {
  const folder = mkdtempSync(join(tmpdir(), 'frist-secrets-'));
  const signing = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' });
  writeFileSync(join(folder, 'signing'), signing, { mode: 0o600 });
  writeFileSync(join(folder, 'wrapping'), randomBytes(32).toString('hex'), { mode: 0o600 });
  return folder;
}

/** As Kubernetes gives them to somebody who is not root: root's, and readable by the group. */
function giveKeys(folder: string, gid: number): void {
  for (const name of readdirSync(folder)) {
    chownSync(join(folder, name), 0, gid);
    chmodSync(join(folder, name), 0o440);
  }
  chmodSync(folder, 0o755);
}

describe('the image', () => {
  let image: Image;
  let on: Containers;
  let etc: string;
  let secrets: string;
  let port: number;

  beforeAll(async () => {
    image = await openImage();
    etc = mkdtempSync(join(tmpdir(), 'frist-etc-'));
    writeFileSync(join(etc, 'policies.yaml'), POLICIES);
    chmodSync(etc, 0o755);
    port = await freePort();
    secrets = makeKeys();
    on = openContainers(image, {
      env: {
        FRIST_HTTP_PORT: String(port),
        FRIST_CRM: `sqlite:${config.volume}/crm.db`,
        FRIST_KEYS_SIGNING: '/run/secrets/signing',
        FRIST_KEYS_WRAPPING: '/run/secrets/wrapping',
      },
      mounts: { '/etc/frist': etc, '/run/secrets': secrets },
    });
    if (on.isolated) giveKeys(secrets, config.gid);
  });
  afterAll(() => {
    on.remove();
    for (const folder of [etc, secrets]) rmSync(folder, { recursive: true });
  });

  const inside = (
    folder: string,
  ): readonly { readonly path: string; readonly mode: number; readonly uid: number }[] =>
    readdirSync(join(image.root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const path = join(entry.parentPath, entry.name);
        const { mode, uid } = statSync(path);
        return { path: path.slice(image.root.length), mode, uid };
      });

  it('has production packages and nothing else of npm', () => {
    const names = Object.keys(packages).filter((name) => name.startsWith('node_modules/'));
    const has = new Set(
      inside('opt/frist/node_modules').flatMap(({ path }) => {
        const [, name] = /^\/opt\/frist\/(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path) ?? [];
        return name === undefined ? [] : [name];
      }),
    );
    const surplus = names.filter((name) => packages[name]?.dev === true || packages[name]?.optional === true);
    expect(surplus.filter((name) => has.has(name))).toEqual([]);
    expect(Object.keys(manifest.devDependencies).filter((name) => has.has(`node_modules/${name}`))).toEqual(
      [],
    );
    expect(has.has('node_modules/knex')).toBe(true);
  });

  it('has no source, no test, no type, no map, no native code of another platform', () => {
    const files = inside('opt/frist').map(({ path }) => path);
    expect(files.filter((path) => /\.(?:map|[cm]?ts)$/.test(path))).toEqual([]);
    expect(files.filter((path) => /^\/opt\/frist\/(?:src|test|jobs|docs|bench)\//.test(path))).toEqual([]);
    expect(files.filter((path) => path.endsWith('.node'))).toEqual([
      expect.stringContaining(`/${process.platform}-${process.arch}.node`),
    ]);
  });

  it('adds as much to its base as the page says', () => {
    const bytes = inside('opt/frist').reduce(
      (sum, { path }) => sum + statSync(join(image.root, path)).size,
      0,
    );
    const [, said] = /frist adds (\d+) MB to its base/.exec(readProjectFile('docs/deploying.md')) ?? [];
    expect(Math.abs(bytes / 1e6 - Number(said))).toBeLessThan(3);
  });

  it('belongs to its builder, and nobody else may write to it', () => {
    const files = inside('opt/frist');
    expect(files.filter(({ mode }) => (mode & 0o022) !== 0 || (mode & 0o444) !== 0o444)).toEqual([]);
    expect(new Set(files.map(({ uid }) => uid))).toEqual(new Set([process.getuid?.()]));
  });

  it('begins as an empty volume', () => {
    expect(readdirSync(image.data)).toEqual([]);
  });

  async function answers(running: Running, path: string): Promise<number> {
    for (;;) {
      const done = await Promise.race([running.ended, delay(100)]);
      if (done !== undefined) throw new Error(`the daemon ended: ${JSON.stringify(done)}`);
      const response = await fetch(`http://127.0.0.1:${String(port)}${path}`).catch(() => undefined);
      if (response?.status === 200) return response.status;
    }
  }

  it('refuses to run before there is a state, by a code and without a stack', async () => {
    const { status, err } = await on.run(config.command);
    expect(status).toBe(2);
    expect(err).toContain('STATE_MISSING');
    expect(err).not.toContain('    at ');
  });

  it('makes a state, erases what is due, and nothing outside its volume', async () => {
    const crm = openSqlite(join(on.data, 'crm.db'));
    await crm.query(
      'create table contacts (id integer primary key, email text, last_contact datetime not null)',
    );
    await crm.query(`insert into contacts values
      (1, 'a@example.com', '2020-01-01 00:00:00'), (2, 'b@example.com', '2999-01-01 00:00:00')`);
    await crm.close();
    if (on.isolated) chownSync(join(on.data, 'crm.db'), config.uid, config.gid);
    expect(await on.run(['state', 'init'])).toMatchObject({ status: 0 });
    expect(await on.run(SWEEP)).toMatchObject({ status: 0 });
    const after = openSqlite(join(on.data, 'crm.db'));
    expect(await after.query('select id from contacts')).toEqual([{ id: 2 }]);
    await after.close();
  });

  it('takes keys that root gave it to read, and none that everybody may read', async () => {
    if (!on.isolated) return;
    chmodSync(join(secrets, 'signing'), 0o444);
    const refused = await on.run(SWEEP);
    chmodSync(join(secrets, 'signing'), 0o440);
    expect(refused.err).toContain('AUDIT_KEY_EXPOSED');
    expect(await on.run(SWEEP)).toMatchObject({ status: 0 });
  });

  it('is a daemon that is found healthy, is the first process, and ends with 0 when it is told to', async () => {
    expect(await on.execute(config.health)).toMatchObject({ status: 1 });
    const daemon = on.start();
    expect(await answers(daemon, '/readyz')).toBe(200);
    expect(await on.execute(config.health)).toMatchObject({ status: 0, out: '', err: '' });
    if (on.isolated) expect(daemon.log()).toMatch(/"pid":1\b/);
    daemon.kill('SIGTERM');
    expect(await daemon.ended).toMatchObject({ status: 0, signal: null });
    expect(await on.execute(config.health)).toMatchObject({ status: 1 });
  });

  it('cannot write where it should not, as the user that it is', async () => {
    if (!on.isolated) return;
    const probe = `
      const { writeFileSync } = require('node:fs');
      const tried = ['/opt/frist/x', '/etc/frist/x', '/tmp/x', '/home/node/x', '/var/lib/frist/x'].map((path) => {
        try { writeFileSync(path, ''); return 'wrote'; } catch (error) { return error.code; }
      });
      console.log(JSON.stringify([process.getuid(), process.getgid(), process.getgroups(), process.pid, ...tried]));`;
    const { out } = await on.execute(['node', '-e', probe]);
    expect(JSON.parse(out)).toEqual([
      ...[1000, 1000, [1000], 1],
      ...['EROFS', 'EROFS', 'EROFS', 'EROFS', 'wrote'],
    ]);
  });
});
