/**
 * Promises that run from, or end with, a customer relationship which only the CRM knows: IM-2, IM-8, IM-9 (InterMail), ID-1
 * (IdRelay) and CL-2 (Clienti). The data stand in one system and the customers in another; what must be left is found by
 * brute force, on dates as text.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { engines, freshDatabase, type TestDatabase } from '../support/servers/index.ts';
import { install, ON_THE_DAY, type Installation } from './installation.ts';

const POLICIES = `
frist: 1
controller: { name: Eksempel A/S, timezone: Europe/Copenhagen }
guards: { records: 1000, percent: 100 }
first run guards: { records: 1000, percent: 100 }
sources:
  crm:
    kind: sql
    connection: \${FRIST_CRM}
    records:
      customer: { table: customers, key: id, subject: { email: email } }
      agreement: { table: agreements, key: id, subject: { email: { column: signed_by } } }
  desk:
    kind: sql
    connection: \${FRIST_DESK}
    datetimes in: Europe/Copenhagen
    records:
      enquiry: { table: enquiries, key: id, subject: { email: email } }
      lead: { table: leads, key: id, subject: { email: email } }
      conversation:
        table: conversations
        key: id
        subject: { email: email }
        related:
          messages: { table: messages, match: { conversation_id: id } }
      user: { table: users, key: id, subject: { email: email } }
      profile: { table: profiles, key: id, subject: { email: email } }
policies:
  IM-2:
    promise: Enquiries are erased within 12 months of the last processing, unless a cooperation began.
    records: desk.enquiry
    start: { column: handled_at, as: local, null: unknown }
    within: 12 months
    unless:
      cooperation began: { elsewhere: crm.customer, by: email, if none: not met }
      still needed: { keep_open: 1 }
    action: delete
  IM-8:
    promise: Support conversations are erased within 12 months of the end of the customer relationship.
    records: desk.conversation
    start:
      elsewhere: crm.customer
      by: email
      start: { column: ended_on, as: date, null: not yet }
      if several: latest
    within: 12 months
    action: delete
    dependents:
      - delete: messages
  IM-9:
    promise: Leads from third parties are erased within 12 months of the last processing.
    records: desk.lead
    start: { column: processed_at, as: local, null: unknown }
    within: 12 months
    where: { origin: third party }
    unless:
      cooperation began: { elsewhere: crm.customer, by: email, if none: not met }
    action: delete
  ID-1:
    promise: User data are erased or anonymised within a reasonable time after the end of the agreement.
    records: desk.user
    start:
      elsewhere: crm.agreement
      by: email
      start: { column: ends_on, as: date, null: not yet, may lie ahead: true }
    within: 3 months
    action: anonymise
    set: { name: null, email: { placeholder: 'erased-{key}@invalid' } }
  CL-2:
    promise: All personal data of a customer are erased 24 months after the end of the customer relationship.
    records: desk.profile
    start:
      elsewhere: crm.customer
      by: email
      start: { column: ended_on, as: date, null: not yet }
      if several: latest
    after: 24 months
    unless:
      agreement runs: { elsewhere: crm.agreement, by: email, where: { ends_on: null }, if none: not met }
    action: delete
`;

const CRM = `
create table customers (id integer primary key, email varchar(100), ended_on date);
create table agreements (id integer primary key, signed_by varchar(100), ends_on date)`;
const DESK = `
create table enquiries (id integer primary key, email varchar(100), handled_at varchar(19), keep_open integer not null);
create table leads (id integer primary key, email varchar(100), processed_at varchar(19), origin varchar(20) not null);
create table conversations (id integer primary key, email varchar(100));
create table messages (id integer primary key, conversation_id integer not null);
create table users (id integer primary key, email varchar(100), name varchar(100));
create table profiles (id integer primary key, email varchar(100))`;

type Cell = string | number | null;
type Tables = Readonly<Record<string, readonly (readonly Cell[])[]>>;

/** Ends of customer relationships around each of the days that count; null has not ended. Of one person, several. */
const ENDS: readonly (readonly (string | null)[])[] = [
  [],
  [null],
  ['2025-07-02'],
  ['2025-07-03'],
  ['2024-06-29'],
  ['2024-06-30'],
  ['2023-01-15', null],
  ['2023-01-15', '2024-06-29'],
  ['2023-01-15', '2026-05-01'],
  ['2023-01-15', '2023-01-15'],
];
const AGREEMENTS: readonly (readonly (string | null)[])[] = [
  [],
  [null],
  ['2026-04-02'],
  ['2026-04-03'],
  ['2027-12-31'],
  ['2025-01-01', '2026-04-02'],
  ['2025-01-01', null],
];
/** In Copenhagen; the run is at 05:15, two days before the promised end that makes the second of them due. */
const HANDLED = ['2024-01-10 09:00:00', '2025-07-02 05:15:00', '2025-07-02 05:15:01', null];

