/** Somebody else at work on the same rows, and connections that break: nothing is half-erased, nothing wrongly. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import type { BatchResult, Connector, ErasingSession } from '../../../../src/connectors/connector.ts';
import { SourceFailure } from '../../../../src/connectors/connector.ts';
import { engines } from '../../../support/servers/index.ts';
import { openMariadb, openPostgres } from '../../../support/servers/clients.ts';
import type { Client } from '../../../support/servers/clients.ts';
import { ON, batchOf } from '../../conformance/support.ts';
import { is, not, relatedRows, stage } from '../../conformance/views.ts';
import { makeBed, recordOf, relation, viewOf } from '../bed.ts';
import type { Bed } from '../bed.ts';
import { cableTo } from '../proxy.ts';
import type { Cable } from '../proxy.ts';

const PERSON = recordOf('people', ['id'], {
  related: [relation('messages', { person_id: 'id' }), relation('deals', { person_id: 'id' })],
});
const WITH_ALL = stage(
  { kind: 'delete' },
  { related: 'messages', kind: 'delete' },
  { related: 'deals', kind: 'detach' },
);
const VIEW = viewOf(PERSON, {
  where: is('status', 'lead'),
  exempt: [relatedRows('exists', 'deals', is('status', 'open'))],
  stages: [WITH_ALL],
});

const ALL_ENGINES = await engines();

const tables = (bed: { readonly big: string; readonly time: string }): readonly string[] => [
  `CREATE TABLE people (id ${bed.big} PRIMARY KEY, name VARCHAR(80), status VARCHAR(20), started_at ${bed.time})`,
  `CREATE TABLE messages (id ${bed.big} PRIMARY KEY, person_id ${bed.big}, body VARCHAR(80))`,
  `CREATE TABLE deals (id ${bed.big} PRIMARY KEY, person_id ${bed.big}, status VARCHAR(20))`,
  `CREATE TABLE filler (id ${bed.big})`,
  'CREATE INDEX messages_person ON messages (person_id)',
  'CREATE INDEX deals_person ON deals (person_id)',
];

async function refill(bed: Bed): Promise<void> {
  for (const table of ['messages', 'deals', 'people', 'filler']) await bed.query(`DELETE FROM ${table}`);
  for (const id of ['1', '2', '3']) {
    await bed.query(`INSERT INTO people VALUES (${id}, 'Anna Secretname', 'lead', '2020-01-01 00:00:00')`);
    await bed.query(`INSERT INTO messages VALUES (${id}, ${id}, 'Secret words')`);
    await bed.query(`INSERT INTO deals VALUES (${id}, ${id}, 'won')`);
  }
}

async function failure(work: Promise<unknown>): Promise<SourceFailure> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(SourceFailure);
  return error as SourceFailure;
}

describe.each(ALL_ENGINES)('between scan and erase on %s', (engine) => {
  let bed: Bed;
  let connector: Connector;
  let session: ErasingSession;
  const erase = (...ids: string[]): Promise<BatchResult> =>
    session.erase(batchOf(VIEW, ids.map((id) => [id])), ON); // prettier-ignore

  beforeAll(async () => {
    bed = await makeBed(engine, tables);
    connector = bed.connect();
    session = await connector.erasing(VIEW, ON);
  });
  beforeEach(async () => {
    await refill(bed);
  });
  afterAll(async () => {
    await session.release();
    await bed.close();
  });

  it('a record that is updated, deleted or made anew is met as it is', async () => {
    await bed.query("UPDATE people SET status = 'hired' WHERE id = 1");
    await bed.query('DELETE FROM people WHERE id = 2');
    await bed.query('DELETE FROM people WHERE id = 3');
    await bed.query("INSERT INTO people VALUES (3, 'Another Secretname', 'customer', NULL)");
    const result = await erase('1', '2', '3');
    expect(result.outcomes).toEqual(['changed', 'already-absent', 'changed']);
    expect(await bed.rows('people')).toHaveLength(2);
    expect(await bed.rows('messages')).toHaveLength(3);
  });

  it('an exemption that has come in keeps the record and its dependents', async () => {
    await bed.query("UPDATE deals SET status = 'open' WHERE id = 2");
    expect((await erase('1', '2')).outcomes).toEqual(['erased', 'changed']);
    expect(await bed.rows('messages')).toEqual(['2|2|Secret words', '3|3|Secret words']);
    expect(await bed.rows('deals')).toEqual(['1|null|won', '2|2|open', '3|3|won']);
  });

  it('a trigger that forbids it is a reason in the data, and quotes nobody', async () => {
    const triggers: Readonly<Record<string, string>> = {
      mariadb: "CREATE TRIGGER no BEFORE DELETE ON people FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no Secretname'",
      postgres: "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no %', OLD.name; END $$; CREATE TRIGGER no BEFORE DELETE ON people FOR EACH ROW EXECUTE FUNCTION no()",
      sqlite: "CREATE TRIGGER no BEFORE DELETE ON people BEGIN SELECT RAISE(ABORT, 'no Secretname'); END",
    }; // prettier-ignore
    await bed.query(triggers[engine]!);
    const error = await failure(erase('1', '2'));
    await bed.query(engine === 'postgres' ? 'DROP TRIGGER no ON people' : 'DROP TRIGGER no');
    expect(error.failure).toBe('data');
    expect(`${error.message} ${error.stack ?? ''} ${JSON.stringify(error)}`).not.toContain('Secret');
    expect(await bed.rows('messages')).toHaveLength(3);
    expect((await erase('1')).outcomes).toEqual(['erased']);
  });

  it('a dependent that arrives while the batch runs undoes it: perhaps the record is not due any more', async () => {
    const body = "INSERT INTO messages VALUES (OLD.id + 100, OLD.id, 'Arrived Secretly')";
    const triggers: Readonly<Record<string, string>> = {
      mariadb: `CREATE TRIGGER late AFTER DELETE ON people FOR EACH ROW ${body}`,
      postgres: `CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${body}; RETURN NULL; END $$; CREATE TRIGGER late AFTER DELETE ON people FOR EACH ROW EXECUTE FUNCTION late()`,
      sqlite: `CREATE TRIGGER late AFTER DELETE ON people BEGIN ${body}; END`,
    };
    await bed.query(triggers[engine]!);
    const error = await failure(erase('1'));
    await bed.query(engine === 'postgres' ? 'DROP TRIGGER late ON people' : 'DROP TRIGGER late');
    expect(error).toMatchObject({ failure: 'transient', code: 'DEPENDENTS_ARRIVED' });
    expect(await bed.rows('people')).toHaveLength(3);
    expect(await bed.rows('messages')).toHaveLength(3);
  });

  if (engine !== 'mariadb')
    it('a delete that the database silently swallows is a failure, not an erasure', async () => {
      await bed.query(
        engine === 'sqlite'
          ? 'CREATE TRIGGER mute BEFORE DELETE ON people WHEN OLD.id = 2 BEGIN SELECT RAISE(IGNORE); END'
          : 'CREATE FUNCTION mute() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN CASE WHEN OLD.id = 2 THEN NULL ELSE OLD END; END $$; CREATE TRIGGER mute BEFORE DELETE ON people FOR EACH ROW EXECUTE FUNCTION mute()',
      );
      const error = await failure(erase('1', '2'));
      await bed.query(engine === 'postgres' ? 'DROP TRIGGER mute ON people' : 'DROP TRIGGER mute');
      expect(error).toMatchObject({ failure: 'data', code: 'ROWS_NOT_AFFECTED' });
      expect(await bed.rows('people')).toHaveLength(3);
    });

  it('one session erases at a time, per policy', async () => {
    const second = bed.connect();
    expect(await failure(second.erasing(VIEW, ON))).toMatchObject({ code: 'BUSY' });
    const other = await second.erasing({ ...VIEW, policy: 'another' }, ON);
    await other.release();
    await second.close();
  });
});

const SERVERS = ALL_ENGINES.filter((engine) => engine !== 'sqlite');

describe.each(SERVERS)('while a batch runs on %s', (engine) => {
  let bed: Bed;
  let connector: Connector;
  let session: ErasingSession;
  let other: Client;
  const begin = engine === 'mariadb' ? 'START TRANSACTION' : 'BEGIN';
  const erase = (...ids: string[]): Promise<BatchResult> =>
    session.erase(batchOf(VIEW, ids.map((id) => [id])), ON); // prettier-ignore

  /** The server's own list of who waits for a lock. */
  const waiting = async (): Promise<readonly string[]> => {
    const rows = await bed.query(
      engine === 'mariadb'
        ? "SELECT trx_mysql_thread_id AS id FROM information_schema.innodb_trx t JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id WHERE t.trx_state = 'LOCK WAIT' AND p.db = DATABASE()"
        : "SELECT pid AS id FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
    );
    return rows.map((row) => String(row['id']));
  };
  const untilWaiting = async (): Promise<string> => {
    for (;;) {
      const [first] = await waiting();
      if (first !== undefined) return first;
      // InnoDB shows the same picture again to whoever looks more often than every tenth of a second.
      await pause(150);
    }
  };
  const kill = async (id: string): Promise<void> => {
    await bed.query(engine === 'mariadb' ? `KILL CONNECTION ${id}` : `SELECT pg_terminate_backend(${id})`);
  };

  beforeAll(async () => {
    bed = await makeBed(engine, tables);
    connector = bed.connect();
    other = await (engine === 'mariadb' ? openMariadb : openPostgres)(bed.database.url);
    session = await connector.erasing(VIEW, ON);
  });
  beforeEach(async () => {
    await refill(bed);
  });
  afterAll(async () => {
    await session.release();
    await other.close();
    await bed.close();
  });

  const untouched = async (): Promise<void> => {
    expect(await bed.rows('people')).toHaveLength(3);
    expect(await bed.rows('messages')).toHaveLength(3);
    expect(await bed.rows('deals')).toEqual(['1|1|won', '2|2|won', '3|3|won']);
  };

  it('what another transaction changes while the batch waits for its lock is seen', async () => {
    await other.query(begin);
    await other.query("UPDATE people SET status = 'hired' WHERE id = 1");
    const batch = erase('1', '2');
    await untilWaiting();
    await other.query('COMMIT');
    expect((await batch).outcomes).toEqual(['changed', 'erased']);
  });

  it('an exemption in another table that comes in while the batch waits for its lock is seen', async () => {
    await other.query(begin);
    await other.query("UPDATE people SET name = 'Called just now' WHERE id = 1");
    const batch = erase('1', '2');
    await untilWaiting();
    await other.query("INSERT INTO deals VALUES (9, 1, 'open')");
    await other.query('COMMIT');
    expect((await batch).outcomes).toEqual(['changed', 'erased']);
    expect(await bed.rows('messages')).toEqual(['1|1|Secret words', '3|3|Secret words']);
  });

  it('a lock that somebody does not give back is waited for and then met later', async () => {
    await other.query(begin);
    await other.query("UPDATE deals SET status = 'lost' WHERE id = 1");
    const error = await failure(erase('1', '2'));
    await other.query('ROLLBACK');
    expect(error.failure).toBe('transient');
    expect(error.code).toMatch(/^(?:ER_LOCK_WAIT_TIMEOUT|55P03)$/);
    await untouched();
    expect((await erase('1', '2')).outcomes).toEqual(['erased', 'erased']);
  });

  it('a deadlock is transient, and nothing of the batch stays', async () => {
    await other.query(begin);
    // The heavier transaction survives in InnoDB, the later one in PostgreSQL.
    await other.query(
      `INSERT INTO filler VALUES ${Array.from({ length: 200 }, (_, i) => `(${String(i)})`).join(', ')}`,
    );
    await other.query("UPDATE deals SET status = 'lost' WHERE id = 1");
    const batch = failure(erase('1', '2'));
    await untilWaiting();
    const theirs = other.query("UPDATE people SET name = 'x' WHERE id = 1");
    const error = await batch;
    await theirs;
    await other.query('ROLLBACK');
    expect(error.failure).toBe('transient');
    expect(error.code).toMatch(/^(?:ER_LOCK_DEADLOCK|40P01)$/);
    await untouched();
  });

  it('a connection killed in the middle of a batch leaves nothing half-erased, and the session goes on', async () => {
    await other.query(begin);
    await other.query("UPDATE deals SET status = 'lost' WHERE id = 1");
    const batch = failure(erase('1', '2'));
    // By now the messages are deleted, in a transaction that will never be committed.
    await kill(await untilWaiting());
    const error = await batch;
    await other.query('ROLLBACK');
    expect(error.failure).toBe('transient');
    await untouched();
    const second = bed.connect();
    expect((await erase('1', '2')).outcomes).toEqual(['erased', 'erased']);
    expect(await failure(second.erasing(VIEW, ON))).toMatchObject({ code: 'BUSY' });
    await second.close();
  });

  it('a lock that had to be taken anew is no right to a batch that somebody else may have settled meanwhile', async () => {
    await other.query(begin);
    await other.query("UPDATE deals SET status = 'lost' WHERE id = 1");
    const batch = failure(erase('1', '2'));
    await kill(await untilWaiting());
    await batch;
    await other.query('ROLLBACK');
    const taken = { ...batchOf(VIEW, [['1']]), stillOurs: () => Promise.reject(new Error('not ours')) };
    await expect(session.erase(taken, ON)).rejects.toThrow('not ours');
    await untouched();
    // With the lock in hand all the time nobody else can have.
    expect((await session.erase(taken, ON)).outcomes).toEqual(['erased']);
  });

  it('a batch is stopped between two statements', async () => {
    const stop = new AbortController();
    const stoppable = bed.connect({ onStatement: (text) => text.startsWith('DELETE') && stop.abort() });
    const own = await stoppable.erasing({ ...VIEW, policy: 'stoppable' }, ON);
    const error = await failure(own.erase(batchOf(VIEW, [['1']]), stop.signal));
    expect(error).toMatchObject({ failure: 'transient', code: 'ABORTED' });
    await untouched();
    await own.release();
    await stoppable.close();
  });
});

