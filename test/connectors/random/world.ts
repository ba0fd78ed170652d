/**
 * Small databases and policies on them, made by chance: tables with keys of several kinds, relations of every kind the
 * language knows, conditions, starting points and dependents. Values are few, so that rows meet.
 */
import type {
  Condition,
  Controller,
  Dependent,
  Encoding,
  ErasePolicy,
  Exemption,
  Match,
  Part,
  PolicyFile,
  RecordType,
  Related,
  Scalar,
  Scope,
  Stage,
  Start,
  StartColumn,
} from '../../../src/policy/policy.ts';
import type { Random } from '../../support/random.ts';
import type { ColumnSpec, ColumnType, Row, TableSpec, Value } from '../conformance/harness.ts';
import { HOLD_RULES } from '../../policy/policies.ts';

export interface World {
  readonly tables: readonly TableSpec[];
  readonly file: PolicyFile;
  /** Whoever decides under the lock lets go whatever the policy is about, due or not. */
  readonly careless: boolean;
}

/** By this moment everything is judged. */
export const AS_OF = Date.parse('2026-02-01T12:00:00Z');

/** `moment` is whole seconds since 1970; `free` is read by nothing, so that it may be overwritten. */
type Kind = 'int' | 'text' | 'time' | 'day' | 'bool' | 'moment' | 'free';

const TYPES: Readonly<Record<Kind, ColumnType>> = {
  int: 'int', text: 'text', time: 'datetime', day: 'date', bool: 'bool', moment: 'int', free: 'text',
}; // prettier-ignore
const BIG = '9007199254740993';
const POOLS: Readonly<Record<Kind, readonly string[]>> = {
  int: ['0', '1', '1', '2', '2', '3', '3', '7', BIG],
  text: ['', 'a', 'A', 'b', '1', '2', '01', BIG, 'a 1', 'é'],
  time: ['1000-01-01 00:00:00', '1970-06-01 00:00:00', '2020-02-29 23:59:59', '2020-03-01 00:00:00', '2022-01-01 00:00:00', '2025-01-31 10:00:00', '2025-07-31 12:00:00', '2025-08-01 12:00:00', '2026-01-30 00:00:00', '2027-01-01 00:00:00', '2040-01-01 00:00:00'],
  day: ['1970-06-01', '2020-02-29', '2020-03-01', '2022-01-01', '2025-07-31', '2025-08-01', '2026-01-30', '2027-01-01'],
  bool: ['0', '1'],
  moment: ['0', '1000', '1577836800', '1577836801', '1600000000', '1753963200', '1754049600', '1769731200', '1893456000'],
  free: ['words', 'more words', 'of 1'],
}; // prettier-ignore

class Maker {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  chance(percent: number): boolean {
    return this.#random() * 100 < percent;
  }

