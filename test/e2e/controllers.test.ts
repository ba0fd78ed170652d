// Two controllers in one process, each with an installation of its own, by the command line.
import { cpSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { afterEach, describe, expect, it } from '@jest/globals';
import { entriesOf, headOf, type TrailEntry } from './trail.ts';
import { makeWorld, NAMES, type Name, type World } from '../support/controllers.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one();
});

async function world(options: Parameters<typeof makeWorld>[0] = {}): Promise<World> {
  const made = await makeWorld(options);
  undo.push(() => made.remove());
  return made;
}

/** With state, trail and keys. */
async function installed(options: Parameters<typeof makeWorld>[0] = {}): Promise<World> {
  const made = await world(options);
  expect(await made.frist('state', 'init')).toMatchObject({ status: 0 });
  return made;
}

const trailOf = ({ at }: World, name: Name): readonly TrailEntry[] => entriesOf(at('data', name, 'audit'));
const isSwept = async ({ people }: World, name: Name): Promise<boolean> =>
  (await people[name].left()).length === people[name].kept.length;

describe('state init', () => {
  it('makes an installation for each controller, with a name and keys of its own, once', async () => {
    const on = await world();
    const first = await on.json('state', 'init', '--policies', on.at('acme.yaml'));
    expect(first).toMatchObject({ installation: expect.any(String) });
    const both = await on.frist('state', 'init');
    expect(both).toMatchObject({ status: 0, out: expect.stringContaining('has a state already') });
    expect(await on.json('state', 'init')).toMatchObject({ exit: 0 });
    const heads = (['acme', 'bifrost'] as const).map((name) => headOf(on.at('data', name, 'audit')));
    expect(heads[0]?.origin).not.toBe(heads[1]?.origin);
    const verified = (await on.json('audit', 'verify')) as { controllers: Record<string, unknown>[] };
    expect(verified).toMatchObject({
      exit: 0,
      controllers: [{ controller: 'acme' }, { controller: 'bifrost' }],
    });
    expect(new Set(verified.controllers.map((one) => one['verifierKey'])).size).toBe(2);
  });
});

describe('a run', () => {
  it('writes of each controller in its own trail, and in no other', async () => {
    const on = await installed();
    expect(await on.json('run')).toMatchObject({
      exit: 0,
      controllers: [
        { controller: 'acme', policies: [{ status: 'done' }] },
        { controller: 'bifrost', policies: [{ status: 'done' }] },
      ],
    });
    for (const name of ['acme', 'bifrost'] as const) {
      expect(await isSwept(on, name)).toBe(true);
      const trail = trailOf(on, name);
      expect(trail.filter((one) => one['type'] === 'run-started')).toHaveLength(1);
      expect(trail.filter((one) => one['type'] === 'record')).toHaveLength(on.people[name].due.length);
    }
  });

  it.each<[string, (on: World) => void, number, object]>([
    [
      'a broken policy file',
      (on) => {
        on.write('acme', (text) => text.replace('12 months', '12 moons'));
      },
      1,
      { problems: [{ code: 'bad-period' }] },
    ],
    [
      'a policy file without an id',
      (on) => {
        on.write('acme', (text) => text.replace(' id: acme,', ''));
      },
      1,
      { problems: [{ code: 'missing-key', path: ['controller', 'id'] }] },
    ],
    [
      'a policy file that is gone',
      (on) => {
        rmSync(on.at('acme.yaml'));
      },
      1,
      { error: { code: 'CONFIG_UNREADABLE' } },
    ],
    [
      'no state',
      (on) => {
        rmSync(on.at('data/acme/state.db'));
      },
      2,
      { error: { code: 'STATE_MISSING' } },
    ],
    [
      'the state of another installation',
      (on) => {
        cpSync(on.at('data/bifrost/state.db'), on.at('data/acme/state.db'));
      },
      1,
      { error: { code: 'AUDIT_KEY_WRONG' } },
    ],
    [
      'no key',
      (on) => {
        rmSync(on.at('data/acme/keys/signing'));
      },
      1,
      { error: { code: 'AUDIT_KEY_MISSING' } },
    ],
    [
      'no trail',
      (on) => {
        renameSync(on.at('data/acme/audit'), on.at('away'));
      },
      2,
      { error: { code: 'AUDIT_STORE' } },
    ],
    [
      'no source',
      (on) => {
        on.env['FRIST_ACME'] = 'mysql://nobody:nothing@127.0.0.1:1/none';
      },
      2,
      { policies: [{ status: 'failed', error: { code: 'SOURCE_UNREACHABLE' } }] },
    ],
  ])('of one with %s fails, and of the other does not', async (_what, spoil, exit, told) => {
    const on = await installed();
    spoil(on);
    const document = await on.json('run');
    expect(document).toMatchObject({
      exit,
      controllers: [told, { controller: 'bifrost', policies: [{ status: 'done' }], exit: 0 }],
    });
    expect(await isSwept(on, 'bifrost')).toBe(true);
    expect(await isSwept(on, 'acme')).toBe(false);
    // What keeps a run from its work keeps nobody from seeing how the others stand.
    expect((await on.frist('status')).out).toContain('Controller bifrost');
  });
});