describe.each(SERVERS)('a connection to %s that is lost while committing', (engine) => {
  let bed: Bed;
  let cable: Cable;

  beforeAll(async () => {
    bed = await makeBed(engine, tables);
    cable = await cableTo(bed.database.url);
  });
  beforeEach(async () => {
    await refill(bed);
  });
  afterAll(async () => {
    await bed.close();
    await cable.close();
  });

  async function eraseAndLose(
    lose: () => void,
  ): Promise<{ readonly error: SourceFailure; readonly seen: readonly string[] }> {
    const connector = bed.connect({ url: cable.url, onStatement: (text) => text === 'COMMIT' && lose() });
    const session = await connector.erasing(VIEW, ON);
    const error = await failure(session.erase(batchOf(VIEW, [['1'], ['2']]), ON));
    const seen = await connector.verify(VIEW, 0, [['1'], ['2'], ['3']], ON);
    await session.release();
    await connector.close();
    return { error, seen };
  }

  it('before the commit arrived, is uncertain; looking says that the records are there', async () => {
    const { error, seen } = await eraseAndLose(() => cable.cut());
    expect(error.failure).toBe('uncertain');
    expect(seen).toEqual(['present', 'present', 'present']);
    expect(await bed.rows('messages')).toHaveLength(3);
  });

  it('after the commit was done, is uncertain; looking says that the records are gone', async () => {
    const { error, seen } = await eraseAndLose(() => cable.swallowAnswer());
    expect(error.failure).toBe('uncertain');
    expect(seen).toEqual(['gone', 'gone', 'present']);
    expect(await bed.rows('messages')).toHaveLength(1);
  });

  it('earlier in the batch, is transient: nothing was applied', async () => {
    let armed = true;
    const lose = (text: string): void => {
      if (text.startsWith('UPDATE') && armed) cable.cut();
    };
    const connector = bed.connect({ url: cable.url, onStatement: lose });
    const session = await connector.erasing(VIEW, ON);
    const error = await failure(session.erase(batchOf(VIEW, [['1'], ['2']]), ON));
    expect(error.failure).toBe('transient');
    expect(await bed.rows('messages')).toHaveLength(3);
    armed = false;
    expect((await session.erase(batchOf(VIEW, [['1'], ['2']]), ON)).outcomes).toEqual(['erased', 'erased']);
    await session.release();
    await connector.close();
  });
});

