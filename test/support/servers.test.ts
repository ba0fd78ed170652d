import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { engines, freshDatabase } from './servers/index.ts';
import type { TestDatabase } from './servers/index.ts';

const available = await engines();

it('has at least SQLite, and all three in CI', () => {
  expect(available).toContain('sqlite');
  if (process.env['CI'] === 'true') expect(available).toEqual(['sqlite', 'mariadb', 'postgres']);
});

describe.each(available)('freshDatabase(%s)', (engine) => {
  let database: TestDatabase;
  let other: TestDatabase;

  beforeAll(async () => {
    [database, other] = await Promise.all([freshDatabase(engine), freshDatabase(engine)]);
  });
  afterAll(async () => {
    await Promise.all([database.drop(), other.drop()]);
  });

  it('is a database that speaks SQL', async () => {
    await database.query('create table t (id bigint primary key, name varchar(20))');
    await database.query("insert into t values (1, 'Åse')");
    expect(await database.query("select name from t where name = 'Åse'")).toEqual([{ name: 'Åse' }]);
  });

  it('is private to the one who asked', async () => {
    await database.query('create table mine (id int primary key)');
    await expect(other.query('select * from mine')).rejects.toThrow();
  });

  it('loses nothing of a large key', async () => {
    await database.query('create table large (id bigint primary key)');
    await database.query('insert into large values (9007199254740993)');
    await database.query('insert into large values (3)');
    const rows = await database.query('select id from large order by id');
    expect(rows).toEqual([{ id: 3 }, { id: '9007199254740993' }]);
  });

  it('gives times as text and runs scripts', async () => {
    await database.query(
      "create table times (at timestamp(6)); insert into times values ('2026-10-31 02:30:00.123456')",
    );
    const [row] = await database.query('select at from times');
    expect(row).toEqual({ at: '2026-10-31 02:30:00.123456' });
  });

  it('is gone after drop, whoever is still connected', async () => {
    const third = await freshDatabase(engine);
    await third.drop();
    if (engine === 'sqlite') expect(existsSync(third.url.slice('sqlite:'.length))).toBe(false);
    else {
      const name = new URL(third.url).pathname.slice(1);
      const found = await database.query(
        `select schema_name from information_schema.schemata where schema_name = '${name}'`,
      );
      expect(found).toEqual([]);
    }
  });
});
