/** Tables of MariaDB that cannot roll back: a batch locks them, does dependents first, and can be done again. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SourceFailure } from '../../../../src/connectors/connector.ts';
import type { Condition, View } from '../../../../src/policy/policy.ts';
import { engines } from '../../../support/servers/index.ts';
import { ON, batchOf, inSession } from '../../conformance/support.ts';
import { is, relatedRows, stage, startAt } from '../../conformance/views.ts';
import { makeBed, recordOf, relation, viewOf } from '../bed.ts';
import type { Bed } from '../bed.ts';
import { cableTo } from '../proxy.ts';
import type { Cable } from '../proxy.ts';

const PERSON = recordOf('people', ['id'], {
  related: [
    relation('messages', { person_id: 'id' }),
    relation('notes', { person_id: 'id' }),
    relation('deals', { person_id: 'id' }),
  ],
});
const VIEW: View = viewOf(PERSON, {
  where: is('status', 'lead'),
  exempt: [relatedRows('exists', 'deals', is('status', 'open'))],
  stages: [
    stage({ kind: 'delete' }, { related: 'messages', kind: 'delete' }, { related: 'notes', kind: 'delete' }),
  ],
});

const ENGINE = 'mariadb';
const here = (await engines()).includes(ENGINE);

const ENGINES = here ? ['MyISAM', 'Aria'] : [];

it('is tried on two engines of MariaDB, where there is one', () => {
  expect(ENGINES).toHaveLength(here ? 2 : 0);
});

const tablesOf = (engine: string): void => {
  let bed: Bed;
  let cable: Cable;

  beforeEach(async () => {
    bed = await makeBed(ENGINE, () => [
      `CREATE TABLE people (id BIGINT PRIMARY KEY, status VARCHAR(20), started_at DATETIME) ENGINE=${engine}`,
      `CREATE TABLE messages (id BIGINT PRIMARY KEY, person_id BIGINT, KEY (person_id)) ENGINE=${engine}`,
      'CREATE TABLE notes (id BIGINT PRIMARY KEY, person_id BIGINT, KEY (person_id)) ENGINE=InnoDB',
      `CREATE TABLE deals (id BIGINT PRIMARY KEY, person_id BIGINT, status VARCHAR(20), KEY (person_id)) ENGINE=${engine}`,
      "INSERT INTO people VALUES (1, 'lead', NULL), (2, 'lead', NULL), (3, 'lead', NULL), (4, 'hired', NULL)",
      'INSERT INTO messages VALUES (1, 1), (2, 2), (3, 3), (4, 4)',
      'INSERT INTO notes VALUES (1, 1), (2, 2), (3, 3), (4, 4)',
      "INSERT INTO deals VALUES (3, 3, 'open')",
    ]);
    cable = await cableTo(bed.database.url);
  });
  afterEach(async () => {
    await bed.close();
    await cable.close();
  });

  const KEYS = [['1'], ['2'], ['3'], ['4']];

  it('lose exactly the rows of the records that are due', async () => {
    const result = await inSession(bed.connect(), VIEW, (session) => session.erase(batchOf(VIEW, KEYS), ON));
    expect(result.outcomes).toEqual(['erased', 'erased', 'changed', 'changed']);
    expect(result.dependents.get('messages')?.deleted).toBe(2);
    expect(await bed.rows('people')).toEqual(['3|lead|null', '4|hired|null']);
    expect(await bed.rows('messages')).toEqual(['3|3', '4|4']);
    expect(await bed.rows('notes')).toEqual(['3|3', '4|4']);
  });

  it('are locked while they are judged, and free afterwards', async () => {
    const connector = bed.connect();
    await inSession(connector, VIEW, async (session) => {
      await session.erase(batchOf(VIEW, [['1']]), ON);
      const sent = bed.sent().map((one) => one.text);
      const lock = sent.findIndex((text) => text.startsWith('LOCK TABLES'));
      expect(sent[lock]).toBe(
        'LOCK TABLES `people` WRITE, `messages` WRITE, `notes` WRITE, `deals` AS frist_1 READ',
      );
      expect(lock).toBeLessThan(sent.findIndex((text) => text.includes('FOR UPDATE')));
      expect(sent.slice(-3)).toEqual(['COMMIT', 'UNLOCK TABLES', 'SET autocommit = 1']);
      await bed.query("UPDATE people SET status = 'hired' WHERE id = 2");
      expect((await session.erase(batchOf(VIEW, [['2']]), ON)).outcomes).toEqual(['changed']);
      await bed.query("UPDATE people SET status = 'lead' WHERE id = 2");
    });
  });

  it('of a batch that is cut off half-way, are found and finished by whoever comes next', async () => {
    const lose = (text: string): void => {
      if (text.startsWith('DELETE FROM `people`')) cable.cut();
    };
    const connector = bed.connect({ url: cable.url, onStatement: lose });
    const failure = await inSession(connector, VIEW, (session) =>
      session.erase(batchOf(VIEW, KEYS), ON).catch((error: unknown) => error as SourceFailure),
    );
    // The messages are gone and do not come back; nobody claims that nothing was done.
    expect(failure).toMatchObject({ failure: 'uncertain' });
    const next = bed.connect();
    expect(await next.verify(VIEW, 0, KEYS, ON)).toEqual(['present', 'present', 'present', 'present']);
    expect(await bed.rows('messages')).toEqual(['3|3', '4|4']);
    const result = await inSession(next, VIEW, (session) => session.erase(batchOf(VIEW, KEYS), ON));
    expect(result.outcomes).toEqual(['erased', 'erased', 'changed', 'changed']);
    expect(await bed.rows('people')).toEqual(['3|lead|null', '4|hired|null']);
    expect(await bed.rows('notes')).toEqual(['3|3', '4|4']);
  });

  it('with a row that the database refuses to delete, give up the others', async () => {
    await bed.query(
      "CREATE TRIGGER no BEFORE DELETE ON people FOR EACH ROW IF OLD.id = 2 THEN SIGNAL SQLSTATE '45000'; END IF",
    );
    const connector = bed.connect();
    await inSession(connector, VIEW, async (session) => {
      await expect(session.erase(batchOf(VIEW, [['1'], ['2']]), ON)).rejects.toMatchObject({
        failure: 'data',
      });
      await expect(session.erase(batchOf(VIEW, [['2']]), ON)).rejects.toMatchObject({ failure: 'data' });
      await session.erase(batchOf(VIEW, [['1']]), ON);
    });
    expect(await bed.rows('people')).toEqual(['2|lead|null', '3|lead|null', '4|hired|null']);
  });

  it('are read inside the JSON of a part, however often a statement asks', async () => {
    await bed.query(
      `CREATE TABLE profiles (person_id BIGINT PRIMARY KEY, facts TEXT, name VARCHAR(20)) ENGINE=${engine}`,
    );
    await bed.query(
      `INSERT INTO profiles VALUES (1, '{"a":{"kind":"lead","at":"2020-01-01"}}', 'x'), (2, '{"a":{"kind":"won"}}', 'y'), (3, 'no JSON', 'z')`,
    );
    const profile = { name: 'profile', table: 'profiles', match: [{ theirs: 'person_id', ours: 'id' }], scope: [] }; // prettier-ignore
    const kind = (...values: string[]): Condition => ({ kind: 'is', part: 'profile', column: 'facts', path: ['a', 'kind'], values }); // prettier-ignore
    const view = viewOf(
      { ...PERSON, parts: [profile] },
      {
        starts: [startAt('facts', { part: 'profile', path: ['a', 'at'], encoding: { kind: 'date' } })],
        where: kind('lead', 'won'),
        exempt: [kind('won')],
        conditions: [kind('x'), kind('lead')],
      },
    );
    const { findings } = await bed.connect().check([view], ON);
    expect(findings.filter((one) => one.severity === 'error')).toEqual([]);
    const much = { ...view, conditions: Array.from({ length: 70 }, (_, i) => kind(String(i))) };
    const refused = (await bed.connect().check([much], ON)).findings;
    expect(refused.filter((one) => one.severity === 'error').map((one) => one.code)).toEqual(['part-uses']);
    const result = await inSession(bed.connect(), view, (session) => session.erase(batchOf(view, KEYS), ON));
    expect(result.outcomes).toEqual(['erased', 'changed', 'changed', 'changed']);
    expect(result.facts.map((one) => [one?.starts[0], one?.truths[1], one?.unreadable?.length])).toEqual([
      ['2020-01-01', true, undefined],
      [null, false, undefined],
      [null, false, 1],
      [null, false, undefined],
    ]);
    expect(await bed.rows('people')).toEqual(['2|lead|null', '3|lead|null', '4|hired|null']);
    expect((await bed.rows('profiles')).map((one) => one[0])).toEqual(['2', '3']);
  });

  it('are named by check, without promising a rollback', async () => {
    const { findings } = await bed.connect().check([VIEW], ON);
    expect(findings.filter((one) => one.severity === 'error')).toEqual([]);
    const told = findings.filter((one) => one.code === 'not-transactional').map((one) => one.message);
    expect(told).toHaveLength(2);
    expect(told[0]).toContain(`engine ${engine}, which cannot roll a batch back`);
  });

  it('are an error of check where the user may not lock them, or does not see the foreign keys', async () => {
    const url = new URL(bed.database.url);
    const schema = url.pathname.slice(1);
    const user = `user_${schema}`.slice(0, 30);
    url.username = user;
    url.password = 'x';
    await bed.query(`CREATE USER ${user}@'127.0.0.1' IDENTIFIED BY 'x'`);
    const found = async (...grants: readonly string[]): Promise<readonly string[]> => {
      for (const grant of grants) await bed.query(`GRANT ${grant} TO ${user}@'127.0.0.1'`);
      const { findings } = await bed.connect({ url: url.href }).check([VIEW], ON);
      return findings.filter((one) => one.severity === 'error').map((one) => `${one.code}: ${one.remedy}`);
    };
    const tables = ['people', 'messages', 'notes', 'deals'];
    try {
      expect(await found(...tables.map((table) => `SELECT, DELETE ON ${schema}.${table}`))).toEqual([
        `lock-privilege: GRANT LOCK TABLES ON ${schema}.* to that user.`,
        expect.stringContaining('catalogue-hidden: GRANT REFERENCES'),
      ]);
      expect(await found(`LOCK TABLES ON ${schema}.*`)).toEqual([
        expect.stringContaining('catalogue-hidden: GRANT REFERENCES'),
      ]);
      expect(await found(`REFERENCES ON ${schema}.*`)).toEqual([]);
      const connector = bed.connect({ url: url.href });
      const result = await inSession(connector, VIEW, (session) => session.erase(batchOf(VIEW, KEYS), ON));
      expect(result.outcomes).toEqual(['erased', 'erased', 'changed', 'changed']);
      expect(await found(`SELECT ON ${schema}.*`)).toEqual([]);
    } finally {
      await bed.query(`DROP USER ${user}@'127.0.0.1'`);
    }
  });
};

for (const engine of ENGINES) describe(`tables of ${engine}`, () => tablesOf(engine));
