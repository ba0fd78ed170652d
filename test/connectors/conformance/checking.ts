/** `check` finds every name and type that the source does not have, all at once, and writes nothing. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { CheckReport, Connector } from '../../../src/connectors/connector.ts';
import type { View } from '../../../src/policy/policy.ts';
import { FIXTURE } from './fixture.ts';
import type { Harness } from './harness.ts';
import { ON, patiently, snapshot } from './support.ts';
import {
  ANONYMISE,
  DELETE_WITH_ALL,
  PERSON,
  is,
  latestOf,
  relatedRows,
  stage,
  startAt,
  view,
} from './views.ts';

const WRONG = 'no_such_column';

/** One wrong column in each place that can name one. */
const wrongColumns: Readonly<Record<string, View>> = {
  'a starting point': view({ starts: [startAt(WRONG)] }),
  'a starting point over related rows': view({ starts: [latestOf('messages', WRONG)] }),
  'the time of day of a starting point': view({ starts: [startAt('started_at', { timeColumn: WRONG })] }),
  'the predicate': view({ where: is(WRONG, 1) }),
  'a condition inside related rows': view({ conditions: [relatedRows('exists', 'deals', is(WRONG, 1))] }),
  'an exemption': view({ exempt: [is(WRONG, 1)] }),
  'the key': view({ record: { ...PERSON, key: [WRONG] } }),
  'the scope': view({ record: { ...PERSON, scope: [{ column: WRONG, value: 7 }] } }),
  'a subject': view({ record: { ...PERSON, subjects: [{ kind: 'email', column: WRONG, normalise: 'exact' }] } }),
  'a match, theirs': view({
    record: { ...PERSON, related: [{ ...PERSON.related[0], match: [{ theirs: WRONG, ours: 'id' }] } as never] },
    stages: [stage({ kind: 'delete' }, { related: 'messages', kind: 'delete' })],
  }),
  'a match, ours': view({
    record: { ...PERSON, related: [{ ...PERSON.related[0], match: [{ theirs: 'person_id', ours: WRONG }] } as never] },
    stages: [stage({ kind: 'delete' }, { related: 'messages', kind: 'delete' })],
  }),
  'what is anonymised': view({
    stages: [stage({ kind: 'anonymise', set: [{ column: WRONG, with: { kind: 'constant', value: null } }] })],
  }),
  'what is anonymised in a dependent': view({
    stages: [
      stage({ kind: 'delete' }, { related: 'notes', kind: 'anonymise', set: [{ column: WRONG, with: { kind: 'constant', value: null } }] }),
    ],
  }),
}; // prettier-ignore

/** What cannot be carried out although every name exists. */
const impossible: Readonly<Record<string, View>> = {
  'NULL into a column that cannot hold it': view({
    stages: [
      stage({ kind: 'delete' }, { related: 'notes', kind: 'anonymise', set: [{ column: 'author', with: { kind: 'constant', value: null } }] }),
    ],
  }),
  'detaching by a column that cannot be NULL': view({
    stages: [stage({ kind: 'delete' }, { related: 'orders', kind: 'detach' })],
  }),
}; // prettier-ignore

const errorsOf = (report: CheckReport): string =>
  report.findings
    .filter((finding) => finding.severity === 'error')
    .map((finding) => `${finding.code} ${finding.message}`)
    .join('\n');