  below(count: number): number {
    return Math.floor(this.#random() * count);
  }

  one<T>(from: readonly T[]): T {
    const found = from[this.below(from.length)];
    if (found === undefined) throw new Error('nothing to choose from');
    return found;
  }

  some<T>(from: readonly T[], percent: number): readonly T[] {
    return from.filter(() => this.chance(percent));
  }

  many<T>(most: number, make: (i: number) => T): readonly T[] {
    return Array.from({ length: this.below(most + 1) }, (_, i) => make(i));
  }
}

interface Table {
  readonly name: string;
  readonly kinds: Readonly<Record<string, Kind>>;
  readonly primaryKey: readonly string[];
}

const columnsOf = (table: Table, ...kinds: readonly Kind[]): readonly string[] =>
  Object.entries(table.kinds).flatMap(([name, kind]) => (kinds.includes(kind) ? [name] : []));

const KEYS: readonly (readonly (readonly [string, Kind])[])[] = [
  [['id', 'int']],
  [['id', 'int']],
  [['code', 'text']],
  [['org', 'text'], ['id', 'int']],
]; // prettier-ignore

function makeTable(make: Maker, i: number): Table {
  const key = make.one(KEYS);
  const kinds: Kind[] = ['int', 'text', 'time', 'bool', 'moment', 'free', ...make.many(3, () => make.one<Kind>(['int', 'text', 'day', 'time']))]; // prettier-ignore
  const columns = kinds.map((kind, n): readonly [string, Kind] => [`c${String(n)}_${kind}`, kind]);
  return {
    name: `t${String(i)}`,
    kinds: Object.fromEntries([...key, ...columns]),
    primaryKey: key.map(([name]) => name),
  };
}

function fill(make: Maker, table: Table): TableSpec {
  const nullable = (name: string): boolean => !table.primaryKey.includes(name);
  const columns: Record<string, ColumnSpec> = Object.fromEntries(
    Object.entries(table.kinds).map(([name, kind]) => [name, { type: TYPES[kind], nullable: nullable(name) }]),
  ); // prettier-ignore
  const rows = new Map<string, Row>();
  for (let left = 2 + make.below(12); left > 0; left -= 1) {
    const cell = (name: string, kind: Kind): Value =>
      nullable(name) && make.chance(20) ? null : make.one(POOLS[kind]);
    const row = Object.fromEntries(Object.entries(table.kinds).map(([name, kind]) => [name, cell(name, kind)]));
    rows.set(table.primaryKey.map((name) => row[name]).join('\0'), row);
  } // prettier-ignore
  return { name: table.name, columns, primaryKey: table.primaryKey, foreignKeys: [], rows: [...rows.values()] }; // prettier-ignore
}

const scalarOf = (kind: Kind, text: string): Scalar =>
  kind === 'bool' ? text === '1' : kind === 'int' || kind === 'moment' ? BigInt(text) : text;

/** Whether chance may ask for the value: a day and a time are asked for as the file writes them. */
const ASKED: readonly Kind[] = ['int', 'text', 'bool', 'moment'];
const ORDERED: readonly Kind[] = ['int', 'time', 'moment', 'day'];

class RecordMaker {
  readonly #make: Maker;
  readonly #tables: readonly Table[];
  readonly related: Related[] = [];
  readonly parts: Part[] = [];

  constructor(make: Maker, tables: readonly Table[]) {
    this.#make = make;
    this.#tables = tables;
  }

  tableOf(related: string | undefined): Table {
    const name = this.related.find((one) => one.name === related)?.table ?? 't0';
    return this.#tables.find((one) => one.name === name) ?? this.#tables[0]!;
  }

  scope(table: Table): Scope {
    const [column] = columnsOf(table, 'int');
    return column === undefined || this.#make.chance(80) ? [] : [{ column, value: this.#make.one([0, 1, 2]) }];
  } // prettier-ignore

  /** A condition over the columns of one row, a part's among them. */
  leaf(table: Table): Condition {
    const make = this.#make;
    const part = table.name === 't0' && this.parts.length > 0 && make.chance(30) ? this.parts[0] : undefined;
    const where = part === undefined ? table : this.#tables.find((one) => one.name === part.table)!;
    const own = part === undefined ? {} : { part: part.name };
    if (make.chance(30)) {
      const column = make.one(columnsOf(where, ...ORDERED));
      const kind = where.kinds[column]!;
      const value = scalarOf(kind, make.one(POOLS[kind])) as string | bigint;
      return { kind: 'compare', ...own, column, op: make.one(['<', '<=', '>', '>='] as const), value };
    }
    const column = make.one(columnsOf(where, ...ASKED));
    const kind = where.kinds[column]!;
    const values: Scalar[] = make.many(3, () => scalarOf(kind, make.one(POOLS[kind]))).slice();
    if (make.chance(25)) values.push(null);
    return { kind: 'is', ...own, column, values };
  }

  condition(within: string | undefined, depth = 2): Condition {
    const make = this.#make;
    const below = this.related.filter((one) => this.#leads(one, within));
    if (depth > 0 && make.chance(35))
      return make.chance(40)
        ? { kind: 'not', of: this.condition(within, depth - 1) }
        : { kind: make.one(['all', 'any'] as const), of: make.many(3, () => this.condition(within, depth - 1)) }; // prettier-ignore
    if (depth > 0 && below.length > 0 && make.chance(55)) {
      const { name } = make.one(below);
      const where = make.chance(40) ? ({ kind: 'all', of: [] } as const) : this.condition(name, depth - 1);
      return make.chance(30)
        ? { kind: 'count', related: name, where, op: make.one(['<', '<=', '>', '>='] as const), number: make.below(4) } // prettier-ignore
        : { kind: 'related', quantifier: make.one(['exists', 'none', 'every'] as const), related: name, where }; // prettier-ignore
    }
    return this.leaf(this.tableOf(within));
  }

  #leads(one: Related, within: string | undefined): boolean {
    if (one.of === within) return true;
    const above = this.related.find((each) => each.name === one.of);
    return above !== undefined && this.#leads(above, within);
  }

