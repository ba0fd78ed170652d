// A policy file is proposed from a real catalogue, and taken by the parser and by `check`.
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { engines, freshDatabase } from '../support/servers/index.ts';
import type { Engine, TestDatabase } from '../support/servers/index.ts';

const FRIST = join(import.meta.dirname, '../../bin/frist');

const quote = (engine: Engine, name: string): string =>
  engine === 'mariadb' ? `\`${name}\`` : `"${name.replaceAll('"', '""')}"`;

/** Customers with orders by foreign key (on MariaDB by two that say the same) and visits by name alone, a table with an awkward name, and one of no people. */
function schema(engine: Engine): readonly string[] {
  const moment = engine === 'postgres' ? 'timestamp' : 'datetime';
  const odd = quote(engine, 'select "users" é');
  return [
    `create table customers (id integer primary key, email varchar(100) not null, first_name varchar(50), last_seen ${moment})`,
    'create table orders (id integer primary key, customer integer not null references customers (id), amount integer' +
      `${engine === 'mariadb' ? ', foreign key (customer) references customers (id)' : ''})`,
    `create table visits (id integer primary key, customer_id integer, page varchar(50), at ${moment})`,
    `create table ${odd} (id integer primary key, ${quote(engine, 'e-mail')} varchar(100), phone varchar(20), ${quote(engine, 'left.at')} ${moment})`,
    'create table countries (code char(2) primary key, name varchar(50))',
    ...(engine === 'postgres'
      ? ['create schema sales', 'create table sales.leads (id integer primary key)']
      : []),
    "insert into customers values (1, 'karen@example.dk', 'Karen', '2020-01-01 00:00:00')",
  ];
}

describe.each(await engines())('frist init on %s', (engine) => {
  let db: TestDatabase;
  let folder: string;

  beforeAll(async () => {
    db = await freshDatabase(engine);
    for (const statement of schema(engine)) await db.query(statement);
    folder = await mkdtemp(join(tmpdir(), 'frist-init-'));
    await writeFile(
      join(folder, 'settings.json'),
      JSON.stringify({ data: { folder: join(folder, 'data') } }),
    );
  });
  afterAll(async () => {
    await db.drop();
    await rm(folder, { recursive: true, force: true });
  });

  const frist = (...words: string[]): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(process.execPath, [FRIST, ...words, '--settings', join(folder, 'settings.json')], {
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '', FRIST_SHOP: db.url },
    });

  it('writes a file that check takes, and that says nothing of any row', async () => {
    const file = join(folder, 'policies.yaml');
    expect(frist('init', '--from', '${FRIST_SHOP}', '--out', file)).toMatchObject({ status: 0, stderr: '' });
    const text = await readFile(file, 'utf8');
    expect(text).toContain('connection: ${FRIST_SHOP}');
    expect(text.includes('# - schema sales: 1 table(s)')).toBe(engine === 'postgres');
    expect(text).toContain('orders: { table: orders, match: { customer: id } }');
    expect(text).toContain('visits: { table: visits, match: { customer_id: id } } # guess');
    expect(text).not.toMatch(/countries|karen/i);
    const { status, stdout } = frist('check', '--policies', file, '--json');
    const { problems } = JSON.parse(stdout) as {
      problems: { severity: string; code: string; message: string }[];
    };
    expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(status).toBe(0);
  });

  it('writes over nothing, and tells what it cannot reach without saying the address', async () => {
    const file = join(folder, 'mine.yaml');
    await writeFile(file, 'mine');
    const refused = frist('init', '--from', '${FRIST_SHOP}', '--out', file);
    expect(refused).toMatchObject({ status: 1, stderr: expect.stringContaining('FILE_UNWRITABLE') });
    expect(await readFile(file, 'utf8')).toBe('mine');
    expect(frist('init', '--from', '${FRIST_NOWHERE}')).toMatchObject({ status: 1, stdout: '' });
    const away = frist('init', '--from', 'mysql://frist:zebrahund@127.0.0.1:1/x');
    expect(away.status).toBe(2);
    expect(away.stderr).toContain('SOURCE_UNREACHABLE');
    expect(away.stdout + away.stderr).not.toContain('zebrahund');
  });
});