describe('a command about one controller', () => {
  it('needs to be told which', async () => {
    const on = await installed();
    const hold = ['hold', 'add', '--subject', 'email=a@example.dk', '--why', 'case 1'];
    expect(await on.frist(...hold)).toMatchObject({
      status: 1,
      err: expect.stringContaining('CONTROLLER_NEEDED'),
    });
    expect(await on.frist(...hold, '--controller', 'acme')).toMatchObject({ status: 0 });
    const holdsOf = (name: Name): unknown[] =>
      trailOf(on, name).filter((one) => one['type'] === 'hold-placed');
    expect([holdsOf('acme').length, holdsOf('bifrost').length]).toEqual([1, 0]);
    expect(await on.json('hold', 'list')).toMatchObject({
      controllers: [{ holds: [{ kind: 'hold' }] }, { holds: [] }],
    });
  });

  it('finds it without policy files, where it needs none', async () => {
    const on = await installed();
    expect(await on.frist('pause', '--why', 'too slow', '--controller', 'acme')).toMatchObject({ status: 0 });
    expect(await on.json('run')).toMatchObject({
      exit: 2,
      controllers: [{ error: { code: 'PAUSED' } }, { policies: [{ status: 'done' }] }],
    });
  });

  it.each([
    ['of a controller that has no policy file', ['--controller', 'else'], /no policy file is of/],
    ['of what cannot be an id', ['--controller', '../acme'], /must be an id/],
  ])('%s is refused', async (_what, words, says) => {
    const on = await world();
    expect(await on.frist('status', ...words)).toMatchObject({
      status: 1,
      err: expect.stringMatching(says),
    });
  });

  it('is refused where all share one installation', async () => {
    const on = await world({ shared: true });
    expect(await on.frist('status', '--controller', 'acme')).toMatchObject({
      status: 1,
      err: expect.stringMatching(/share one installation/),
    });
  });

  it('is refused where two files are of one controller', async () => {
    const on = await world();
    on.write('bifrost', (text) => text.replace('id: bifrost', 'id: acme'));
    expect(await on.frist('run')).toMatchObject({
      status: 1,
      err: expect.stringMatching(/of the same controller, acme/),
    });
  });
});

describe('one installation for both', () => {
  it('goes on for the policy files that are well, and says what is wrong with the other', async () => {
    const on = await installed({ shared: true });
    on.write('acme', (text) => text.replace('12 months', '12 moons'));
    expect(await on.json('plan')).toMatchObject({ exit: 1, policies: [{ status: 'planned' }] });
    expect(await on.json('run')).toMatchObject({
      exit: 1,
      policies: [{ status: 'done' }],
      broken: [{ file: on.at('acme.yaml'), problems: [{ code: 'bad-period' }] }],
    });
    expect(await isSwept(on, 'bifrost')).toBe(true);
    expect(await on.frist('status')).toMatchObject({
      status: 1,
      out: expect.stringContaining('contacts'),
      err: expect.stringContaining('bad-period'),
    });
  });

  it('does nothing by hand while a policy file is broken: a hold is on what all of them have', async () => {
    const on = await installed({ shared: true });
    on.write('acme', (text) => text.replace('12 months', '12 moons'));
    const hold = ['hold', 'add', '--subject', 'email=a@example.dk', '--why', 'case 1'];
    expect(await on.frist(...hold)).toMatchObject({ status: 1, err: expect.stringContaining('bad-period') });
  });

  it('does nothing where no file is well', async () => {
    const on = await installed({ shared: true });
    for (const name of ['acme', 'bifrost'] as const)
      on.write(name, (text) => text.replace('12 months', '12 moons'));
    expect(await on.json('run')).toMatchObject({ exit: 1, problems: [{}, {}] });
  });

  it('still knows the names of all: a hold on the other is not taken for one of a renamed controller', async () => {
    const on = await installed({ shared: true });
    const hold = ['hold', 'add', '--policy', 'contacts', '--why', 'case 1'];
    expect(await on.frist(...hold, '--policies', on.at('acme.yaml'))).toMatchObject({ status: 0 });
    on.write('acme', (text) => text.replace('12 months', '12 moons'));
    expect(await on.json('run')).toMatchObject({ policies: [{ status: 'done' }] });
    expect(await isSwept(on, 'bifrost')).toBe(true);
    expect(readFileSync(on.at('acme.yaml'), 'utf8')).toContain(NAMES.acme);
  });
});
