/** The data that every kind of connector is tried on: each row is there for a mistake that somebody could make. */
import type { ColumnSpec, Row, TableSpec, Value } from './harness.ts';

const int: ColumnSpec = { type: 'int', nullable: false };
const text: ColumnSpec = { type: 'text', nullable: false };
const intOrNull: ColumnSpec = { type: 'int', nullable: true };
const textOrNull: ColumnSpec = { type: 'text', nullable: true };
const timeOrNull: ColumnSpec = { type: 'datetime', nullable: true };
const boolOrNull: ColumnSpec = { type: 'bool', nullable: true };

/** Neighbours that a double cannot tell apart, and the largest of 64 bits. */
export const BIG = '9007199254740993';
export const BIG_NEIGHBOUR = '9007199254740992';
export const LARGEST = '9223372036854775807';

/** Keys that careless quoting, trimming, folding or conversion to numbers would confuse with one another. */
export const HARD_TEXT_KEYS: readonly string[] = [
  '0', '7', '007', '7.0', '7e0', ' 7', '', 'abc', 'ABC', 'åbc', "O'Brien", '"quoted"', 'back\\slash', 'x%', 'x_', 'xy',
  "'; DROP TABLE codes; --", 'NULL', 'a b ', '😀', '日本語', 'tab\there', '{key}', '?', ':x', '$1', '$&',
]; // prettier-ignore

type Columns = TableSpec['columns'];

function table(
  name: string,
  columns: Columns,
  rows: readonly (readonly Value[])[],
  more: { readonly primaryKey?: readonly string[]; readonly foreignKeys?: TableSpec['foreignKeys'] } = {},
): TableSpec {
  const names = Object.keys(columns);
  const asRow = (values: readonly Value[]): Row => {
    if (values.length !== names.length) throw new Error(`fixture: ${name} ${values.join()}`);
    return Object.fromEntries(names.map((column, i) => [column, values[i] ?? null]));
  };
  return {
    name,
    columns,
    rows: rows.map(asRow),
    primaryKey: more.primaryKey ?? ['id'],
    foreignKeys: more.foreignKeys ?? [],
  };
}

const referring = (column: string, to: string): TableSpec['foreignKeys'][number] => ({
  columns: [column],
  table: to,
  references: ['id'],
});

/** Enough plain people for several pages; all old, all leads of tenant 7. */
const CROWD: readonly (readonly Value[])[] = Array.from({ length: 40 }, (_, i) => [
  String(101 + i), '7', `crowd${String(i)}@example.com`, null, `Crowd Person ${String(i)}`, 'lead', '0', '1', '2019-05-05 12:00:00', null,
]); // prettier-ignore

const people = table(
  'people',
  {
    id: int, tenant_id: intOrNull, email: textOrNull, phone: textOrNull, name: textOrNull, status: textOrNull,
    score: intOrNull, active: boolOrNull, started_at: timeOrNull, seen_at: timeOrNull,
  }, // prettier-ignore
  [
    ['1', '7', 'Anna@Example.DK', '+45 12 34 56 78', 'Anna Secretname', 'lead', '5', '1', '2020-01-31 10:00:00', '2021-03-04 05:06:07'],
    ['2', '7', 'bo@example.dk', null, 'Bo Secretname', 'hired', '10', '0', '2020-06-15 00:00:00', null],
    ['3', '7', null, '', 'Cecilie Secretname', null, null, null, null, null],
    ['4', '7', '  dan@example.dk ', '12345678', null, 'lead', '9', '1', '2035-01-01 00:00:00', '2020-01-01 00:00:00'],
    ['5', '7', '', null, '', 'Lead', '-3', null, '2024-02-29 23:59:59', '2024-02-29 23:59:59'],
    ['6', '7', 'øjvind.ÆRØ@example.dk', null, "Øjvind O'Secret 😀", '', '0', '0', '1000-01-01 00:00:00', null],
    ['8', '8', 'anna@example.dk', null, 'Anna Othertenant', 'lead', '5', '1', '2020-01-31 10:00:00', null],
    ['9', null, 'nobody@example.dk', null, 'Tenantless Secretname', 'lead', '5', '1', '2020-01-31 10:00:00', null],
    [BIG, '7', 'big@example.dk', null, 'Big Secretname', 'lead', '99', '1', '2018-01-01 00:00:00', null],
    [BIG_NEIGHBOUR, '7', 'neighbour@example.dk', null, 'Neighbour Secretname', 'lead', '100', '1', '2018-01-01 00:00:00', null],
    [LARGEST, '7', 'largest@example.dk', null, 'Largest Secretname', 'lead', LARGEST, '1', '2018-01-01 00:00:00', null],
    ...CROWD,
  ], // prettier-ignore
);

