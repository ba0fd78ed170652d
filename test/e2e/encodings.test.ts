/**
 * Every way in which a starting point can be stored, several of them in one table, and rows that are about nobody. Which
 * rows are due is written beside them by hand: the run is on 2026-06-30 at 05:15 in Copenhagen, the period is 12 months.
 */
import { expect, it } from '@jest/globals';
import { engines, freshDatabase, type Engine } from '../support/servers/index.ts';
import { install, ON_THE_DAY } from './installation.ts';

/** As a run counts them. */
type Verdict = 'erase' | 'pending' | 'undated' | 'implausible';
type Cells = Readonly<Record<string, string | number | null>>;

interface Kind {
  /** `start:` of the policy. */
  readonly start: string;
  readonly after?: true;
  readonly rows: readonly (readonly [Cells, Verdict])[];
  /** Rows that only this engine can hold. */
  readonly only?: Partial<Record<Engine, readonly (readonly [Cells, Verdict])[]>>;
}

const NOW = 1_751_253_300;

const KINDS: Readonly<Record<string, Kind>> = {
  'wall clock': {
    start: '{ column: wall, as: local, null: unknown }',
    rows: [
      [{ wall: '2025-06-30 05:15:00' }, 'erase'],
      [{ wall: '2025-06-30 05:15:01' }, 'pending'],
      [{ wall: '2026-07-01 00:00:00' }, 'implausible'],
      [{ wall: '1000-01-01 00:00:00' }, 'undated'],
      [{ wall: null }, 'undated'],
    ],
    only: { mariadb: [[{ wall: '0000-00-00 00:00:00' }, 'undated']] },
  },
  'wall clock in Tokyo': {
    start: '{ column: wall, as: local Asia/Tokyo, null: not yet }',
    rows: [
      [{ wall: '2025-06-30 12:15:00' }, 'erase'],
      [{ wall: '2025-06-30 12:15:01' }, 'pending'],
      [{ wall: null }, 'pending'],
    ],
  },
  moment: {
    start: '{ column: moment, as: instant, null: unknown }',
    rows: [
      [{ moment: NOW }, 'erase'],
      [{ moment: NOW + 1 }, 'pending'],
      [{ moment: null }, 'undated'],
    ],
  },
  seconds: {
    start: '{ column: number, as: epoch seconds, null: unknown }',
    rows: [
      [{ number: NOW }, 'erase'],
      [{ number: NOW + 1 }, 'pending'],
      [{ number: 0 }, 'undated'],
      [{ number: 1 }, 'implausible'],
      [{ number: -1 }, 'implausible'],
      [{ number: NOW * 1000 }, 'implausible'],
      [{ number: null }, 'undated'],
    ],
  },
  milliseconds: {
    start: '{ column: number, as: epoch milliseconds, null: unknown }',
    rows: [
      [{ number: NOW * 1000 }, 'erase'],
      [{ number: NOW * 1000 + 1000 }, 'pending'],
      [{ number: 0 }, 'undated'],
      [{ number: NOW }, 'implausible'],
      [{ number: null }, 'undated'],
    ],
  },
  until: {
    start: '{ column: number, as: epoch seconds, not yet: [0], may lie ahead: true, null: unknown }',
    rows: [
      [{ number: NOW }, 'erase'],
      [{ number: NOW + 1 }, 'pending'],
      [{ number: 0 }, 'pending'],
      [{ number: 4_000_000_000 }, 'pending'],
      [{ number: null }, 'undated'],
    ],
  },
  day: {
    start: '{ column: day, as: date, null: unknown }',
    rows: [
      [{ day: '2025-06-30' }, 'erase'],
      [{ day: '2025-07-01' }, 'pending'],
      [{ day: '1000-01-01' }, 'undated'],
      [{ day: null }, 'undated'],
    ],
    only: { mariadb: [[{ day: '0000-00-00' }, 'undated']] },
  },
  'day of a lower bound': {
    start: '{ column: day, as: date, null: unknown }',
    after: true,
    rows: [
      [{ day: '2025-06-29' }, 'erase'],
      [{ day: '2025-06-30' }, 'pending'],
    ],
  },
  'day and clock': {
    start: '{ column: day, time: clock, as: local, null: unknown }',
    rows: [
      [{ day: '2025-06-30', clock: '05:15:00' }, 'erase'],
      [{ day: '2025-06-30', clock: '05:15' }, 'erase'],
      [{ day: '2025-06-30', clock: '05:15:01' }, 'pending'],
      [{ day: '2025-06-30', clock: '' }, 'erase'],
      [{ day: '2025-06-30', clock: '  ' }, 'erase'],
      [{ day: '2025-06-30', clock: null }, 'erase'],
      [{ day: '2025-07-01', clock: null }, 'pending'],
      [{ day: '2020-01-01', clock: 'noon' }, 'undated'],
      [{ day: null, clock: '05:15:00' }, 'undated'],
    ],
  },
  'day as text': {
    start: "{ column: clock, as: date, not yet: ['9999-12-31'], null: unknown }",
    rows: [
      [{ clock: '2025-06-30' }, 'erase'],
      [{ clock: '2025-07-01' }, 'pending'],
      [{ clock: '9999-12-31' }, 'pending'],
      [{ clock: '' }, 'undated'],
      [{ clock: '0' }, 'undated'],
      [{ clock: '0000-00-00' }, 'undated'],
      [{ clock: '1000-01-01' }, 'undated'],
      [{ clock: '30.06.2020' }, 'undated'],
      [{ clock: '2020-02-30' }, 'undated'],
    ],
  },
  'latest of all': {
    start: `
      latest of:
        - { column: wall, as: local, null: unknown }
        - { column: number, as: epoch milliseconds, null: unknown }
        - { column: day, as: date, null: unknown }
        - { column: moment, as: instant, null: unknown }`,
    rows: [
      [{ wall: '2025-06-30 05:15:00', number: NOW * 1000, day: '2025-06-30', moment: NOW }, 'erase'],
      [{ wall: '2025-06-30 05:15:01', number: NOW * 1000, day: '2025-06-30', moment: NOW }, 'pending'],
      [{ wall: '2025-06-30 05:15:00', number: NOW * 1000 + 1000, day: '2025-06-30', moment: NOW }, 'pending'],
      [{ wall: '2025-06-30 05:15:00', number: NOW * 1000, day: '2025-07-01', moment: NOW }, 'pending'],
      [{ wall: '2025-06-30 05:15:00', number: NOW * 1000, day: '2025-06-30', moment: NOW + 1 }, 'pending'],
      [{ wall: '1000-01-01 00:00:00', number: 0, day: null, moment: NOW }, 'erase'],
      [{ wall: null, number: NOW, day: '2020-01-01', moment: NOW }, 'implausible'],
      [{ wall: null, number: 0, day: null, moment: null }, 'undated'],
    ],
  },
  'first known': {
    start: `
      first known of:
        - { column: number, as: epoch seconds, null: unknown, may lie ahead: true }
        - { column: day, time: clock, as: local, null: unknown }`,
    rows: [
      [{ number: NOW, day: '2026-01-01' }, 'erase'],
      [{ number: NOW + 1, day: '2020-01-01' }, 'pending'],
      [{ number: 0, day: '2025-06-30', clock: '05:15:00' }, 'erase'],
      [{ number: null, day: '2025-06-30', clock: '05:15:01' }, 'pending'],
      [{ number: null, day: null }, 'undated'],
    ],
  },
};

