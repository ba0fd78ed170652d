/** The rows that a dry run counts with its records, and those that the run says went. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { dryRun } from '../../../src/erasure/dry-run.ts';
import { sweep } from '../../../src/erasure/sweep.ts';
import { DependentRows } from '../../../src/erasure/survey/dependents.ts';
import { ALWAYS } from '../../../src/policy/policy.ts';
import type { Dependent, RecordType, Related } from '../../../src/policy/policy.ts';
import { compileViews } from '../../../src/policy/view.ts';
import type { Row, TableSpec } from '../../connectors/conformance/harness.ts';
import { contact as typeOfContact, erase, fileOf, rule, stage } from '../../policy/policies.ts';
import { contact, POLICIES, TABLES } from '../fixture.ts';
import { createWorld, type World } from '../harness.ts';

const AS_OF = Date.parse('2026-06-30T03:15:00Z');
const ON = new AbortController().signal;

const letter = (id: number, from: number, to: number): Row => ({ id: String(id), from_id: String(from), to_id: String(to) }); // prettier-ignore

const tables = (people: number, letters: readonly Row[]): TableSpec[] => [
  ...TABLES(Array.from({ length: people }, (_, i) => contact(i + 1, '2025-01-01')), []), // prettier-ignore
  {
    name: 'letters',
    columns: {
      id: { type: 'int', nullable: false },
      from_id: { type: 'int', nullable: true },
      to_id: { type: 'int', nullable: true },
    },
    primaryKey: ['id'],
    foreignKeys: [],
    rows: letters,
  },
];

const policies = (related: string, dependents: string): string =>
  POLICIES.replace('notes: { table: notes, match: { contact_id: id } }', related).replace(
    '      - delete: notes\n',
    dependents,
  );

const SENT_AND_GOT = policies(
  `sent: { table: letters, match: { from_id: id } }
          got: { table: letters, match: { to_id: id } }`,
  '      - delete: sent\n      - delete: got\n',
);

describe('a row that is reached in several ways', () => {
  let world: World | undefined;
  afterEach(() => world?.close());

  const planAndRun = async (
    text: string,
    rows: readonly TableSpec[],
    pageSize = 100,
  ): Promise<readonly unknown[]> => {
    world = await createWorld({ tables: rows, policies: text, now: () => AS_OF, maxBatch: 1, memory: { pageSize } }); // prettier-ignore
    const [planned] = await dryRun(world.engine, world.tasks, { asOf: AS_OF, signal: ON });
    const input = { trigger: 'manual', slot: undefined, asOf: AS_OF, setClock: false, signal: ON } as const;
    const [done] = await sweep(world.engine, world.tasks, input);
    return [planned?.found?.dependents, planned?.found?.approximate, done?.dependents];
  };

  it('is counted once with one record, by the plan as by the run', async () => {
    const letters = [letter(1, 1, 1), letter(2, 1, 9), letter(3, 8, 1)];
    expect(await planAndRun(SENT_AND_GOT, tables(1, letters))).toEqual([
      { sent: 2, got: 1 },
      undefined,
      { 'sent: deleted': 2, 'got: deleted': 1 },
    ]);
  });

  it('is counted about where several records reach it, and it goes with whichever comes first', async () => {
    const letters = [letter(1, 2, 1), letter(2, 1, 2)];
    expect(await planAndRun(SENT_AND_GOT, tables(2, letters))).toEqual([
      { sent: 2, got: 0 },
      ['sent', 'got'],
      { 'sent: deleted': 1, 'got: deleted': 1 },
    ]);
  });

  it('is counted exactly with the records of one page, and about over several', async () => {
    const either = policies(
      'letters: { table: letters, match: [{ from_id: id }, { to_id: id }] }',
      '      - delete: letters\n',
    );
    const letters = [letter(1, 1, 2), letter(2, 2, 9)];
    const once = { 'letters: deleted': 2 };
    expect(await planAndRun(either, tables(2, letters))).toEqual([{ letters: 2 }, undefined, once]);
    await world?.close();
    expect(await planAndRun(either, tables(2, letters), 1)).toEqual([{ letters: 3 }, ['letters'], once]);
  });

  it('is counted about where an earlier policy may take it', async () => {
    const text = SENT_AND_GOT.replace(
      'policies:\n',
      `      letter: { table: letters, key: id, subject: none }
policies:
  letters:
    records: crm.letter
    start: { column: sent_at, as: local, null: unknown }
    within: 12 months
    action: delete
`,
    );
    const [letters, ...others] = [...tables(1, [{ ...letter(1, 1, 9), sent_at: '2025-01-01 12:00:00' }])].reverse(); // prettier-ignore
    const dated = { ...letters, columns: { ...letters?.columns, sent_at: { type: 'datetime', nullable: true } } } as TableSpec; // prettier-ignore
    world = await createWorld({ tables: [dated, ...others], policies: text, now: () => AS_OF });
    const reports = await dryRun(world.engine, world.tasks, { asOf: AS_OF, signal: ON });
    expect(reports.map(({ found }) => [found?.dependents, found?.approximate])).toEqual([
      [{}, undefined],
      [{ sent: 1, got: 0 }, ['sent']],
    ]);
  });
});

describe('the number of rows', () => {
  const related = (name: string, theirs: string, ours: string, more: Partial<Related> = {}): Related => ({
    name,
    table: name,
    match: [{ theirs, ours }],
    scope: [],
    where: ALWAYS,
    ...more,
  });
  const inDoubt = (answers: number, record: Partial<RecordType>, ...dependents: readonly Dependent[]): readonly string[] => {
    const type = { ...typeOfContact, ...record };
    const policy = erase('contacts', { stages: [stage(rule('after', { months: 1 }), { dependents })] });
    const view = compileViews(fileOf([policy], [type]))[0]?.view;
    if (view === undefined) throw new Error('no view');
    const rows = new DependentRows(view);
    for (let i = 0; i < answers; i += 1) rows.add(2, new Map(dependents.map((one) => [one.related, 1])));
    return rows.approximate;
  }; // prettier-ignore
  const goes = (name: string): Dependent => ({ kind: 'delete', related: name });

  it.each<[string, readonly Related[]]>([
    ['the key', [related('notes', 'contact_id', 'id')]],
    ['the key, over others', [related('notes', 'contact_id', 'id'), related('files', 'owner', 'contact_id', { of: 'notes' })]], // prettier-ignore
  ])('is sure over many pages where rows hold %s', (_, all) => {
    expect(inDoubt(3, { related: all }, ...all.map((one) => goes(one.name)))).toEqual([]);
  });

  it.each<[string, Partial<RecordType>]>([
    ['by no key', { related: [related('rows', 'email', 'email')] }],
    ['by half of the key', { key: ['id', 'site'], related: [related('rows', 'contact_id', 'id')] }],
    ['by the key in any case', { related: [related('rows', 'contact_id', 'id', { ignoreCase: true })] }],
    ['by a text around the key', { related: [related('rows', '', '', { match: [{ theirs: 'text', ours: 'id', inText: { before: 'id=', after: '' } }] })] }], // prettier-ignore
    ['over rows that nobody knows to be of one record', { related: [related('notes', 'contact_id', 'id'), related('rows', 'note_id', 'id', { of: 'notes' })] }], // prettier-ignore
  ])('is not sure over several pages where rows belong %s', (_, record) => {
    expect(inDoubt(2, record, goes('rows'))).toEqual(['rows']);
    expect(inDoubt(1, record, goes('rows'))).toEqual([]);
    // What stays belongs to the next batch as well.
    expect(inDoubt(1, record, { kind: 'keep', related: 'rows' })).toEqual(['rows']);
  });

  it('is not sure where the rows are records themselves', () => {
    const own = related('children', 'parent_id', 'id', { table: typeOfContact.table });
    expect(inDoubt(1, { related: [own] }, goes('children'))).toEqual(['children']);
  });
});