/** Rows of both tenants under the same person ids, and one that belongs to nobody. */
const messages = table(
  'messages',
  { id: int, tenant_id: intOrNull, person_id: intOrNull, body: textOrNull, sent_at: timeOrNull },
  [
    ['1', '7', '1', 'Secret words of Anna', '2021-01-01 00:00:00'],
    ['2', '7', '1', 'More secret words', '2022-02-02 00:00:00'],
    ['3', '8', '1', 'Words of the other tenant', '2024-12-12 00:00:00'],
    ['4', '7', '2', 'Secret words of Bo', null],
    ['5', '7', '3', null, '2020-01-01 00:00:00'],
    ['6', '7', null, 'Words of nobody', '2020-01-01 00:00:00'],
    ['7', '7', BIG, 'Big words', '2020-01-01 00:00:00'],
    ['8', '7', BIG_NEIGHBOUR, 'Neighbouring words', '2020-01-01 00:00:00'],
    ['9', '7', '101', 'Crowded words', '2020-01-01 00:00:00'],
    ['10', '7', '11', 'Words of somebody deleted long ago', '2020-01-01 00:00:00'],
    ['11', '7', '4', 'Secret words of Dan', null],
    ['12', '7', '4', 'Other words of Dan', '2020-01-01 00:00:00'],
  ],
);

const attachments = table(
  'attachments',
  { id: int, message_id: int, person_id: int, path: textOrNull },
  [
    ['1', '1', '1', 'a/secret.pdf'],
    ['2', '9', '101', 'b/secret.pdf'],
  ],
  { foreignKeys: [referring('message_id', 'messages')] },
);

const notes = table('notes', { id: int, person_id: intOrNull, author: text, body: textOrNull }, [
  ['1', '1', 'clerk', 'Secret note on Anna'],
  ['2', '1', 'clerk', null],
  ['3', '2', 'clerk', 'Secret note on Bo'],
  ['4', null, 'clerk', 'Note on nobody'],
]);

const deals = table(
  'deals',
  { id: int, person_id: intOrNull, status: textOrNull, amount: intOrNull },
  [
    ['1', '1', 'won', '100'],
    ['2', '2', 'open', '9'],
    ['3', '2', null, null],
    ['4', null, 'open', '10'],
    ['5', '4', 'lost', null],
  ],
  { foreignKeys: [referring('person_id', 'people')] },
);

const invoices = table('invoices', { id: int, person_id: int, text: textOrNull }, [
  ['1', '1', 'Secret invoice'],
  ['2', '2', 'Secret invoice'],
  ['3', '1', null],
]);

/** Refer to people and are no dependents of any policy here: they forbid. */
const orders = table(
  'orders',
  { id: int, person_id: int, item: textOrNull },
  [
    ['1', '110', 'Secret thing'],
    ['2', '2', 'Secret thing'],
  ],
  { foreignKeys: [referring('person_id', 'people')] },
);

/** The parent's id stored as text: only the canonical decimal is meant. */
const links = table('links', { id: int, owner: textOrNull, url: textOrNull }, [
  ['1', '1', 'https://secret.example/1'],
  ['2', '01', 'https://secret.example/01'],
  ['3', '1.0', 'https://secret.example/1.0'],
  ['4', '1x', 'https://secret.example/1x'],
  ['5', null, 'https://secret.example/null'],
  ['6', BIG, 'https://secret.example/big'],
  ['7', BIG_NEIGHBOUR, 'https://secret.example/neighbour'],
  ['8', ' 1', 'https://secret.example/space'],
]);