const rowsOf = (kind: Kind, engine: Engine): readonly (readonly [Cells, Verdict])[] => [
  ...kind.rows,
  ...(kind.only?.[engine] ?? []),
];

const names = Object.keys(KINDS);
const POLICIES = `
frist: 1
controller: { name: Eksempel A/S, timezone: Europe/Copenhagen }
guards: { records: 1000, percent: 100 }
first run guards: { records: 1000, percent: 100 }
sources:
  desk:
    kind: sql
    connection: \${FRIST_DESK}
    datetimes in: Europe/Copenhagen
    records:
      person: { table: people, key: id, subject: { email: email } }
${names.map((name) => `      ${name}: { table: entries, key: id, subject: none, where: { kind: ${name} } }`).join('\n')}
policies:
  person:
    records: desk.person
    start: { column: left_on, as: date, null: unknown }
    within: 12 months
    action: delete
${Object.entries(KINDS)
  .map(([name, { start, after }]) =>
    [
      `  ${name}:`,
      `    records: desk.${name}`,
      `    start: ${start.replaceAll('\n', '\n  ')}`,
      after === true ? '    after: 12 months' : '    within: 12 months\n    margin: 0',
      '    action: delete',
    ].join('\n'),
  )
  .join('\n')}
`;

const TYPES: Readonly<Record<Engine, Readonly<Record<string, string>>>> = {
  mariadb: { wall: 'DATETIME NULL', moment: 'TIMESTAMP NULL', number: 'BIGINT', day: 'DATE', clock: 'VARCHAR(20)' },
  postgres: { wall: 'TIMESTAMP', moment: 'TIMESTAMPTZ', number: 'BIGINT', day: 'DATE', clock: 'VARCHAR(20)' },
  sqlite: { wall: 'DATETIME', moment: 'TEXT', number: 'INTEGER', day: 'DATE', clock: 'TEXT' },
}; // prettier-ignore

