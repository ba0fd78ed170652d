// One daemon for two controllers: what breaks for one, before it starts or while it runs, stops no other, and is tried
// again.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { DELETING, slowDown, until } from '../support/bad-days/trouble.ts';
import { makeWorld, type Daemon, type Name, type World } from '../support/controllers.ts';
import { engines, freshDatabase } from '../support/servers/index.ts';

const servers = (await engines()).filter((engine) => engine !== 'sqlite');
const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one();
});

async function installed(options: Parameters<typeof makeWorld>[0] = {}): Promise<World> {
  const made = await makeWorld(options);
  undo.push(() => made.remove());
  expect(await made.frist('state', 'init')).toMatchObject({ status: 0 });
  return made;
}

async function serve(on: World): Promise<Daemon> {
  const daemon = await on.serve();
  undo.push(() => daemon.stop());
  return daemon;
}

const swept = async ({ people }: World): Promise<readonly Name[]> => {
  const names: Name[] = [];
  for (const name of ['acme', 'bifrost'] as const)
    if ((await people[name].left()).length === people[name].kept.length) names.push(name);
  return names;
};

async function ready(daemon: Daemon): Promise<readonly [number, unknown]> {
  const [status, text] = await daemon.ask('/readyz');
  return [status, JSON.parse(text)];
}

type Trouble = readonly [
  string,
  { readonly spoil: (on: World) => void; readonly mend: (on: World) => void; readonly code: string },
];

const AT_START: readonly Trouble[] = [
  [
    'a broken policy file',
    {
      spoil: (on) => {
        on.write('acme', (text) => text.replace('12 months', '12 moons'));
      },
      mend: (on) => {
        on.write('acme');
      },
      code: 'CONFIG_INVALID',
    },
  ],
  [
    'no policy file',
    {
      spoil: (on) => {
        rmSync(on.at('acme.yaml'));
      },
      mend: (on) => {
        on.write('acme');
      },
      code: 'CONFIG_UNREADABLE',
    },
  ],
  [
    'no state',
    {
      spoil: (on) => {
        renameSync(on.at('data/acme/state.db'), on.at('away'));
      },
      mend: (on) => {
        renameSync(on.at('away'), on.at('data/acme/state.db'));
      },
      code: 'STATE_MISSING',
    },
  ],
  [
    'no key',
    {
      spoil: (on) => {
        renameSync(on.at('data/acme/keys/signing'), on.at('away'));
      },
      mend: (on) => {
        renameSync(on.at('away'), on.at('data/acme/keys/signing'));
      },
      code: 'AUDIT_KEY_MISSING',
    },
  ],
];