interface Person {
  readonly id: number;
  /** As the desk has it; the CRM spells it otherwise. */
  readonly email: string | null;
  readonly ends: readonly (string | null)[];
  readonly agreements: readonly (string | null)[];
  readonly handled: string | null;
}

/** Everybody that the lists make, and some whom nobody knows. */
const PEOPLE: readonly Person[] = ENDS.flatMap((ends) =>
  AGREEMENTS.flatMap((agreements) => HANDLED.map((handled) => ({ ends, agreements, handled }))),
).map((person, i) => {
  const isUnknown = person.ends.length + person.agreements.length === 0 && i % 2 === 0;
  return { ...person, id: i + 1, email: isUnknown ? null : `Person${String(i + 1)}@Example.org` };
});

function crmTables(): Tables {
  const known = PEOPLE.map((one) => ({ ...one, email: ` ${one.email?.toLowerCase() ?? ''}` }));
  const numbered = (rows: readonly (readonly Cell[])[]): (readonly Cell[])[] =>
    rows.map((row, i) => [i + 1, ...row]);
  return {
    customers: numbered(known.flatMap(({ email, ends }) => ends.map((end) => [email, end]))),
    agreements: numbered(known.flatMap(({ email, agreements }) => agreements.map((end) => [email, end]))),
  };
}

const isOpen = ({ id }: Person): boolean => id % 5 === 0;
const isThirdParty = ({ id }: Person): boolean => id % 3 !== 0;

/** The desk's tables with the rows of these people; `isBlank` are anonymised. */
function deskTables(
  stays: (policy: string, person: Person) => boolean,
  isBlank: (person: Person) => boolean,
): Tables {
  const of = (policy: string, row: (person: Person) => readonly Cell[]): (readonly Cell[])[] =>
    PEOPLE.filter((person) => stays(policy, person)).map(row);
  return {
    enquiries: of('IM-2', (one) => [one.id, one.email, one.handled, Number(isOpen(one))]),
    leads: of('IM-9', (one) => [one.id, one.email, one.handled, isThirdParty(one) ? 'third party' : 'own']),
    conversations: of('IM-8', (one) => [one.id, one.email]),
    messages: of('IM-8', (one) => [one.id, one.id]),
    users: of('ID-1', (one) =>
      isBlank(one)
        ? [one.id, `erased-${String(one.id)}@invalid`, null]
        : [one.id, one.email, `Person ${String(one.id)}`],
    ),
    profiles: of('CL-2', (one) => [one.id, one.email]),
  };
}

/** The same day of the month, some months later; days here are never beyond the 28th where it matters. */
function later(day: string, months: number): string {
  const count = Number(day.slice(0, 4)) * 12 + Number(day.slice(5, 7)) - 1 + months;
  return `${String(Math.floor(count / 12))}-${String((count % 12) + 1).padStart(2, '0')}${day.slice(7)}`;
}

/** Two days of margin before the promised end; the run is on 2026-06-30 at 05:15. */
const isDueWithin = (start: string, months: number): boolean =>
  `${later(start, months)} 00:00:00`.slice(0, 19) <= '2026-07-02 05:15:00';
/** The whole day counts, so that the last one is yesterday. */
const isDueAfter = (start: string, months: number): boolean => later(start, months) <= '2026-06-29';

/** The latest of some ends; undefined where there is none, or one is still to come. */
function ended(ends: readonly (string | null)[]): string | undefined {
  return ends.includes(null) ? undefined : ([...ends].sort().at(-1) ?? undefined);
}

/** Whether the promise is due for the person's record: what a lawyer would say who has both systems on the desk. */
function isDue(policy: string, person: Person): boolean {
  const { handled, ends, agreements } = person;
  const handledLongAgo = handled !== null && isDueWithin(handled, 12);
  const end = ended(ends);
  switch (policy) {
    case 'IM-2':
      return handledLongAgo && ends.length === 0 && !isOpen(person);
    case 'IM-9':
      return handledLongAgo && ends.length === 0 && isThirdParty(person);
    case 'IM-8':
      return end !== undefined && isDueWithin(end, 12);
    case 'ID-1':
      // Several agreements that end on different days: the file does not say which counts.
      return agreements.length === 1 && agreements[0] !== null && isDueWithin(agreements[0] ?? '', 3);
    case 'CL-2':
      return end !== undefined && isDueAfter(end, 24) && !agreements.includes(null);
    default:
      throw new Error(policy);
  }
}

