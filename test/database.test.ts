import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer } from 'node:net';
import { databaseFault, openDatabase, statementText, text } from '../src/database.ts';
import type { Connection, Database, DatabaseOptions, Statement } from '../src/database.ts';
import { FristError } from '../src/errors.ts';
import { engines, freshDatabase } from './support/servers/index.ts';
import type { Engine, TestDatabase } from './support/servers/index.ts';

const SECRET = 'anna.secret@example.dk';

/** One value as a statement in the dialect's own syntax. */
const bound = (before: string, value: string | number | bigint | null, behind = ''): Statement => ({
  parts: [before, behind],
  params: [value],
});

async function rejection(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => {
      throw new Error('expected a failure');
    },
    (error: unknown) => error,
  );
}

describe('openDatabase', () => {
  it.each([
    ['', 'is no kind of database'],
    ['oracle://localhost/x', '"oracle" is no kind of database'],
    ['mysql://[/crm', 'it is not a URL'],
    ['mysql://localhost', 'it names no database'],
    ['postgres://localhost/', 'it names no database'],
    ['mysql://localhost/crm?ssl=true', 'unknown option "ssl"'],
    ['sqlite:', 'it names no file'],
    ['mysql://frist:50%@localhost/crm', 'a percent sign'],
    ['postgres://localhost/crm?tls-ca=/nowhere/ca.pem', '/nowhere/ca.pem of tls-ca cannot be read'],
  ])('refuses the address %j', (url, why) => {
    expect(() => openDatabase(url)).toThrow(FristError);
    expect(() => openDatabase(url)).toThrow(why);
  });

  it('never names what stands in an address it refuses, for it may be a password', () => {
    const error = ((): unknown => {
      try {
        return openDatabase('mysql://frist:hunter2@localhost/crm?x=hunter2');
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toBeInstanceOf(FristError);
    expect(JSON.stringify(error) + String(error)).not.toContain('hunter2');
  });

  it('makes no new database where a SQLite file is missing, unless asked to', async () => {
    expect(() => openDatabase('sqlite:/nowhere/at/all.db')).toThrow('There is no database file');
    const there = await freshDatabase('sqlite');
    const made = openDatabase(`${there.url}.new`, { create: true });
    const connection = await made.connect();
    await connection.query('CREATE TABLE t (id INTEGER)');
    await connection.release();
    await made.close();
    await there.drop();
  });

  it('fails with the code alone where nobody listens', async () => {
    const probe = createServer();
    await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
    const { port } = probe.address() as { port: number };
    await new Promise((resolve) => probe.close(resolve));
    for (const scheme of ['mysql', 'postgres']) {
      const database = openDatabase(`${scheme}://frist:hunter2@127.0.0.1:${String(port)}/crm`);
      const error = await rejection(database.connect());
      expect(databaseFault(error)).toEqual({ code: 'ECONNREFUSED', class: 'fatal', lost: false });
      await database.close();
    }
  });
});

describe('statementText', () => {
  it('numbers the placeholders of PostgreSQL', () => {
    expect(statementText('postgres', ['a = ', ' AND b = ', ''])).toBe('a = $1 AND b = $2');
    expect(statementText('mysql', ['a = ', ' AND b = ', ''])).toBe('a = ? AND b = ?');
    expect(statementText('sqlite', ['SELECT 1'])).toBe('SELECT 1');
  });
});

describe('databaseFault', () => {
  it.each([
    [{ code: 'ER_LOCK_DEADLOCK', errno: 1213, sqlState: '40001' }, 'transient', false],
    [{ code: 'ER_LOCK_WAIT_TIMEOUT', errno: 1205, sqlState: 'HY000' }, 'transient', false],
    [{ code: '40P01' }, 'transient', false],
    [{ code: '55P03' }, 'transient', false],
    [{ code: 'SQLITE_BUSY' }, 'transient', false],
    [{ code: 'SQLITE_BUSY_SNAPSHOT' }, 'transient', false],
    [{ code: 'PROTOCOL_CONNECTION_LOST' }, 'transient', true],
    [{ code: 'ECONNRESET' }, 'transient', true],
    [{ code: '57P01' }, 'transient', true],
    [{ code: '25P03' }, 'transient', true],
    [{ code: 'ER_ROW_IS_REFERENCED_2', errno: 1451, sqlState: '23000' }, 'data', false],
    [{ code: 'ER_NO_REFERENCED_ROW_2', errno: 1452, sqlState: '23000' }, 'data', false],
    [{ code: 'ER_SIGNAL_EXCEPTION', errno: 1644, sqlState: '45000' }, 'data', false],
    [{ code: 'ER_SIGNAL_EXCEPTION', errno: 1644, sqlState: '02234' }, 'data', false],
    [{ code: 'ER_BAD_NULL_ERROR', errno: 1048, sqlState: '23000' }, 'data', false],
    [{ code: 'ER_DATA_TOO_LONG', errno: 1406, sqlState: '22001' }, 'data', false],
    [{ code: 'UNKNOWN_CODE_PLEASE_REPORT', errno: 4025, sqlState: '23000' }, 'data', false],
    [{ code: '23503' }, 'data', false],
    [{ code: '22001' }, 'data', false],
    [{ code: 'P0001' }, 'data', false],
    [{ code: 'SQLITE_CONSTRAINT_FOREIGNKEY' }, 'data', false],
    [{ code: 'SQLITE_CONSTRAINT_TRIGGER' }, 'data', false],
    [{ code: 'ER_ACCESS_DENIED_ERROR', errno: 1045, sqlState: '28000' }, 'fatal', false],
    [{ code: 'ER_NO_SUCH_TABLE', errno: 1146, sqlState: '42S02' }, 'fatal', false],
    [{ code: 'ER_BAD_FIELD_ERROR', errno: 1054, sqlState: '42S22' }, 'fatal', false],
    [{ code: '42P01' }, 'fatal', false],
    [{ code: '28P01' }, 'fatal', false],
    [{ code: 'SQLITE_CORRUPT' }, 'fatal', false],
    [{ code: 'ENOTFOUND' }, 'fatal', false],
  ])('%j is %s', (error, kind, lost) => {
    expect(databaseFault(Object.assign(new Error(SECRET), error))).toMatchObject({ class: kind, lost });
  });

  it('knows a closed connection by the words of the drivers', () => {
    for (const words of [
      "Can't add new command when connection is in closed state",
      'Connection terminated unexpectedly',
      'Client has encountered a connection error and is not queryable',
      'The database connection is not open',
    ])
      expect(databaseFault(new Error(words))).toEqual({
        code: 'CONNECTION_LOST',
        class: 'transient',
        lost: true,
      });
  });

  it('lets nothing through but a code', () => {
    const errors = [
      Object.assign(new Error(`Duplicate entry '${SECRET}'`), {
        code: 'ER_DUP_ENTRY',
        sqlMessage: SECRET,
        sql: SECRET,
        detail: SECRET,
      }),
      Object.assign(new Error(SECRET), { code: SECRET }),
      Object.assign(new Error(SECRET), { errno: 4242, code: 'UNKNOWN_CODE_PLEASE_REPORT' }),
      new Error(SECRET),
      SECRET,
      null,
      undefined,
    ];
    const faults = errors.map(databaseFault);
    expect(JSON.stringify(faults)).not.toContain('secret');
    expect(faults.map((fault) => fault.code)).toEqual([
      'ER_DUP_ENTRY',
      'UNKNOWN',
      'ERRNO_4242',
      'UNKNOWN',
      'UNKNOWN',
      'UNKNOWN',
      'UNKNOWN',
    ]);
  });
});

describe.each(await engines())('a session of %s', (engine: Engine) => {
  let there: TestDatabase;
  let database: Database;
  let connection: Connection;
  const opened: Database[] = [];
  const open = (options?: DatabaseOptions): Database => {
    const made = openDatabase(there.url, options);
    opened.push(made);
    return made;
  };
  const one = async (statement: Statement | string): Promise<string | null> =>
    text((await connection.query(statement)).rows[0]?.[0]);

  beforeAll(async () => {
    there = await freshDatabase(engine);
    const big = engine === 'sqlite' ? 'INTEGER' : 'BIGINT';
    await there.query(
      `CREATE TABLE t (id ${big} PRIMARY KEY, name VARCHAR(40), amount DECIMAL(30,10), at ${engine === 'mariadb' ? 'DATETIME(6)' : 'TIMESTAMP'})`,
    );
    database = open();
    connection = await database.connect();
  });
  afterAll(async () => {
    await connection.release();
    for (const each of opened) await each.close();
    await there.drop();
  });

  it('rounds no number, shifts no time and loses no microsecond', async () => {
    await connection.query({
      parts: ['INSERT INTO t VALUES (', ', ', ", '12345678901234567890.0123456789', ", ')'],
      params: [9007199254740993n, 'Åse', '2027-10-31 02:30:00.123456'],
    });
    const { rows } = await connection.query('SELECT id, name, amount, at FROM t');
    const [id, name, amount, at] = (rows[0] ?? []).map(text);
    expect([id, name, at]).toEqual(['9007199254740993', 'Åse', '2027-10-31 02:30:00.123456']);
    if (engine !== 'sqlite') expect(amount).toBe('12345678901234567890.0123456789');
  });

  it('keeps values apart from text, whatever they hold', async () => {
    for (const hard of ["'; DROP TABLE t; --", 'back\\slash', '?', '$1', "it''s", '\u{1F600}', '"', '\n'])
      expect(
        await one(
          bound(
            `SELECT ${engine === 'postgres' ? 'CAST(' : ''}`,
            hard,
            engine === 'postgres' ? ' AS text)' : '',
          ),
        ),
      ).toBe(hard);
    expect(await one(bound('SELECT id FROM t WHERE name IS NOT NULL AND id = ', 9007199254740993n))).toBe(
      '9007199254740993',
    );
    expect(await one(bound('SELECT COUNT(*) FROM t WHERE name = ', '0'))).toBe('0');
  });

  it('counts the rows that an UPDATE met, also where nothing changed', async () => {
    expect((await connection.query("UPDATE t SET name = 'Bo'")).affected).toBe(1);
    expect((await connection.query("UPDATE t SET name = 'Bo'")).affected).toBe(1);
    expect((await connection.query('UPDATE t SET name = name WHERE id = 7')).affected).toBe(0);
  });

  it('refuses every write where it is opened to read only', async () => {
    const reading = await open({ readOnly: true }).connect();
    const writes = [
      'INSERT INTO t (id) VALUES (1)',
      "UPDATE t SET name = 'x'",
      'DELETE FROM t',
      'CREATE TABLE u (id INT)',
      'DROP TABLE t',
    ];
    for (const write of writes) {
      const error = await rejection(reading.query(write));
      expect(databaseFault(error).code).toMatch(
        /^(?:ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION|25006|SQLITE_READONLY)$/,
      );
    }
    expect(text((await reading.query('SELECT COUNT(*) FROM t')).rows[0]?.[0])).toBe('1');
    await reading.release();
  });

  it('tells what it sends, and nothing of the values in the text', async () => {
    const seen: unknown[] = [];
    const told = await open({ onStatement: (sent, params) => seen.push(sent, params) }).connect();
    await told.query(bound('SELECT id FROM t WHERE name = ', SECRET));
    expect(seen).toEqual([`SELECT id FROM t WHERE name = ${engine === 'postgres' ? '$1' : '?'}`, [SECRET]]);
    await told.release();
  });

  it('ends a transaction with its connection', async () => {
    const doomed = await open().connect();
    await doomed.query(engine === 'sqlite' ? 'BEGIN IMMEDIATE' : 'BEGIN');
    await doomed.query('DELETE FROM t');
    await doomed.destroy();
    expect(await one('SELECT COUNT(*) FROM t')).toBe('1');
  });

  it('is ended by its server when it says nothing for five minutes', async () => {
    const asked = {
      mariadb: 'SELECT @@wait_timeout',
      postgres: `SELECT current_setting('idle_session_timeout')`,
      sqlite: `SELECT 'never'`,
    };
    const { rows } = await connection.query(asked[engine]);
    expect(text(rows[0]?.[0])).toBe({ mariadb: '300', postgres: '5min', sqlite: 'never' }[engine]);
  });

  it('waits for a lock for seconds, not for hours', async () => {
    const limits: Readonly<Record<Engine, readonly string[]>> = {
      mariadb: ['SELECT @@innodb_lock_wait_timeout', 'SELECT @@lock_wait_timeout'],
      postgres: ["SELECT EXTRACT(epoch FROM current_setting('lock_timeout')::interval)::int"],
      sqlite: ['PRAGMA busy_timeout'],
    };
    for (const limit of limits[engine]) expect(Number(await one(limit)) % 4995).toBe(5);
  });

  if (engine === 'mariadb') {
    it('is strict, in UTC and in READ COMMITTED', async () => {
      expect(await one('SELECT @@time_zone')).toBe('+00:00');
      expect(await one('SELECT @@tx_isolation')).toBe('READ-COMMITTED');
      expect(await one('SELECT @@sql_mode')).toContain('STRICT_TRANS_TABLES');
      expect(await one('SELECT @@sql_auto_is_null')).toBe('0');
      expect(await one('SELECT @@in_predicate_conversion_threshold')).toBe('0');
    });
  }
  if (engine === 'postgres') {
    it('is in UTC, in ISO and in READ COMMITTED', async () => {
      expect(await one('SHOW TimeZone')).toBe('UTC');
      expect(await one('SHOW DateStyle')).toBe('ISO, YMD');
      expect(await one('SHOW default_transaction_isolation')).toBe('read committed');
    });
  }
  if (engine === 'sqlite') {
    it('keeps foreign keys, and the journal mode of whoever owns the file', async () => {
      await there.query('PRAGMA journal_mode = WAL');
      expect(await one('PRAGMA foreign_keys')).toBe('1');
      const other = await open({ pragmas: { secure_delete: 'ON' } }).connect();
      expect(text((await other.query('PRAGMA journal_mode')).rows[0]?.[0])).toBe('wal');
      expect(text((await other.query('PRAGMA secure_delete')).rows[0]?.[0])).toBe('1');
      await other.release();
    });
  }
});
