/** Chats that are kept while the CRM knows the person as a customer, and cases that run from the end of that. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { SourceFailure, type Connector } from '../../src/connectors/connector.ts';
import { createSqlConnector } from '../../src/connectors/sql/connector.ts';
import { approve } from '../../src/erasure/approve.ts';
import { dryRun } from '../../src/erasure/dry-run.ts';
import type { PolicyReport } from '../../src/erasure/report.ts';
import { sweep } from '../../src/erasure/sweep.ts';
import { explainDisposition } from '../../src/policy/explain/disposition.ts';
import type { Row } from '../connectors/conformance/harness.ts';
import { freshDatabase } from '../support/servers/index.ts';
import { ACTIVE, CAREFUL, chat, CHATS, customer, CUSTOMERS, policies, TABLES } from './elsewhere-fixture.ts';
import { createWorld, type World, type WorldOptions } from './harness.ts';

const AS_OF = Date.parse('2026-06-30T03:15:00Z');
const { signal } = new AbortController();

let world: World | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

type Made = Omit<WorldOptions, 'now' | 'policies'> & { readonly policies?: string };
const make = async (options: Made): Promise<World> => {
  world = await createWorld({ policies: policies(ACTIVE), now: () => AS_OF, maxBatch: 100, ...options });
  return world;
};

const run = async (on: World): Promise<PolicyReport> => {
  const input = { trigger: 'manual', slot: undefined, asOf: AS_OF, setClock: false, signal } as const;
  const [report] = await sweep(on.engine, on.tasks, input);
  if (report === undefined) throw new Error('no report');
  return report;
};

const left = (on: World): string[] =>
  on
    .rows('chats')
    .map((row) => String(row['id']))
    .sort();

const change = (on: World, table: string, id: string, set: Row): void => {
  const rows = on.database.tables.get(table)?.rows;
  const [key, row] = [...(rows ?? [])].find(([, one]) => one['id'] === id) ?? [];
  if (rows === undefined || key === undefined) throw new Error(`no ${table} ${id}`);
  rows.set(key, { ...row, ...set });
};

/** The same connector, with some of its calls replaced. */
const but = (connector: Connector, calls: Partial<Connector>): Connector =>
  new Proxy(connector, {
    get: (target, name) => {
      const own: unknown = Reflect.get(calls, name) ?? Reflect.get(target, name);
      return typeof own === 'function' ? (own.bind(target) as unknown) : own;
    },
  });
const gone = (): Promise<never> => Promise.reject(new SourceFailure('fatal', 'ECONNREFUSED'));

describe('an exemption that another source knows', () => {
  it('keeps customers, and lets those go whom the source knows as no customers, or not at all', async () => {
    const on = await make({ tables: TABLES(CHATS, CUSTOMERS) });
    expect(await run(on)).toMatchObject({
      status: 'done',
      found: { by: { exempt: 2, erase: 3, pending: 1 }, exemptBy: { customer: 2 } },
      outcomes: { erased: 3 },
    });
    expect(left(on)).toEqual(['1', '5', '6']);
    expect(on.rows('customers')).toHaveLength(4);
  });

  it('keeps whom the source does not know, unless the file says otherwise', async () => {
    const on = await make({ tables: TABLES(CHATS, CUSTOMERS), policies: policies(CAREFUL) });
    expect(await run(on)).toMatchObject({
      status: 'done',
      found: { by: { exempt: 2, 'unknown elsewhere': 2, erase: 1, pending: 1 } },
    });
    expect(left(on)).toEqual(['1', '3', '4', '5', '6']);
  });

  it('foresees it in the dry run, with the source among the reasons', async () => {
    const on = await make({ tables: TABLES(CHATS, CUSTOMERS), policies: policies(CAREFUL) });
    const why = new Map<string, string>();
    const [report] = await dryRun(on.engine, on.tasks, {
      asOf: AS_OF,
      signal,
      onDisposition: (task, facts, disposition) => {
        why.set(facts.key[0] ?? '', explainDisposition(task, disposition));
      },
    });
    expect(report?.found).toEqual((await run(on)).found);
    expect(why.get('1')).toContain('kept: customer');
    expect(why.get('3')).toContain('customer: crm has no record of the person');
  });

  it('asks about everybody of rows that are one record', async () => {
    const db = await freshDatabase('sqlite');
    const connector = createSqlConnector({ source: 'chat', connection: db.url, pageSize: 100 });
    try {
      await db.query('create table chats (id integer, email text, last_message datetime)');
      const people = ['bo', 'anna', 'cy', '', 'cy', 'bo'];
      for (const [i, name] of people.entries())
        await db.query('insert into chats values (?, ?, ?)', [
          Math.floor(i / 2),
          name === '' ? null : `${name}@example.org`,
          '2025-01-01 12:00:00',
        ]);
      const on = await make({
        tables: TABLES([], CUSTOMERS),
        policies: policies(ACTIVE).replace('key: id, subject', 'key: id, duplicates: one record, subject'),
        wrap: (memory, source) => (source === 'chat' ? connector : memory),
      });
      expect(await run(on)).toMatchObject({ status: 'done', found: { by: { exempt: 1, erase: 2 } } });
      expect(await db.query('select id from chats')).toEqual([{ id: 0 }, { id: 0 }]);
    } finally {
      await connector.close();
      await db.drop();
    }
  });

  it('asks one question a page and one a batch, about nobody who is not due', async () => {
    const asked: (readonly string[])[] = [];
    const on = await make({
      tables: TABLES(CHATS, CUSTOMERS),
      wrap: (connector, source) =>
        source !== 'crm'
          ? connector
          : but(connector, {
              lookup: (view, subject, values, stop) => {
                asked.push([...values].sort());
                return connector.lookup(view, subject, values, stop);
              },
            }),
    });
    await run(on);
    expect(asked).toEqual([
      ['anna@example.org', 'bo@example.org', 'cy@example.org', 'dora@example.org'],
      ['bo@example.org', 'cy@example.org'],
    ]);
  });
});