const MOMENT: Readonly<Record<Engine, (seconds: number) => string>> = {
  mariadb: (seconds) => `FROM_UNIXTIME(${String(seconds)})`,
  postgres: (seconds) => `to_timestamp(${String(seconds)})`,
  sqlite: (seconds) => `'${new Date(seconds * 1000).toISOString()}'`,
};

function literal(engine: Engine, column: string, cell: string | number | null): string {
  if (cell === null) return 'NULL';
  if (column === 'moment') return MOMENT[engine](Number(cell));
  return typeof cell === 'number' ? String(cell) : `'${cell}'`;
}

it.each(await engines())(
  'starting points as %s stores them, of rows that are about nobody',
  async (engine) => {
    const db = await freshDatabase(engine);
    const columns = Object.keys(TYPES[engine]);
    await db.query(`CREATE TABLE entries (id INT PRIMARY KEY, kind VARCHAR(40), ${columns.map((one) => `${one} ${TYPES[engine][one] ?? ''}`).join(', ')})`); // prettier-ignore
    await db.query('CREATE TABLE people (id INT PRIMARY KEY, email VARCHAR(40), left_on DATE)');
    await db.query(
      "INSERT INTO people VALUES (1, 'a@example.dk', '2020-01-01'), (2, 'b@example.dk', '2020-01-01')",
    );
    if (engine === 'mariadb') await db.query("SET sql_mode = ''");
    const expected = new Map<string, Verdict>();
    for (const [name, kind] of Object.entries(KINDS))
      for (const [cells, verdict] of rowsOf(kind, engine)) {
        const id = String(expected.size + 1);
        const values = columns.map((column) => literal(engine, column, cells[column] ?? null));
        await db.query(`INSERT INTO entries VALUES (${[id, `'${name}'`, ...values].join(', ')})`);
        expected.set(id, verdict);
      }
    const installed = await install({ FRIST_DESK: db.url }, [POLICIES]);
    await installed.frist(['state', 'init']);
    await installed.frist(['hold', 'add', '--subject', 'email=a@example.dk', '--why', 'a case']);
    const ended = await installed.json(['run', ...ON_THE_DAY]);
    for (const [name, kind] of Object.entries(KINDS)) {
      const by = ended.document.policies?.find((one) => one.policy === name)?.found?.by;
      const verdicts = rowsOf(kind, engine).map(([, verdict]) => verdict);
      const counts = new Map<string, number>();
      for (const one of verdicts) counts.set(one, (counts.get(one) ?? 0) + 1);
      expect([name, by]).toEqual([name, Object.fromEntries(counts)]);
    }
    const left = await db.query('SELECT id FROM entries ORDER BY id');
    const stays = [...expected].filter(([, verdict]) => verdict !== 'erase').map(([id]) => id);
    expect(left.map((row) => String(row['id']))).toEqual(stays);
    expect((await db.query('SELECT id FROM people')).map((row) => row['id'])).toEqual([1]);
    await installed.remove();
    await db.drop();
  },
  120_000,
);
