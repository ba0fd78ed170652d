// Policies written from the docs alone, on tables as real applications have them, through the real command: run twice,
// and every row and column of every table is what it had to become.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { engines, freshDatabase } from '../support/servers/index.ts';
import type { Engine, TestDatabase } from '../support/servers/index.ts';
import { install } from './installation.ts';
import type { Installation } from './installation.ts';
import { AS_OF, ERASED, ROWS, policyTexts, schema } from './real-schemas.ts';
import type { Cell } from './real-schemas.ts';
import { dump } from './restore/dump.ts';

const TABLES = [...new Set(ROWS.map((one) => one.table))];
const DAY = /^(\d{4}-\d\d-\d\d)(?:[ T]00:00:00.*)?$/;

const shown = (cells: readonly unknown[]): string =>
  cells
    .map((cell) =>
      cell === null || cell === undefined ? 'NULL' : (cell as string | number).toString().replace(DAY, '$1'),
    )
    .join('|');

async function fill(engine: Engine, storage: string): Promise<TestDatabase> {
  const db = await freshDatabase(engine);
  for (const statement of schema(engine)) await db.query(`${statement}${storage}`);
  const literal = (cell: Cell): string =>
    cell === null ? 'NULL' : typeof cell === 'number' ? String(cell) : `'${cell}'`;
  for (const { table, before } of ROWS)
    await db.query(`INSERT INTO ${table} VALUES (${before.map(literal).join(', ')})`);
  return db;
}

/** What tells a person in the data, as it stands in a dump without marks around it. */
const canariesIn = (cell: Cell): readonly string[] => String(cell).match(/canary[\w.@ ]*/gi) ?? [];

/** A number at the end of a canary ends there: the first is not the tenth. */
const standsIn = (canary: string, text: string): boolean =>
  new RegExp(canary.replaceAll('.', '\\.') + (/\d$/.test(canary) ? '(?!\\d)' : '')).test(text);

/** Tables that know no transactions have no part in what needs one: there, only the hard case is tried. */
const ALL_ENGINES = await engines();
const KINDS = [
  ...ALL_ENGINES.map((engine) => [engine, ''] as const),
  ...ALL_ENGINES.filter((engine) => engine === 'mariadb').map(
    (engine) => [engine, ' ENGINE=MyISAM'] as const,
  ),
];

