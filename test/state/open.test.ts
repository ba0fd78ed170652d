import { existsSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { requireInstallation } from '../../src/state/trail/keyring.ts';
import { MIGRATIONS } from '../../src/state/migrations.ts';
import type { Migration } from '../../src/state/migrations.ts';
import { initState, openState } from '../../src/state/open.ts';
import { engines, freshDatabase } from '../support/servers/index.ts';
import type { TestDatabase } from '../support/servers/index.ts';
import { INSTALLATION, aHold, clock, codeOf } from './support.ts';

const options = { clock };
const OTHER = { ...INSTALLATION, id: '01JD1111111111111111111111' };

describe.each(await engines())('a state on %s', (engine) => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await freshDatabase(engine);
  });
  afterEach(async () => {
    await database.drop();
  });

  it('is not made by opening it', async () => {
    expect(await codeOf(openState(database.url, options))).toBe('STATE_MISSING');
    expect(await codeOf(openState(database.url, options))).toBe('STATE_MISSING');
  });

  it('is made once, and keeps the first installation', async () => {
    await initState(database.url, INSTALLATION, options);
    expect(await codeOf(initState(database.url, OTHER, options))).toBe('STATE_EXISTS');
    const state = await openState(database.url, options);
    expect(await state.installation()).toEqual(INSTALLATION);
    await state.close();
  });

  it('is made by one of two who try at once', async () => {
    const made = await Promise.all(
      [INSTALLATION, OTHER].map((one) => codeOf(initState(database.url, one, options))),
    );
    expect(made.sort()).toEqual(['STATE_EXISTS', 'none']);
  });

  it('is not there while its making was cut short, and can then be made', async () => {
    await initState(database.url, INSTALLATION, options);
    await database.query('delete from frist_installation');
    expect(await codeOf(openState(database.url, options))).toBe('STATE_MISSING');
    if (engine === 'mariadb') await database.query('drop table frist_outbox; delete from frist_migrations');
    await initState(database.url, OTHER, options);
    const state = await openState(database.url, options);
    expect((await state.installation()).id).toBe(OTHER.id);
    expect(await state.transaction((t) => t.emit(['{}']))).toBe(1);
    await state.close();
  });

  it('is refused when a newer frist has changed it', async () => {
    await initState(database.url, INSTALLATION, options);
    await database.query(`insert into frist_migrations (version) values (${MIGRATIONS.length + 1})`);
    expect(await codeOf(openState(database.url, options))).toBe('STATE_NEWER');
    await database.query('delete from frist_installation');
    expect(await codeOf(initState(database.url, OTHER, options))).toBe('STATE_NEWER');
  });

  it('is taken to a newer schema with what it holds, by one of two who open it at once', async () => {
    await initState(database.url, INSTALLATION, options);
    const before = await openState(database.url, options);
    await before.transaction((t) => t.addHold(aHold({ id: 'kept' })));
    await before.close();
    let taken = 0;
    const step: Migration = {
      version: MIGRATIONS.length + 1,
      up: async (create) => {
        taken += 1;
        await create('frist_next', (table) => table.integer('n'));
      },
    };
    const newer = { clock, migrations: [...MIGRATIONS, step] };
    const states = await Promise.all([openState(database.url, newer), openState(database.url, newer)]);
    expect(taken).toBe(1);
    expect(await database.query('select * from frist_next')).toEqual([]);
    for (const state of states) {
      expect((await state.holds({ active: true })).map((hold) => hold.id)).toEqual(['kept']);
      await state.close();
    }
    expect(await codeOf(openState(database.url, options))).toBe('STATE_NEWER');
  });

  it('tells another installation from its own', async () => {
    await initState(database.url, INSTALLATION, options);
    const state = await openState(database.url, options);
    const found = await state.installation();
    await state.close();
    expect(() => requireInstallation(found, INSTALLATION.id)).not.toThrow();
    expect(() => requireInstallation(found, OTHER.id)).toThrow(
      expect.objectContaining({ code: 'STATE_OTHER_INSTALLATION' }),
    );
  });
});

describe('a state that is a file', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'frist-state-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it.each(['sqlite:', 'sqlite://'])('is readable by its owner alone (%s)', async (scheme) => {
    const file = join(folder, 'state.db');
    expect(await codeOf(openState(scheme + file, options))).toBe('STATE_MISSING');
    expect(existsSync(file)).toBe(false);
    await initState(scheme + file, INSTALLATION, options);
    const state = await openState(scheme + file, options);
    await state.transaction((t) => t.addHold(aHold()));
    for (const end of ['', '-wal', '-shm']) expect(statSync(file + end).mode & 0o777).toBe(0o600);
    await state.close();
  });

  it('takes over an empty file, and no other', async () => {
    const file = join(folder, 'state.db');
    writeFileSync(file, '', { mode: 0o644 });
    await initState(`sqlite:${file}`, INSTALLATION, options);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const text = join(folder, 'text.db');
    writeFileSync(text, 'not a database '.repeat(100));
    expect(await codeOf(initState(`sqlite:${text}`, INSTALLATION, options))).toBe('STATE_REFUSED');
    expect(await codeOf(openState(`sqlite:${text}`, options))).toBe('STATE_REFUSED');
  });
});

describe('a state server', () => {
  it('that does not answer is named by a code, and no password comes out', async () => {
    const url = 'mysql://frist:geheim-4711@127.0.0.1:1/state';
    const error = await openState(url, options).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'STATE_UNREACHABLE', params: { code: 'ECONNREFUSED' } });
    expect(JSON.stringify(error) + String(error)).not.toContain('geheim');
  });
});