describe('what changes between the plan and the batch', () => {
  /** Something happens once the plan is made: before the batch asks again, or after that, before it erases. */
  const meanwhile = (when: 'erasing' | 'erase', happens: (on: World) => void): Promise<World> =>
    make({
      tables: TABLES(CHATS, CUSTOMERS),
      wrap: (connector, source) =>
        source === 'crm'
          ? connector
          : but(connector, {
              erasing: async (...asked) => {
                const session = await connector.erasing(...asked);
                if (when === 'erasing') happens(world as World);
                return {
                  erase: (...batch) => {
                    if (when === 'erase') happens(world as World);
                    return session.erase(...batch);
                  },
                  release: () => session.release(),
                };
              },
            }),
    });

  it('keeps who has become a customer', async () => {
    const on = await meanwhile('erasing', (one) => {
      change(one, 'customers', '2', { status: 'active' });
    });
    expect(await run(on)).toMatchObject({ status: 'done', outcomes: { erased: 2, changed: 1 } });
    expect(left(on)).toEqual(['1', '2', '5', '6']);
  });

  it('keeps what has come to be about somebody else, about whom nobody was asked', async () => {
    const on = await meanwhile('erase', (one) => {
      change(one, 'chats', '2', { email: 'eve@example.org' });
    });
    expect(await run(on)).toMatchObject({ status: 'done', outcomes: { erased: 2, changed: 1 } });
    expect(left(on)).toEqual(['1', '2', '5', '6']);
  });
});

describe('a source that cannot be asked', () => {
  const away = (call: 'check' | 'lookup', isAway: () => boolean): NonNullable<WorldOptions['wrap']> => {
    return (connector, source) => {
      if (source !== 'crm') return connector;
      return but(connector, {
        check: (...asked) => (call === 'check' && isAway() ? gone() : connector.check(...asked)),
        lookup: (...asked) => (call === 'lookup' && isAway() ? gone() : connector.lookup(...asked)),
      });
    };
  };

  it.each(['check', 'lookup'] as const)('keeps all that hangs on it and says so (%s)', async (call) => {
    let isAway = true;
    const on = await make({ tables: TABLES(CHATS, CUSTOMERS), wrap: away(call, () => isAway) });
    const report = await run(on);
    // Of nobody knows who (4), the other source could not have told anything.
    expect(report).toMatchObject({
      status: 'failed',
      found: { by: { 'unknown elsewhere': 4, erase: 1, pending: 1 } },
      outcomes: { erased: 1 },
      error: { code: 'SOURCE_UNREACHABLE' },
    });
    expect(report.error?.message).toContain('crm');
    expect(left(on)).toEqual(['1', '2', '3', '5', '6']);
    isAway = false;
    expect(await run(on)).toMatchObject({ status: 'done', outcomes: { erased: 2 } });
    expect(left(on)).toEqual(['1', '5', '6']);
  });

  it('keeps a batch about which it cannot be asked again', async () => {
    let calls = 0;
    const on = await make({ tables: TABLES(CHATS, CUSTOMERS), wrap: away('lookup', () => calls++ > 0) });
    expect(await run(on)).toMatchObject({
      status: 'failed',
      found: { by: { erase: 3 } },
      outcomes: { 'not-erased': 3 },
      error: { code: 'SOURCE_UNREACHABLE' },
    });
    expect(left(on)).toHaveLength(6);
  });

  it('is not asked what it cannot know', async () => {
    const wrong = policies(ACTIVE.replace('status:', 'standing:'));
    const on = await make({ tables: TABLES(CHATS, CUSTOMERS), policies: wrong });
    expect(await run(on)).toMatchObject({ status: 'failed', error: { code: 'CHECK_FAILED' } });
    expect(left(on)).toHaveLength(6);
  });

  it('says so in the dry run', async () => {
    const on = await make({ tables: TABLES(CHATS, CUSTOMERS), wrap: away('lookup', () => true) });
    const [report] = await dryRun(on.engine, on.tasks, { asOf: AS_OF, signal });
    expect(report).toMatchObject({
      status: 'failed',
      found: { by: { 'unknown elsewhere': 4 } },
      error: { code: 'SOURCE_UNREACHABLE' },
    });
  });

  it('stores no plan for approval: it would be void once the source answers', async () => {
    let isAway = true;
    const on = await make({
      tables: TABLES([...CHATS, chat(7, null)], CUSTOMERS),
      policies: `${policies(ACTIVE)}    first run guards: { records: 0 }\n`,
      wrap: away('check', () => isAway),
    });
    expect(await run(on)).toMatchObject({
      status: 'failed',
      guard: { name: 'first-run-records' },
      error: { code: 'SOURCE_UNREACHABLE' },
    });
    expect(await on.state.plans({})).toEqual([]);
    isAway = false;
    const { plan = '', status } = await run(on);
    expect(status).toBe('waiting');
    const approving = { plan, why: 'looked at', asOf: AS_OF, setClock: false, signal };
    expect(await approve(on.engine, on.tasks, approving)).toMatchObject({ report: { status: 'done' } });
  });

  it('leaves a plan that waits as it is, until the source is back', async () => {
    let isAway = false;
    const on = await make({
      tables: TABLES(CHATS, CUSTOMERS),
      policies: `${policies(ACTIVE)}    first run guards: { records: 1, percent: 100 }\n`,
      wrap: away('check', () => isAway),
    });
    const { plan = '', status } = await run(on);
    expect(status).toBe('waiting');
    const approving = { plan, why: 'looked at', asOf: AS_OF, setClock: false, signal };
    isAway = true;
    const { report } = await approve(on.engine, on.tasks, approving);
    expect(report).toMatchObject({ status: 'failed', error: { code: 'SOURCE_UNREACHABLE' } });
    expect(left(on)).toHaveLength(6);
    isAway = false;
    // Who became a customer meanwhile stays.
    change(on, 'customers', '2', { status: 'active' });
    expect(await approve(on.engine, on.tasks, approving)).toMatchObject({
      report: { status: 'done', outcomes: { erased: 2 } },
      noLonger: { exempt: 1 },
    });
    expect(left(on)).toEqual(['1', '2', '5', '6']);
  });
});