  match(theirs: Table, ours: Table): Match {
    const make = this.#make;
    const pair = (kind: 'int' | 'text'): Match[number] => {
      const other = make.chance(15) ? (kind === 'int' ? 'text' : 'int') : kind;
      const keys = ours.primaryKey.filter((name) => ours.kinds[name] === other);
      return {
        theirs: make.one(columnsOf(theirs, kind)),
        ours: make.one(keys.length > 0 && make.chance(50) ? keys : columnsOf(ours, other)),
      };
    };
    if (make.chance(8))
      return [{ theirs: make.one(columnsOf(theirs, 'text')), ours: make.one(columnsOf(ours, 'int')), inText: { before: 'a ', after: '' } }]; // prettier-ignore
    return [pair(make.one(['int', 'text'])), ...(make.chance(15) ? [pair(make.one(['int', 'text']))] : [])];
  }

  relate(i: number): void {
    const make = this.#make;
    const of = this.related.length > 0 && make.chance(40) ? make.one(this.related).name : undefined;
    const table = make.one(this.#tables);
    const match = this.match(table, this.tableOf(of));
    this.related.push({
      name: `r${String(i)}`,
      table: table.name,
      match,
      scope: this.scope(table),
      where: make.chance(75) ? { kind: 'all', of: [] } : this.leaf(table.name === 't0' ? { ...table, name: '' } : table), // prettier-ignore
      ...(of === undefined ? {} : { of }),
      ...(make.chance(20) ? { orMatch: [this.match(table, this.tableOf(of))] } : {}),
      ...(make.chance(15) ? { ignoreCase: true } : {}),
    });
  }

  /** A row of the last table, found by its whole key: there is one at the most. */
  split(): void {
    const table = this.#tables.at(-1)!;
    const [key, ...more] = table.primaryKey;
    if (key === undefined || more.length > 0 || table.name === 't0' || this.#make.chance(60)) return;
    const ours = this.#make.one(columnsOf(this.#tables[0]!, table.kinds[key]!));
    this.parts.push({ name: 'part', table: table.name, match: [{ theirs: key, ours }], scope: this.scope(table) }); // prettier-ignore
  }
}

const ENCODINGS: Partial<Record<Kind, Encoding>> = {
  time: { kind: 'local', zone: 'Europe/Copenhagen' },
  day: { kind: 'date' },
  moment: { kind: 'epoch seconds' },
};

function startColumn(make: Maker, record: RecordMaker, root: Table): StartColumn {
  const rows = record.related.length > 0 && make.chance(40) ? make.one(record.related).name : undefined;
  const table = rows === undefined ? root : record.tableOf(rows);
  const column = make.one(columnsOf(table, 'time', 'day', 'moment'));
  const kind = table.kinds[column]!;
  const part = rows === undefined && make.chance(15) ? record.parts[0] : undefined;
  const over = rows === undefined ? undefined : { related: rows, where: make.chance(50) ? { kind: 'all', of: [] } as const : record.condition(rows, 1) }; // prettier-ignore
  return {
    kind: 'column',
    ...(part === undefined ? { column } : { column, part: part.name }),
    ...(over === undefined ? {} : make.chance(60) ? { maxOf: over } : { minOf: over }),
    encoding: ENCODINGS[kind]!,
    whenNull: make.one(['not yet', 'unknown'] as const),
    notYet: make.chance(15) ? [make.one(POOLS[kind])] : [],
    unknown: make.chance(15) ? [make.one(POOLS[kind])] : [],
    mayLieAhead: make.chance(40),
    earliest: make.one(['1971-01-01', '1971-01-01', '2020-01-01']),
  };
}

function start(make: Maker, record: RecordMaker, root: Table): Start {
  if (make.chance(60)) return startColumn(make, record, root);
  const of = [startColumn(make, record, root), startColumn(make, record, root), ...(make.chance(30) ? [startColumn(make, record, root)] : [])]; // prettier-ignore
  return { kind: make.one(['latest of', 'first known of'] as const), of };
}

/** Each table once, those further off first; nothing is done to the records' own table, or to what another step goes through. */
function dependents(make: Maker, record: RecordMaker): readonly Dependent[] {
  const depth = (name: string): number => {
    const of = record.related.find((one) => one.name === name)?.of;
    return of === undefined ? 0 : 1 + depth(of);
  };
  const taken = new Set(['t0', ...record.parts.map((one) => one.table)]);
  const chosen = make.some(record.related, 80).filter(({ table }) => !taken.has(table) && taken.add(table));
  return chosen
    .toSorted((a, b) => depth(b.name) - depth(a.name))
    .map(({ name, match }): Dependent => {
      const table = record.tableOf(name);
      const base = { related: name, ...(make.chance(25) ? { where: record.leaf(table) } : {}) };
      const own = match.every((pair) => !table.primaryKey.includes(pair.theirs));
      const kind = make.one(['delete', 'delete', 'anonymise', 'keep', ...(own ? ['detach' as const] : [])] as const); // prettier-ignore
      const [free] = columnsOf(table, 'free');
      if (kind === 'anonymise' && free !== undefined)
        return { ...base, kind, set: [{ column: free, with: { kind: 'constant', value: make.one(['', null, 'x']) } }] }; // prettier-ignore
      return { ...base, kind: kind === 'anonymise' ? 'delete' : kind };
    });
}

const CONTROLLER: Controller = {
  name: 'Chance',
  timezone: 'Europe/Copenhagen',
  financialYearEnd: { month: 12, day: 31 },
};

export function makeWorld(random: Random): World {
  const make = new Maker(random);
  const tables = ['t0', 't1', ...make.many(2, String)].map((_, i) => makeTable(make, i));
  const root = tables[0]!;
  const record = new RecordMaker(make, tables);
  record.split();
  for (let i = 1 + make.below(5); i > 0; i -= 1) record.relate(i);
  const type: RecordType = {
    name: 'record',
    table: 't0',
    key: root.primaryKey,
    scope: record.scope(root),
    subjects: [{ kind: 'name', column: make.one(columnsOf(root, 'text')), normalise: 'exact' }],
    related: record.related,
    ...(record.parts.length === 0 ? {} : { parts: record.parts }),
    ...(make.chance(70) ? {} : { where: record.leaf({ ...root, name: '' }) }),
  };
  return {
    tables: tables.map((one) => fill(make, one)),
    file: file(make, record, type, root),
    careless: make.chance(50),
  };
}

function file(make: Maker, record: RecordMaker, type: RecordType, root: Table): PolicyFile {
  const exemptions = make.many(1, (i): Exemption => ({ name: `exemption ${String(i)}`, condition: record.condition(undefined) })); // prettier-ignore
  const [free] = columnsOf(root, 'free');
  const stage: Stage = {
    rule: { bound: make.one(['within', 'after'] as const), period: make.one(PERIODS), allowanceDays: 7 },
    action:
      free === undefined || make.chance(70)
        ? { kind: 'delete' }
        : { kind: 'anonymise', set: [{ column: free, with: { kind: 'placeholder', template: 'of {key}' } }] },
    dependents: dependents(make, record),
  };
  const policy: ErasePolicy = {
    kind: 'erase',
    name: 'chance',
    metadata: {},
    source: 'fixture',
    record: 'record',
    specific: true,
    start: start(make, record, root),
    where: make.chance(60) ? { kind: 'all', of: [] } : record.condition(undefined),
    exemptions,
    stages: [stage],
    guards: { maxRecords: 100, maxPercent: 100 },
    firstGuards: { maxRecords: 100, maxPercent: 100 },
    acknowledgedCascades: [],
  };
  return {
    file: 'chance.yaml',
    controller: CONTROLLER,
    sources: [{ name: 'fixture', kind: 'sql', connection: '', records: [type] }],
    holds: HOLD_RULES,
    policies: [policy],
  };
}

const PERIODS = [
  { years: 0, months: 6, weeks: 0, days: 0 },
  { years: 0, months: 0, weeks: 0, days: 2 },
  { years: 3, months: 0, weeks: 0, days: 0 },
];