describe.each(KINDS)('real schemas on %s%s', (engine, storage) => {
  const files = storage === '' ? 2 : 1;
  const policies = Object.entries(ERASED).slice(0, storage === '' ? 3 : 1);
  const tables = storage === '' ? TABLES : TABLES.slice(0, TABLES.indexOf('contacts'));
  let db: TestDatabase;
  let frist: Installation;
  let folder: string;

  beforeAll(async () => {
    db = await fill(engine, storage);
    folder = await mkdtemp(join(tmpdir(), 'frist-files-'));
    await mkdir(join(folder, 'cv'));
    for (const [n] of Array.from({ length: 12 }).entries())
      await writeFile(join(folder, 'cv', `${String(n)}.pdf`), 'canary');
    await writeFile(join(folder, 'cv', 'another.pdf'), 'canary');
    frist = await install({ FRIST_ATS: db.url }, policyTexts(folder).slice(0, files));
    expect((await frist.frist(['state', 'init'])).status).toBe(0);
  });
  afterAll(async () => {
    await frist.remove();
    await db.drop();
    await rm(folder, { recursive: true, force: true });
  });

  const differences = async (wanted: 'before' | 'after'): Promise<readonly string[]> => {
    const lines: string[] = [];
    for (const table of tables) {
      const rows = await db.query(`SELECT * FROM ${table}`);
      const have = rows.map((row) => `${table} ${shown(Object.values(row))}`).sort();
      const texts = ROWS.filter((one) => one.table === table).flatMap((one) => {
        const cells = one[wanted];
        return cells === null ? [] : [`${table} ${shown(cells)}`];
      });
      for (const text of texts) {
        const at = have.indexOf(text);
        if (at < 0) lines.push(`gone, and should not be: ${text}`);
        else have.splice(at, 1);
      }
      lines.push(...have.map((text) => `there, and should not be: ${text}`));
    }
    return lines;
  };

  it('check finds nothing wrong', async () => {
    const { status, stdout } = await frist.frist(['check']);
    expect(stdout).toContain('0 error(s)');
    expect(status).toBe(0);
  });

  it('a dry run counts what will go, and changes nothing', async () => {
    const { document } = await frist.json(['plan', '--as-of', AS_OF]);
    const due = Object.fromEntries(
      (document.policies ?? []).map((one) => [one.policy, one.found?.by['erase']]),
    );
    expect(due).toEqual(Object.fromEntries(policies));
    expect(await differences('before')).toEqual([]);
    if (storage !== '') return;
    const contacts = document.policies?.find((one) => one.policy === 'contacts');
    expect(contacts?.found?.by['unreadable']).toBe(1);
    expect(contacts?.found?.exemptBy).toEqual({
      'open deal': 1,
      faithful: 1,
      consented: 1,
      'not reviewed': 1,
    });
  });

  it('a run leaves every row as it has to be', async () => {
    const { document, status } = await frist.json(['run', '--as-of', AS_OF]);
    expect((document.policies ?? []).map((one) => [one.policy, one.status, one.error?.code])).toEqual(
      policies.map(([policy]) => [policy, 'done', undefined]),
    );
    expect(await differences('after')).toEqual([]);
    expect((await readdir(join(folder, 'cv'))).sort()).toEqual(
      ['0', '2', '3', '4', '6', '7', '8', '10', 'another'].map((name) => `${name}.pdf`).sort(),
    );
    expect([0, 5]).toContain(status);
  });

  it('a dump of everything has whoever stays, and nobody who had to go', async () => {
    const file = join(frist.folder, 'dump.sql');
    await dump(db, file);
    // What SQLite deletes is overwritten: the file itself is searched as well.
    const files = engine === 'sqlite' ? [file, db.url.slice('sqlite:'.length)] : [file];
    const canaries = (wanted: 'before' | 'after'): ReadonlySet<string> =>
      new Set(ROWS.flatMap((one) => (one[tables.includes(one.table) ? wanted : 'before'] ?? []).flatMap(canariesIn))); // prettier-ignore
    const staying = canaries('after');
    const gone = [...canaries('before')].filter((one) => !staying.has(one));
    expect(Math.min(staying.size, gone.length)).toBeGreaterThan(5);
    for (const one of files) {
      const text = await readFile(one, 'latin1');
      expect(gone.filter((canary) => standsIn(canary, text))).toEqual([]);
      expect([...staying].filter((canary) => !text.includes(canary))).toEqual([]);
    }
  });

  it('a second run finds nothing more to do', async () => {
    const { document } = await frist.json(['run', '--as-of', AS_OF]);
    expect((document.policies ?? []).map((one) => one.found?.by['erase'] ?? 0)).toEqual(
      policies.map(() => 0),
    );
    expect(await differences('after')).toEqual([]);
    expect((await frist.frist(['audit', 'verify'])).status).toBe(0);
  });

  it('no person stands in what was printed, nor in the trail', async () => {
    const outputs = [await frist.frist(['check']), await frist.frist(['plan', '--as-of', AS_OF])];
    expect(outputs.map((one) => one.stdout + one.stderr).join('\n')).not.toMatch(/canary/i);
    const trail = join(frist.folder, 'data/audit');
    const files = await readdir(trail, { recursive: true, withFileTypes: true });
    const texts = files.filter((one) => one.isFile()).map((one) => readFile(join(one.parentPath, one.name), 'utf8')); // prettier-ignore
    expect(texts.length).toBeGreaterThan(2);
    expect((await Promise.all(texts)).join('\n')).not.toMatch(/canary/i);
  });
});
