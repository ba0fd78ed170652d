import { afterEach, describe, expect, it } from '@jest/globals';
import type { Connector } from '../../src/connectors/connector.ts';
import { approve } from '../../src/erasure/approve.ts';
import { dryRun } from '../../src/erasure/dry-run.ts';
import { placeHold } from '../../src/erasure/holds/place.ts';
import { releaseHold } from '../../src/erasure/holds/release.ts';
import type { PolicyReport } from '../../src/erasure/report.ts';
import { sweep } from '../../src/erasure/sweep.ts';
import type { Key } from '../../src/policy/policy.ts';
import { parsePolicies } from '../../src/policy/parse/parse.ts';
import { createWorld, type World, type WorldOptions } from './harness.ts';
import { contact, note, POLICIES, TABLES } from './fixture.ts';

const AS_OF = Date.parse('2026-06-30T03:15:00Z');

let world: World | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

const make = async (rows: WorldOptions['tables'], options: Partial<WorldOptions> = {}): Promise<World> => {
  world = await createWorld({ tables: rows, policies: POLICIES, now: () => AS_OF, ...options });
  return world;
};

const run = async (on: World): Promise<PolicyReport> => {
  const input = { trigger: 'manual', slot: undefined, asOf: AS_OF, setClock: false } as const;
  const [report] = await sweep(on.engine, on.tasks, { ...input, signal: new AbortController().signal });
  if (report === undefined) throw new Error('no report');
  return report;
};

const ids = (on: World, table = 'contacts'): string[] =>
  on
    .rows(table)
    .map((row) => String(row['id']))
    .sort();