export function checking(open: () => Harness): void {
  let connector: Connector;
  const checked = (...views: View[]): Promise<CheckReport> => patiently(() => connector.check(views, ON));

  beforeAll(async () => {
    await open().reset();
    connector = open().connect();
  });
  afterAll(async () => {
    await connector.close();
  });

  it('says which tables there are, with their columns, keys and references', async () => {
    const { tables, references } = await patiently(() => connector.outline(ON));
    for (const spec of FIXTURE) {
      const found = tables.find(({ name }) => name === spec.name);
      expect(found?.key).toEqual(spec.primaryKey);
      const columns = Object.fromEntries(found?.columns.map((one) => [one.name, one.nullable]) ?? []);
      expect(columns).toEqual(
        Object.fromEntries(Object.entries(spec.columns).map(([name, { nullable }]) => [name, nullable])),
      );
      const kinds = new Map(found?.columns.map((one) => [one.name, one.kind]));
      const expected = { int: 'number', text: 'text', datetime: 'datetime', date: 'date' } as const;
      for (const [name, { type }] of Object.entries(spec.columns))
        if (type !== 'bool') expect([name, kinds.get(name)]).toEqual([name, expected[type]]);
      for (const { columns: from, table, references: to } of spec.foreignKeys)
        expect(references).toContainEqual({ from: spec.name, columns: from, to: table, references: to });
    }
  });

  it('finds no error in what is right', async () => {
    const report = await checked(view({ stages: [DELETE_WITH_ALL] }), view({ stages: [ANONYMISE] }));
    expect(errorsOf(report)).toBe('');
  });

  it('names a table that does not exist', async () => {
    const missing = view({ record: { ...PERSON, table: 'no_such_table' } });
    expect(errorsOf(await checked(missing))).toContain('no_such_table');
  });

  it('names a related table that does not exist', async () => {
    const messages = PERSON.related.map((one) =>
      one.name === 'messages' ? { ...one, table: 'no_such_table' } : one,
    );
    const missing = view({
      record: { ...PERSON, related: messages },
      starts: [latestOf('messages', 'sent_at')],
    });
    expect(errorsOf(await checked(missing))).toContain('no_such_table');
  });

  it.each(Object.entries(wrongColumns))('names an unknown column in %s', async (_, wrong) => {
    expect(errorsOf(await checked(wrong))).toContain(WRONG);
  });

  it.each(Object.entries(impossible))('refuses %s', async (_, wrong) => {
    expect(errorsOf(await checked(wrong))).not.toBe('');
  });

  it('reports everything at once', async () => {
    const found = errorsOf(
      await checked(
        view({ where: is('no_such_1', 1), exempt: [is('no_such_2', 1)] }),
        view({ where: is('no_such_3', 1) }),
      ),
    );
    for (const name of ['no_such_1', 'no_such_2', 'no_such_3']) expect(found).toContain(name);
  });

  it('gives every start of every view its encoding', async () => {
    const epoch = latestOf('mails', 'at_epoch', { encoding: { kind: 'epoch seconds' } });
    const { encoding, ...undeclared } = startAt('started_at');
    const zone = 'Europe/Copenhagen';
    const views = [
      view({ starts: [startAt('started_at'), epoch] }),
      view({ record: { ...PERSON, datetimesIn: zone }, starts: [undeclared] }),
      view({ starts: [undeclared] }),
    ] as const;
    const report = await checked(...views);
    expect(report.encodings.get(views[0])).toEqual([encoding, { kind: 'epoch seconds' }]);
    expect(report.encodings.get(views[1])).toEqual([{ kind: 'local', zone }]);
    // Without a zone a wall-clock time is no moment: refused, never guessed.
    expect(report.encodings.get(views[2])).toEqual([undefined]);
    expect(errorsOf(report)).toContain('started_at');
  });

  it('gives the same catalogue digest for the same catalogue, whoever asks and whatever the rows', async () => {
    const first = (await checked(view())).catalogue;
    const other = open().connect();
    await open().remove('messages', { id: '6' });
    const second = (await patiently(() => other.check([view()], ON))).catalogue;
    await other.close();
    await open().reset();
    expect(first).not.toBe('');
    expect(second).toBe(first);
  });

  it('writes nothing', async () => {
    const before = await snapshot(open());
    await checked(view({ stages: [DELETE_WITH_ALL] }), ...Object.values(wrongColumns));
    expect(await snapshot(open())).toEqual(before);
  });
}