describe('on sqlite', () => {
  it('a write lock that somebody holds is transient', async () => {
    const bed = await makeBed('sqlite', tables);
    await refill(bed);
    const connector = bed.connect();
    const session = await connector.erasing(VIEW, ON);
    await bed.query('BEGIN IMMEDIATE');
    const error = await failure(session.erase(batchOf(VIEW, [['1']]), ON));
    await bed.query('ROLLBACK');
    expect(error).toMatchObject({ failure: 'transient', code: 'SQLITE_BUSY' });
    expect((await session.erase(batchOf(VIEW, [['1']]), ON)).outcomes).toEqual(['erased']);
    await session.release();
    await bed.close();
  });
});

describe('conditions', () => {
  it('stand in the statement that erases, not only in the one that looks', async () => {
    const bed = await makeBed('sqlite', tables);
    await refill(bed);
    const view = viewOf(PERSON, { where: not(is('status', 'hired')), stages: [stage({ kind: 'delete' })] });
    const session = await bed.connect().erasing(view, ON);
    bed.sent();
    await session.erase(batchOf(view, [['1']]), ON);
    const erasing = bed.sent().filter((one) => one.text.startsWith('DELETE FROM "people"'));
    expect(erasing).toHaveLength(1);
    expect(erasing[0]?.text).toContain('NOT');
    expect(erasing[0]?.params).toContain('hired');
    await session.release();
    await bed.close();
  });
});