async function fill(db: TestDatabase, ddl: string, tables: Tables): Promise<void> {
  for (const statement of ddl.split(';')) await db.query(statement);
  const literal = (cell: Cell): string =>
    cell === null ? 'null' : typeof cell === 'number' ? String(cell) : `'${cell}'`;
  for (const [name, rows] of Object.entries(tables)) {
    const values = rows.map((row) => `(${row.map(literal).join(', ')})`).join(', ');
    await db.query(`insert into ${name} values ${values}`);
  }
}

async function read(db: TestDatabase, tables: Tables): Promise<Tables> {
  const found: Record<string, (readonly Cell[])[]> = {};
  for (const name of Object.keys(tables)) {
    const rows = await db.query(`select * from ${name} order by id`);
    found[name] = rows.map((row) => Object.values(row) as Cell[]);
  }
  return found;
}

const NOTHING_GONE = deskTables(
  () => true,
  () => false,
);

describe.each(await engines())('customers in %s', (engine) => {
  let crm: TestDatabase;
  let desk: TestDatabase;
  let installed: Installation;
  beforeAll(async () => {
    [crm, desk] = [await freshDatabase(engine), await freshDatabase('sqlite')];
    await fill(crm, CRM, crmTables());
    await fill(desk, DESK, NOTHING_GONE);
    installed = await install({ FRIST_CRM: crm.url, FRIST_DESK: desk.url }, [POLICIES]);
    await installed.frist(['state', 'init']);
  }, 300_000);
  afterAll(async () => {
    await installed.remove();
    await crm.drop();
    await desk.drop();
  }, 60_000);

  it('keeps everything that hangs on them while they cannot be asked, and says so', async () => {
    const alone = await install({ FRIST_CRM: 'sqlite:/nowhere/at/all.db', FRIST_DESK: desk.url }, [POLICIES]);
    try {
      await alone.frist(['state', 'init']);
      const { document, status } = await alone.json(['run', ...ON_THE_DAY]);
      expect(status).toBe(2);
      for (const policy of document.policies ?? [])
        expect(policy).toMatchObject({ status: 'failed', error: { code: 'SOURCE_UNREACHABLE' } });
      // Nobody, of whom no system could have said anything, is all that goes.
      const isAnonymous = (policy: string, one: Person): boolean =>
        one.email === null && /^IM-[29]$/.test(policy) && isDue(policy, one);
      expect(await read(desk, NOTHING_GONE)).toEqual(
        deskTables(
          (policy, one) => !isAnonymous(policy, one),
          () => false,
        ),
      );
    } finally {
      await alone.remove();
    }
  }, 300_000);

  it('finds nothing wrong with the file', async () => {
    const { status, stdout } = await installed.frist(['check']);
    expect(stdout).toContain('0 error(s)');
    expect(status).toBe(0);
  }, 300_000);

  it('erases exactly what is due by both systems, as the dry run said', async () => {
    const planned = await installed.json(['plan', ...ON_THE_DAY]);
    const ran = await installed.json(['run', ...ON_THE_DAY]);
    expect(ran.status).toBe(0);
    const found = ({ document }: typeof ran): unknown =>
      document.policies?.map((one) => [one.policy, one.found?.by]);
    expect(found(ran)).toEqual(found(planned));
    const wanted = deskTables(
      (policy, one) => policy === 'ID-1' || !isDue(policy, one),
      (one) => isDue('ID-1', one),
    );
    expect(await read(desk, NOTHING_GONE)).toEqual(wanted);
    expect(await read(crm, crmTables())).toEqual(crmTables());
    const counts = Object.values(wanted).map((rows) => PEOPLE.length - rows.length);
    expect(counts.filter((n) => n > 0 && n < PEOPLE.length)).toHaveLength(5);
  }, 300_000);

  it('erases nothing more when it runs again', async () => {
    const before = await read(desk, NOTHING_GONE);
    const { status, document } = await installed.json(['run', ...ON_THE_DAY]);
    expect(status).toBe(0);
    for (const { found } of document.policies ?? []) expect(found?.by['erase'] ?? 0).toBe(0);
    expect(await read(desk, NOTHING_GONE)).toEqual(before);
  }, 300_000);
});