describe('a starting point that another source knows', () => {
  const started = (more = ''): string =>
    `{ elsewhere: crm.customer, by: email, start: { column: ended_on, as: date, null: not yet }${more} }`;
  const tables = TABLES(
    [
      chat(1, 'ended@example.org'),
      chat(2, 'active@example.org'),
      chat(3, 'recent@example.org'),
      chat(4, 'both@example.org'),
      chat(5, 'nobody@example.org'),
      chat(6, 'twice@example.org', null),
    ],
    [
      customer(1, 'ended@example.org', 'closed', '2025-01-31'),
      customer(2, 'active@example.org', 'active'),
      customer(3, 'recent@example.org', 'closed', '2026-01-31'),
      customer(4, 'both@example.org', 'closed', '2025-01-31'),
      customer(5, 'both@example.org', 'closed', '2026-01-31'),
      customer(6, 'twice@example.org', 'closed', '2025-01-31'),
      customer(7, 'twice@example.org', 'closed', '2025-03-31'),
    ],
  );

  it('runs from there, and keeps whom the source does not know or knows in two ways', async () => {
    const on = await make({ tables, policies: policies('', started()) });
    expect(await run(on)).toMatchObject({
      status: 'done',
      found: { by: { erase: 1, pending: 2, 'unknown elsewhere': 3 } },
    });
    expect(left(on)).toEqual(['2', '3', '4', '5', '6']);
    const record = (await on.entries()).find((entry) => entry.type === 'record');
    expect(record).toMatchObject({ promised: '2026-01-31' });
  });

  it('runs from the latest of several', async () => {
    const on = await make({ tables, policies: policies('', started(', if several: latest')) });
    expect(await run(on)).toMatchObject({ found: { by: { erase: 2, pending: 3, 'unknown elsewhere': 1 } } });
    expect(left(on)).toEqual(['2', '3', '4', '5']);
  });

  it('falls back on its own where the source knows nobody', async () => {
    const start = `{ first known of: [${started(', if none: unknown')}, { column: last_message, null: unknown }] }`;
    const on = await make({ tables, policies: policies('', start) });
    // A start that is "not yet" is passed over, as any is in `first known of`.
    expect(await run(on)).toMatchObject({ status: 'done', outcomes: { erased: 3 } });
    expect(left(on)).toEqual(['3', '4', '6']);
  });

  it('does without the source where its own comes first', async () => {
    const start = `{ first known of: [{ column: last_message, null: unknown }, ${started()}] }`;
    const on = await make({
      tables,
      policies: policies('', start),
      wrap: (connector, source) =>
        source === 'crm' ? but(connector, { check: gone, lookup: gone }) : connector,
    });
    expect(await run(on)).toMatchObject({
      status: 'failed',
      found: { by: { erase: 5, 'unknown elsewhere': 1 } },
      outcomes: { erased: 5 },
      error: { code: 'SOURCE_UNREACHABLE' },
    });
    expect(left(on)).toEqual(['6']);
  });
});