/** Belong by a natural key, which may be NULL or empty on both sides. */
const mails = table('mails', { id: int, address: textOrNull, at_epoch: intOrNull, subject: textOrNull }, [
  ['1', 'Anna@Example.DK', '9', 'Secret subject'],
  ['2', 'Anna@Example.DK', '10', 'Secret subject'],
  ['3', 'anna@example.dk', '11', 'Secret subject, other case'],
  ['4', null, '12', 'Nobody is addressed'],
  ['5', '', '13', 'Empty address'],
  ['6', 'bo@example.dk', null, null],
]);

const memberships = table(
  'memberships',
  { org: text, person_id: int, role: textOrNull, joined_at: timeOrNull },
  [
    ['a', '1', 'member', '2020-01-01 00:00:00'],
    ['a', '2', 'member', '2020-01-01 00:00:00'],
    ['b', '1', 'chair', '2020-01-01 00:00:00'],
    ['b', '2', null, null],
    ['A', '1', 'member', '2020-01-01 00:00:00'],
    ['a', '12', 'member', '2020-01-01 00:00:00'],
    ['a1', '2', 'member', '2020-01-01 00:00:00'],
  ],
  { primaryKey: ['org', 'person_id'] },
);

const badges = table('badges', { id: int, org: textOrNull, person_id: intOrNull, colour: textOrNull }, [
  ['1', 'a', '1', 'red'],
  ['2', 'a', '2', 'red'],
  ['3', 'b', '1', 'red'],
  ['4', 'a', null, 'red'],
  ['5', null, '1', 'red'],
]);

const codes = table(
  'codes',
  { code: text, label: textOrNull, at: timeOrNull },
  HARD_TEXT_KEYS.map((key, i) => [key, `label ${String(i)}`, '2020-01-01 00:00:00']),
  { primaryKey: ['code'] },
);

const uses = table(
  'uses',
  { id: int, code: textOrNull },
  HARD_TEXT_KEYS.map((key, i) => [String(i + 1), key]),
);

/** The day in one column and the time of day, if anybody wrote it down, in another. */
const meetings = table('meetings', { id: int, day: { type: 'date', nullable: true }, clock: textOrNull }, [
  ['1', '2020-05-05', '14:30'],
  ['2', '2020-05-05', ''],
  ['3', '2020-05-05', null],
  ['4', '2024-02-29', '  '],
  ['5', null, '14:30'],
  ['6', '2024-02-29', 'noon'],
]);

/** Rows that belong to rows of the same table. */
const comments = table('comments', { id: int, parent_id: intOrNull, body: textOrNull }, [
  ['1', null, 'Secret remark'],
  ['2', '1', 'Secret answer'],
  ['3', '1', 'Another secret answer'],
  ['4', '2', 'Secret answer to the answer'],
  ['5', null, 'Secret remark of somebody else'],
]);

/** One for each of some people: who brought them, and JSON in a text column, some of it broken. */
const profiles = table('profiles', { id: int, sponsor: intOrNull, doc: textOrNull }, [
  ['1', '2', '{"consent": {"given": true, "at": "2020-01-31"}, "tags": ["old", "7"], "n": 7, "1": "one"}'],
  ['2', '8', '{"consent": {"given": false, "at": null}, "tags": [], "n": "10"}'],
  ['3', '1', '{"consent": "yes", "tags": {"0": "old"}, "n": 9.5}'],
  ['4', null, null],
  ['5', '9', '{"consent": {"given": "true"}'],
  ['6', '6', '[1, "old"]'],
  [BIG, BIG_NEIGHBOUR, '{"n": 100}'],
]);

const empty = table('nothing', { id: int, at: timeOrNull }, []);

export const FIXTURE: readonly TableSpec[] = [
  people, messages, attachments, notes, deals, invoices, orders, links, mails, memberships, badges, codes, uses, meetings, comments, profiles, empty,
]; // prettier-ignore

/** Texts that stand in rows and must stand in no error. */
export const PERSONAL_VALUES: readonly string[] = FIXTURE.flatMap((spec) =>
  spec.rows.flatMap((row) =>
    Object.values(row).filter((value) => value !== null && /ecret|@|words/i.test(value)),
  ),
).filter((value) => value !== null);
