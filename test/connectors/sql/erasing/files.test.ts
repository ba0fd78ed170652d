/** Files that rows name go with the rows: directly before the commit, none of other rows, none outside the root. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { BatchResult } from '../../../../src/connectors/connector.ts';
import { createSqlConnector } from '../../../../src/connectors/sql/connector.ts';
import { FileTrouble } from '../../../../src/connectors/files/root.ts';
import { localFiles } from '../../../../src/connectors/files/local.ts';
import type { Files, View } from '../../../../src/policy/policy.ts';
import { engines } from '../../../support/servers/index.ts';
import { ON, batchOf, inSession } from '../../conformance/support.ts';
import { is, stage } from '../../conformance/views.ts';
import { dieErasing } from '../../dying.ts';
import { makeBed, recordOf, relation, viewOf } from '../bed.ts';
import type { Bed } from '../bed.ts';

const ENGINES = await engines();

describe.each(ENGINES)('files that rows of %s name', (engine) => {
  let bed: Bed;
  let top: string;
  let root: string;
  let view: View;

  beforeEach(async () => {
    top = mkdtempSync(join(tmpdir(), 'frist-rows-'));
    root = join(top, 'attachments');
    for (const folder of ['a', 'b', 'photos']) mkdirSync(join(root, folder), { recursive: true });
    for (const file of ['a/1.pdf', 'a/2.pdf', 'b/1.pdf', 'photos/1.jpg', 'photos/2.jpg', 'a/3.pdf'])
      writeFileSync(join(root, file), 'words');
    writeFileSync(join(top, 'secret.txt'), 'words');
    bed = await makeBed(engine, ({ big, time }) => [
      `CREATE TABLE people (id ${big} PRIMARY KEY, photo VARCHAR(80), started_at ${time})`,
      `CREATE TABLE attachment (id ${big} PRIMARY KEY, person ${big}, kind ${big}, dir VARCHAR(80), name VARCHAR(80))`,
      "INSERT INTO people VALUES (1, '1.jpg', NULL), (2, '2.jpg', NULL), (3, NULL, NULL)",
      "INSERT INTO attachment VALUES (1, 1, 1, 'a', '1.pdf'), (2, 1, 1, 'a', '2.pdf'), (3, 2, 1, 'a', '2.pdf'), (4, 2, 1, 'b', '1.pdf'), (5, 1, 2, 'a', '3.pdf')",
    ]);
    const files: Files = { root, path: [{ column: 'dir' }, '/', { column: 'name' }] };
    const related = [
      relation('attachments', { person: 'id' }, { table: 'attachment', where: is('kind', 1) }),
    ];
    view = viewOf(recordOf('people', ['id'], { related }), {
      stages: [
        {
          ...stage({ kind: 'delete' }, { related: 'attachments', kind: 'delete', files }),
          files: { root, path: ['photos/', { column: 'photo' }] },
        },
      ],
    });
  });
  afterEach(async () => {
    await bed.close();
    rmSync(top, { recursive: true });
  });

  const left = (): string[] =>
    readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('.')).sort(); // prettier-ignore
  const erase = (...keys: readonly string[]): Promise<BatchResult> =>
    inSession(
      bed.connect(),
      view,
      (session) =>
      session.erase(batchOf(view, keys.map((key) => [key])), ON), // prettier-ignore
    );

  it('go with them, but not while another row names them', async () => {
    const first = await erase('1', '3');
    expect(first.outcomes).toEqual(['erased', 'erased']);
    expect(left()).toEqual(['a/2.pdf', 'a/3.pdf', 'b/1.pdf', 'photos/2.jpg']);
    expect(first.dependents.get('attachments')).toMatchObject({
      deleted: 2,
      files: { removed: 1, missing: 0, shared: 1, refused: 0 },
    });
    expect(first.dependents.get('')?.files).toEqual({ removed: 1, missing: 0, shared: 0, refused: 0 });
    await erase('2');
    expect(left()).toEqual(['a/3.pdf']);
  });

  it('go in small groups, between which the connection, and with it the lock, must still be there', async () => {
    const names = Array.from({ length: 40 }, (_, i) => `${String(100 + i)}.pdf`);
    for (const name of names) writeFileSync(join(root, 'b', name), 'words');
    const rows = names.map((name, i) => `(${String(100 + i)}, 1, 1, 'b', '${name}')`);
    await bed.query(`INSERT INTO attachment VALUES ${rows.join(', ')}`);
    expect((await erase('1')).dependents.get('attachments')?.files?.removed).toBe(41);
    expect(left().filter((name) => name.startsWith('b/1') && name !== 'b/1.pdf')).toEqual([]);
    expect(bed.sent().filter((one) => one.text === 'SELECT 1')).toHaveLength(2);
  });

  it('are no error when they are missing', async () => {
    rmSync(join(root, 'a/1.pdf'));
    const result = await erase('1');
    expect(result.outcomes).toEqual(['erased']);
    expect(result.dependents.get('attachments')?.files).toEqual({
      removed: 0,
      missing: 1,
      shared: 1,
      refused: 0,
    });
  });

  it('are left alone where the path is hostile; the row goes all the same, and it is counted', async () => {
    symlinkSync(join(top, 'secret.txt'), join(root, 'a', 'link'));
    await bed.query("UPDATE attachment SET dir = '..', name = 'secret.txt' WHERE id = 1");
    await bed.query("UPDATE attachment SET name = 'link' WHERE id = 2");
    await bed.query(
      `INSERT INTO attachment VALUES (6, 1, 1, '/etc', 'passwd'), (7, 1, 1, 'a', '../../secret.txt')`,
    );
    const result = await erase('1');
    expect(result.outcomes).toEqual(['erased']);
    expect(result.dependents.get('attachments')).toMatchObject({
      deleted: 4,
      files: { removed: 0, refused: 4 },
    });
    expect(existsSync(join(top, 'secret.txt'))).toBe(true);
    expect(left()).toContain('a/1.pdf');
  });

  it('keep their rows when they cannot be removed', async () => {
    const failing = createSqlConnector(
      { source: 'bed', connection: bed.database.url, pageSize: 10 },
      {
        openRoot: () => ({
          remove: () => Promise.reject(new FileTrouble('EACCES')),
          state: () => Promise.resolve('there' as const),
        }),
      },
    );
    const failure = inSession(failing, view, (session) => session.erase(batchOf(view, [['1']]), ON));
    await expect(failure).rejects.toMatchObject({ failure: 'data', code: 'FILE_EACCES' });
    await failing.close();
    expect(await bed.rows('people')).toHaveLength(3);
    expect(await bed.rows('attachment')).toHaveLength(5);
    rmSync(root, { recursive: true });
    await expect(erase('1')).rejects.toMatchObject({ failure: 'fatal', code: 'FILE_ROOT_MISSING' });
    expect(await bed.rows('people')).toHaveLength(3);
  });

  it('are gone before the commit, so that a crash leaves a row without a file, never a file without a row', async () => {
    const events: string[] = [];
    const connector = createSqlConnector(
      { source: 'bed', connection: bed.database.url, pageSize: 10 },
      {
        onStatement: (text) =>
          /^(?:DELETE|COMMIT|SELECT 1)/.test(text) && events.push(text.split(' ')[0] ?? ''),
        openRoot: (at) => ({
          ...localFiles(at),
          remove: async (paths) => {
            events.push('files');
            // Whoever looks now still finds the rows: they are not committed.
            if (engine !== 'sqlite') expect(await bed.rows('attachment')).toHaveLength(5);
            return await localFiles(at).remove(paths);
          },
        }),
      },
    );
    await inSession(connector, view, (session) => session.erase(batchOf(view, [['1']]), ON));
    await connector.close();
    expect(events).toEqual(['DELETE', 'DELETE', 'SELECT', 'files', 'files', 'COMMIT']);
  });

  it('are looked for by check: their columns, and the folder they lie below', async () => {
    const told = async (one: View): Promise<readonly string[]> =>
      (await bed.connect().check([one], ON)).findings
        .filter((finding) => /^(?:files|unknown)/.test(finding.code))
        .map((finding) => `${finding.severity} ${finding.code} ${finding.path.slice(2).join('.')}`);
    expect(await told(view)).toEqual([]);
    const wrong = (files: Files): View =>
      viewOf(view.record, { stages: [{ ...stage({ kind: 'delete' }), files }] });
    mkdirSync(join(top, 'empty'));
    expect(await told(wrong({ root: join(top, 'none'), path: [{ column: 'photoo' }] }))).toEqual([
      'error unknown-column files.path',
      'error files-root files.root',
    ]);
    expect(await told(wrong({ root: join(top, 'empty'), path: [{ column: 'photo' }] }))).toEqual([
      'warning files-root files.root',
    ]);
  });

  it.each([
    ['before the first of them goes', 'unlink', 1, 0],
    ['when one of them is gone', 'unlink', 2, 1],
    ['when all are gone, before the folder is flushed', 'sync', 1, 1],
  ])('%s, kill -9 leaves all rows, and the next run goes on', async (_, name, nth, gone) => {
    const before = left();
    const keys = [['1'], ['2']];
    const died = dieErasing({ kind: 'sql', connection: bed.database.url, view, keys, name, nth });
    expect(died).toEqual({ signal: 'SIGKILL', stderr: '' });
    expect(before.length - left().length).toBeGreaterThanOrEqual(gone);
    expect(left().length).toBeGreaterThan(1);
    expect(await bed.rows('people')).toHaveLength(3);
    const free = async (tries: number): Promise<BatchResult> => {
      try {
        return await erase('1', '2');
      } catch (error) {
        // The server may not have noticed yet that its client has died.
        if ((error as { readonly code?: unknown }).code !== 'BUSY' || tries === 0) throw error;
        await delay(100);
        return await free(tries - 1);
      }
    };
    expect((await free(100)).outcomes).toEqual(['erased', 'erased']);
    expect(left()).toEqual(['a/3.pdf']);
    expect(await bed.rows('people')).toHaveLength(1);
  });

  it('that a crash left without a commit are done by the next run', async () => {
    rmSync(join(root, 'a/1.pdf'));
    rmSync(join(root, 'photos/1.jpg'));
    const result = await erase('1');
    expect(result.outcomes).toEqual(['erased']);
    expect(await bed.rows('people')).toHaveLength(2);
  });
});

if (ENGINES.includes('mariadb'))
  describe('files that rows of tables without transactions name', () => {
    it('are gone before the first row is', async () => {
      const root = mkdtempSync(join(tmpdir(), 'frist-myisam-'));
      writeFileSync(join(root, '1.jpg'), 'words');
      const bed = await makeBed('mariadb', () => [
        'CREATE TABLE people (id BIGINT PRIMARY KEY, photo VARCHAR(80), started_at DATETIME) ENGINE=MyISAM',
        "INSERT INTO people VALUES (1, '1.jpg', NULL)",
      ]);
      const view = viewOf(recordOf('people', ['id']), {
        stages: [{ ...stage({ kind: 'delete' }), files: { root, path: [{ column: 'photo' }] } }],
      });
      const there: boolean[] = [];
      const onStatement = (text: string): void => {
        if (text.startsWith('DELETE')) there.push(existsSync(join(root, '1.jpg')));
      };
      await inSession(bed.connect({ onStatement }), view, (session) =>
        session.erase(batchOf(view, [['1']]), ON),
      );
      expect(there).toEqual([false]);
      expect(await bed.rows('people')).toEqual([]);
      await bed.close();
      rmSync(root, { recursive: true });
    });
  });