describe('sweep', () => {
  it('erases what is due with its dependents, and nothing else', async () => {
    const on = await make(
      TABLES([contact(1, '2025-01-01'), contact(2, '2026-06-01')], [note(1, 1), note(2, 2)]),
    );
    const report = await run(on);
    expect(report).toMatchObject({
      status: 'done',
      outcomes: { erased: 1 },
      dependents: { 'notes: deleted': 1 },
      found: { population: 2, by: { erase: 1, pending: 1 } },
    });
    expect(ids(on)).toEqual(['2']);
    expect(ids(on, 'notes')).toEqual(['2']);
  });

  it('writes the intent before the outcome, and names nobody', async () => {
    const on = await make(TABLES([contact(1, '2025-01-01')], []));
    await run(on);
    const entries = await on.entries();
    expect(entries.map((entry) => entry.type)).toEqual([
      'installation',
      'run-started',
      'policy',
      'batch-opened',
      'record',
      'batch-settled',
      'run-finished',
    ]);
    expect(entries[4]).toMatchObject({
      outcome: 'erased',
      action: 'delete',
      promised: '2026-01-01',
      age: '<2y',
    });
    expect(JSON.stringify(entries)).not.toMatch(/person1|example\.org/);
  });

  it('erases nothing more when it runs again', async () => {
    const on = await make(TABLES([contact(1, '2025-01-01'), contact(2, '2026-06-01')], []));
    await run(on);
    expect(await run(on)).toMatchObject({ status: 'done', found: { by: { pending: 1 } } });
    expect(ids(on)).toEqual(['2']);
  });

  it('stops the whole policy at a guard, and an approval erases exactly the approved that are still due', async () => {
    const people = Array.from({ length: 150 }, (_, i) => contact(i, i < 120 ? '2025-01-01' : '2026-06-01'));
    const on = await make(TABLES(people, []));
    const stopped = await run(on);
    expect(stopped).toMatchObject({
      status: 'waiting',
      guard: { name: 'first-run-records', limit: 100, observed: 120 },
    });
    expect(on.rows('contacts')).toHaveLength(150);
    // One of the approved is alive again, one is held, one is gone, and one more has become due: none of them goes.
    const table = on.database.tables.get('contacts');
    table?.rows.set('["3"]', contact(3, '2026-06-29'));
    table?.rows.delete('["4"]');
    table?.rows.set('["149"]', contact(149, '2025-01-01'));
    await placeHold(on, [], {
      subjects: [['email', 'PERSON5@example.org ']],
      why: 'a dispute',
      waitMs: 0,
      signal: new AbortController().signal,
    });
    const { report, noLonger } = await approve(on.engine, on.tasks, {
      plan: stopped.plan ?? '',
      why: 'looked at it',
      asOf: AS_OF,
      setClock: false,
      signal: new AbortController().signal,
    });
    expect(report).toMatchObject({ status: 'done', outcomes: { erased: 117 } });
    expect(noLonger).toEqual({ pending: 1, held: 1, absent: 1 });
    expect(ids(on)).toEqual(['3', '5', ...Array.from({ length: 30 }, (_, i) => String(120 + i))].sort());
  });

  it('approves a plan of one policy though others erase from the same source', async () => {
    const people = Array.from({ length: 150 }, (_, i) => contact(i, '2025-01-01'));
    const policies = POLICIES.replace(
      'policies:',
      `      note: { table: notes, key: id, subject: none }
policies:
  notes:
    records: crm.note
    start: { column: written, as: date, null: unknown }
    within: 1 month
    action: delete`,
    );
    const [contacts, notes] = TABLES(people, []);
    if (contacts === undefined || notes === undefined) throw new Error('no tables');
    const dated = {
      ...notes,
      columns: { ...notes.columns, written: { type: 'date', nullable: true } },
    } as const;
    const on = await make([contacts, dated], { policies });
    const input = { trigger: 'manual', slot: undefined, asOf: AS_OF, setClock: false } as const;
    const { signal } = new AbortController();
    const reports = await sweep(on.engine, on.tasks, { ...input, signal });
    const waiting = reports.find((one) => one.policy === 'contacts');
    expect(waiting).toMatchObject({ status: 'waiting' });
    const plan = waiting?.plan ?? '';
    const { report } = await approve(on.engine, on.tasks, {
      plan,
      why: 'x',
      asOf: AS_OF,
      setClock: false,
      signal,
    });
    expect(report).toMatchObject({ status: 'done', outcomes: { erased: 150 } });
  });

  it('dry run and run agree on the set', async () => {
    const people = Array.from({ length: 60 }, (_, i) =>
      contact(i, `202${String(4 + (i % 3))}-0${String(1 + (i % 9))}-11`),
    );
    const on = await make(TABLES(people, []), { memory: { pageSize: 7 } });
    const planned: string[] = [];
    const reports = await dryRun(on.engine, on.tasks, {
      asOf: AS_OF,
      signal: new AbortController().signal,
      onDisposition: (_, facts, disposition) => {
        if (disposition.verdict === 'erase') planned.push(String(facts.key[0]));
      },
    });
    const before = ids(on);
    const report = await run(on);
    expect(reports[0]?.plan).toBe(report.plan);
    expect(before.filter((id) => !ids(on).includes(id))).toEqual(planned.sort());
  });

  it('keeps whom a hold protects, until it is released', async () => {
    const on = await make(TABLES([contact(1, '2025-01-01')], []));
    const placed = await placeHold(on, [], {
      subjects: [['email', 'person1@example.org']],
      why: 'x',
      waitMs: 0,
      signal: new AbortController().signal,
    });
    expect(await run(on)).toMatchObject({ found: { by: { held: 1 } } });
    expect(ids(on)).toEqual(['1']);
    await releaseHold(on.engine, placed.hold.id, 'settled', 0);
    expect(await run(on)).toMatchObject({ outcomes: { erased: 1 } });
  });

  it('does not call erased, without a word, what a second look finds there', async () => {
    const wrap = (connector: Connector): Connector =>
      Object.assign(connector, {
        verify: (_: unknown, __: unknown, keys: readonly Key[]) =>
          Promise.resolve(keys.map(([id]) => (id === '2' ? 'present' : 'gone'))),
      });
    const on = await make(
      TABLES(
        [1, 2, 3].map((id) => contact(id, '2025-01-01')),
        [],
      ),
      { wrap },
    );
    await run(on);
    const records = (await on.entries()).filter((entry) => entry.type === 'record');
    const second = on.names.record('crm', 'contact', ['2']);
    expect(
      records.map(({ outcome, code, commitments }) => [outcome, code, commitments.record === second]),
    ).toEqual([
      ['erased', undefined, false],
      ['erased', 'FOUND_AGAIN', true],
      ['erased', undefined, false],
    ]);
    const settled = (await on.entries()).find((entry) => entry.type === 'batch-settled');
    expect(settled).toMatchObject({ verification: 'leftovers', leftovers: 1, outcomes: { erased: 3 } });
  });

  it('says how many of whom a hold is for had gone before it, whichever way the identifier is written', async () => {
    const on = await make(TABLES([], []));
    const { file } = parsePolicies(
      POLICIES.replace('{ email: email }', '{ email: email, phone: { column: phone, normalise: digits } }'),
      { file: 'p.yaml', resolve: () => undefined, kinds: ['memory'] },
    );
    const detail = [
      [['2024-01-01'], ['Person1@example.org ', null]],
      [['2024-01-01'], [null, '+45 12 34']],
      [['2024-01-01'], ['person2@example.org', '99']],
    ];
    await on.state.transaction((t) =>
      t.openBatch({
        id: 'b',
        run: 'r',
        controller: 'Test',
        policy: 'contacts',
        source: 'crm',
        stage: 0,
        asOf: new Date(AS_OF).toISOString(),
        opened: new Date(AS_OF).toISOString(),
        epoch: 'e1',
        keys: [['1'], ['2'], ['3']],
        detail: JSON.stringify({ sense: '', records: detail }),
      }),
    );
    const input = { why: 'x', waitMs: 0, signal: new AbortController().signal };
    for (const [kind, value] of [
      ['email', 'PERSON1@example.org'],
      ['phone', '(+45) 12-34'],
    ] as const) {
      const placed = await placeHold({ ...on, sources: file.sources }, [], {
        ...input,
        subjects: [[kind, value]],
      });
      expect(placed).toMatchObject({ before: [{ now: 'unknown' }], settled: false });
    }
  });

  it('lets the failing record stand alone, erases the others, and says so', async () => {
    const people = Array.from({ length: 9 }, (_, i) => contact(i, '2025-01-01'));
    const on = await make(TABLES(people, []), { memory: { refuses: (key) => key[0] === '4' }, maxBatch: 9 });
    expect(await run(on)).toMatchObject({
      status: 'failed',
      outcomes: { erased: 8, failed: 1 },
      error: {
        code: 'RECORD_FAILED',
        message: expect.stringMatching(
          /^1 record\(s\) of crm\.contact cannot be erased under policy contacts/,
        ),
      },
    });
    expect(ids(on)).toEqual(['4']);
  });

  it('does not believe a clock that was set back, nor one that nobody can confirm after a long silence', async () => {
    let now = AS_OF;
    const people = TABLES([contact(1, '2025-01-01')], []);
    const on = await make(people, { now: () => now, memory: {} });
    const at = async (): Promise<PolicyReport> => {
      const input = { trigger: 'manual', slot: undefined, asOf: now, setClock: false } as const;
      const [report] = await sweep(on.engine, on.tasks, { ...input, signal: new AbortController().signal });
      if (report === undefined) throw new Error('no report');
      return report;
    };
    expect(await at()).toMatchObject({ status: 'done' });
    on.database.tables.get('contacts')?.rows.set('["2"]', contact(2, '2025-01-01'));
    now -= 60_000;
    expect(await at()).toMatchObject({ status: 'failed', error: { code: 'CLOCK_BACKWARDS' } });
    now += 50 * 3_600_000;
    expect(await at()).toMatchObject({ status: 'waiting', guard: { name: 'clock-gap', limit: 48 } });
    // A night later nobody has confirmed it yet.
    now += 24 * 3_600_000;
    expect(await at()).toMatchObject({ status: 'waiting', guard: { name: 'clock-gap' } });
    expect(ids(on)).toEqual(['2']);
  });

  it('tries last what failed before', async () => {
    const people = Array.from({ length: 9 }, (_, i) => contact(i, '2025-01-01'));
    let refusing = true;
    const seen: string[][] = [];
    const on = await make(TABLES(people, []), {
      memory: { refuses: (key) => refusing && key[0] !== '8' },
      maxBatch: 3,
      wrap: (connector) => ({
        ...connector,
        kind: connector.kind,
        capabilities: connector.capabilities,
        check: (...args) => connector.check(...args),
        now: () => connector.now(),
        count: (...args) => connector.count(...args),
        scan: (...args) => connector.scan(...args),
        read: (...args) => connector.read(...args),
        dependents: (...args) => connector.dependents(...args),
        verify: (...args) => connector.verify(...args),
        find: (...args) => connector.find(...args),
        close: () => connector.close(),
        erasing: async (...args) => {
          const session = await connector.erasing(...args);
          return {
            erase: (batch, signal) => {
              seen.push(batch.keys.map((key) => String(key[0])));
              return session.erase(batch, signal);
            },
            release: () => session.release(),
          };
        },
      }),
    });
    await run(on);
    refusing = false;
    on.database.tables.get('contacts')?.rows.set('["9"]', contact(9, '2025-01-01'));
    seen.length = 0;
    expect(await run(on)).toMatchObject({ status: 'done', outcomes: { erased: 9 } });
    expect(seen[0]?.[0]).toBe('9');
  });
});