describe('a daemon that starts', () => {
  it.each(AT_START)(
    'with %s for one works for the other, and for both once it is mended',
    async (_, trouble) => {
      const on = await installed();
      trouble.spoil(on);
      const daemon = await serve(on);
      const name = trouble.code === 'CONFIG_UNREADABLE' ? on.at('acme.yaml') : 'acme';
      expect(await ready(daemon)).toEqual([
        503,
        { status: 'not ready', obstacles: [trouble.code], controllers: { [name]: [trouble.code] } },
      ]);
      expect(await daemon.ask('/healthz')).toEqual([200, expect.anything()]);
      expect(daemon.log()).toMatch(
        new RegExp(`"level":"error","event":"controller does not run".*"code":"${trouble.code}"`),
      );
      expect((await daemon.ask('/metrics'))[1]).toMatch(/^frist_controller_up\{controller="[^"]*"\} 0$/m);
      await daemon.minute();
      expect(await swept(on)).toEqual(['bifrost']);
      await daemon.retry();
      // Once, not at each try.
      expect(daemon.log().split('controller does not run')).toHaveLength(2);
      trouble.mend(on);
      await daemon.retry();
      expect(await ready(daemon)).toEqual([200, { status: 'ok' }]);
      expect(daemon.log()).toContain('"event":"controller runs again"');
      expect((await daemon.ask('/metrics'))[1]).not.toMatch(/^frist_controller_up.* 0$/m);
      await daemon.minute();
      expect(await swept(on)).toEqual(['acme', 'bifrost']);
      expect(await daemon.stop()).toMatchObject({ status: 0 });
    },
  );

  it('and finds all of them broken says why, and ends', async () => {
    const on = await installed();
    rmSync(on.at('data'), { recursive: true });
    const daemon = await on.serve();
    expect(await daemon.ended).toMatchObject({ status: 2, err: expect.stringContaining('STATE_MISSING') });
  });

  it('with one controller does not start half', async () => {
    const on = await installed();
    rmSync(on.at('data/acme/state.db'));
    const { status, err } = await on.frist('serve', '--policies', on.at('acme.yaml'));
    expect({ status, err }).toMatchObject({ status: 2, err: expect.stringContaining('STATE_MISSING') });
  });

  it('ends well with one of them broken', async () => {
    const on = await installed();
    rmSync(on.at('data/acme/state.db'));
    const daemon = await serve(on);
    expect(await daemon.stop()).toMatchObject({ status: 0 });
  });

  it('does not take the id of one that runs from a file that was mended', async () => {
    const on = await installed();
    on.write('acme', () => 'frist: [');
    const daemon = await serve(on);
    on.write('acme', (text) => text.replace('id: acme', 'id: bifrost'));
    await daemon.retry();
    expect((await ready(daemon))[1]).toMatchObject({ obstacles: ['USAGE'] });
    await daemon.minute();
    expect(await swept(on)).toEqual(['bifrost']);
  });
});

/** Keys behind a program, in a folder for each controller that can be taken away. */
const PROGRAM = join(import.meta.dirname, '../../deploy/keys/openssl.sh');

async function withPrograms(): Promise<World> {
  const keys = (at: World['at']): string => `command:${PROGRAM} ${at('keys-{controller}')}`;
  const on = await makeWorld({
    settings: (at) => ({ keys: { signing: keys(at), wrapping: keys(at) } }),
  });
  undo.push(() => on.remove());
  for (const name of ['acme', 'bifrost'] as const) {
    mkdirSync(on.at(`keys-${name}`));
    const { privateKey } = generateKeyPairSync('ed25519');
    writeFileSync(on.at(`keys-${name}`, 'signing.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
    writeFileSync(on.at(`keys-${name}`, 'wrapping'), randomBytes(32).toString('hex'));
  }
  expect(await on.frist('state', 'init')).toMatchObject({ status: 0 });
  return on;
}

/** The state of each in a database of its own on a server, which can be dropped. */
async function withServer(engine: 'mariadb' | 'postgres'): Promise<{ on: World; drop: () => Promise<void> }> {
  const admin = await freshDatabase(engine);
  undo.push(() => admin.drop());
  const name = new URL(admin.url).pathname.slice(1);
  const both = [`${name}_acme`, `${name}_bifrost`] as const;
  for (const one of both) await admin.query(`create database ${one}`);
  const force = engine === 'postgres' ? ' with (force)' : '';
  const drop = async (): Promise<void> => {
    await admin.query(`drop database ${both[0]}${force}`);
  };
  undo.push(() => admin.query(`drop database if exists ${both[1]}${force}`));
  const settings = { state: { url: `${admin.url}_{controller}` } };
  return { on: await installed({ settings: () => settings }), drop };
}

describe('a daemon that runs', () => {
  it.each<[string, (on: World) => unknown, (on: World) => unknown]>([
    [
      'the trail',
      (on) => {
        renameSync(on.at('data/acme/audit'), on.at('away'));
      },
      (on) => {
        renameSync(on.at('away'), on.at('data/acme/audit'));
      },
    ],
    [
      'a table of the source',
      (on) => on.people.acme.db.query('alter table contacts rename to away'),
      (on) => on.people.acme.db.query('alter table away rename to contacts'),
    ],
  ])('and loses %s of one goes on for the other, and for both when it is back', async (_, lose, bring) => {
    const on = await installed();
    const daemon = await serve(on);
    await lose(on);
    await daemon.minute();
    expect((await on.people.bifrost.left()).length).toBe(on.people.bifrost.kept.length);
    await bring(on);
    expect(await swept(on)).toEqual(['bifrost']);
    await daemon.minute();
    expect(await swept(on)).toEqual(['acme', 'bifrost']);
    expect(await daemon.stop()).toMatchObject({ status: 0 });
  });

  it('and loses the keys of one goes on for the other, and for both when they are back', async () => {
    const on = await withPrograms();
    const daemon = await serve(on);
    renameSync(on.at('keys-acme'), on.at('away'));
    await daemon.minute();
    expect(await swept(on)).toEqual(['bifrost']);
    expect((await ready(daemon))[1]).toMatchObject({
      controllers: { acme: ['AUDIT_KEY_PROGRAM'] },
    });
    renameSync(on.at('away'), on.at('keys-acme'));
    await daemon.minute();
    expect(await swept(on)).toEqual(['acme', 'bifrost']);
  });

  it.each(servers)('and loses the state of one on %s goes on for the other', async (engine) => {
    const { on, drop } = await withServer(engine);
    const daemon = await serve(on);
    expect((await ready(daemon))[0]).toBe(200);
    await drop();
    expect((await ready(daemon))[1]).toMatchObject({
      controllers: { acme: [expect.stringMatching(/^STATE_/)] },
    });
    await daemon.minute();
    expect(await swept(on)).toEqual(['bifrost']);
    expect((await daemon.ask('/healthz'))[0]).toBe(200);
    // What was to be published for the one that is gone cannot be.
    expect([0, 2]).toContain((await daemon.stop()).status);
  });

  it.each(servers)('sweeps for one while a statement of the other on %s does not end', async (engine) => {
    const on = await installed({ engines: { acme: engine }, shared: true });
    const { acme, bifrost } = on.people;
    await slowDown(acme, acme.due[2] ?? 0, 3);
    const daemon = await serve(on);
    const minute = daemon.minute();
    await until(acme.db, DELETING[engine]);
    while ((await bifrost.left()).length > bifrost.kept.length);
    expect((await acme.left()).length).toBe(12);
    await minute;
    expect(await swept(on)).toEqual(['acme', 'bifrost']);
  });
});

describe('one installation for both', () => {
  it('goes on without a broken policy file, and with it once it is mended', async () => {
    const on = await installed({ shared: true });
    on.write('acme', (text) => text.replace('12 months', '12 moons'));
    const daemon = await serve(on);
    expect(await ready(daemon)).toEqual([
      503,
      { status: 'not ready', obstacles: ['CONFIG_INVALID'], controllers: { acme: ['CONFIG_INVALID'] } },
    ]);
    await daemon.minute();
    expect(await swept(on)).toEqual(['bifrost']);
    on.write('acme');
    await daemon.retry();
    expect((await ready(daemon))[0]).toBe(200);
    await daemon.minute();
    expect(await swept(on)).toEqual(['acme', 'bifrost']);
  });

  it('says whose source is out of reach, and sweeps the other', async () => {
    const on = await installed({ shared: true });
    on.env['FRIST_ACME'] = 'mysql://nobody:nothing@127.0.0.1:1/none';
    const daemon = await serve(on);
    const [code, controller] = ['SOURCE_UNREACHABLE', 'Acme A/S'];
    expect(await ready(daemon)).toEqual([
      503,
      {
        status: 'not ready',
        obstacles: [code],
        controllers: { [controller]: [code] },
        sources: [{ code, controller, source: 'crm' }],
      },
    ]);
    await daemon.minute();
    expect(await swept(on)).toEqual(['bifrost']);
    expect(daemon.log()).toMatch(
      /"event":"policy failed","controller":"acme","policy":"[^"]*","source":"crm",.*"code":"SOURCE_UNREACHABLE"/,
    );
    expect(daemon.log()).toMatch(/"event":"policy swept","controller":"bifrost","policy":/);
    // Nobody has added up what went in a sweep that broke off.
    expect(daemon.log()).not.toMatch(/"event":"policy failed".*"erased"/);
  });
});
