/** The fixture in a SQL database, for the conformance suite. Looks at it past the code under test. */
import type { Connector } from '../../src/connectors/connector.ts';
import { createSqlConnector } from '../../src/connectors/sql/connector.ts';
import type { Engine, TestDatabase } from '../support/servers/index.ts';
import { freshDatabase } from '../support/servers/index.ts';
import type { ColumnSpec, Harness, MakeHarness, Row, TableSpec, Value } from './conformance/harness.ts';

/** Makes the fixture in a database of its own on this engine. */
export function sqlHarness(engine: Engine): MakeHarness {
  return async (specs) => {
    const database = await freshDatabase(engine);
    const harness = new SqlHarness(database, specs);
    await harness.create();
    return harness;
  };
}

/** Text that differs in a byte differs; MariaDB pads with blanks in any other collation. */
const TYPES: Readonly<Record<Engine, Readonly<Record<ColumnSpec['type'], string>>>> = {
  mariadb: {
    int: 'BIGINT',
    text: 'VARCHAR(200) COLLATE utf8mb4_nopad_bin',
    datetime: 'DATETIME',
    date: 'DATE',
    bool: 'BOOLEAN',
  },
  postgres: { int: 'BIGINT', text: 'TEXT', datetime: 'TIMESTAMP(0)', date: 'DATE', bool: 'BOOLEAN' },
  sqlite: { int: 'INTEGER', text: 'TEXT', datetime: 'DATETIME', date: 'DATE', bool: 'BOOLEAN' },
};

class SqlHarness implements Harness {
  readonly #database: TestDatabase;
  readonly #specs: readonly TableSpec[];
  readonly #connectors: Connector[] = [];

  constructor(database: TestDatabase, specs: readonly TableSpec[]) {
    this.#database = database;
    this.#specs = specs;
  }

  async create(): Promise<void> {
    for (const spec of this.#specs) await this.#run(this.#definition(spec));
    await this.reset();
  }

  connect(options: { readonly pageSize?: number } = {}): Connector {
    const context = { source: 'fixture', connection: this.#database.url, pageSize: options.pageSize ?? 100 };
    const connector = createSqlConnector(context);
    this.#connectors.push(connector);
    return connector;
  }

  async rows(name: string): Promise<readonly Row[]> {
    const spec = this.#spec(name);
    const columns = Object.keys(spec.columns);
    const found = await this.#run(
      `SELECT ${columns.map((column) => this.#q(column)).join(', ')} FROM ${this.#q(name)}`,
    );
    return found.map((row) => Object.fromEntries(columns.map((column) => [column, shown(row[column])])));
  }

  async insert(name: string, row: Row): Promise<void> {
    await this.#insertAll(this.#spec(name), [row]);
  }

  async update(name: string, key: Row, set: Row): Promise<void> {
    const spec = this.#spec(name);
    const values = new Values(this.#database.engine);
    const assigned = Object.entries(set).map(
      ([column, value]) => `${this.#q(column)} = ${values.add(spec, column, value)}`,
    );
    const where = this.#where(spec, key, values);
    await this.#run(`UPDATE ${this.#q(name)} SET ${assigned.join(', ')} WHERE ${where}`, values.bound);
  }

  async remove(name: string, key: Row): Promise<void> {
    const values = new Values(this.#database.engine);
    const where = this.#where(this.#spec(name), key, values);
    await this.#run(`DELETE FROM ${this.#q(name)} WHERE ${where}`, values.bound);
  }

  async reset(): Promise<void> {
    // One commit: a disk that is waited for thirty times makes the suite slow.
    await this.#run('BEGIN');
    for (const { name } of [...this.#specs].reverse()) await this.#run(`DELETE FROM ${this.#q(name)}`);
    for (const spec of this.#specs) await this.#insertAll(spec, spec.rows);
    await this.#run('COMMIT');
  }

  async close(): Promise<void> {
    for (const connector of this.#connectors) await connector.close();
    await this.#database.drop();
  }

  #definition(spec: TableSpec): string {
    const { engine } = this.#database;
    const columns = Object.entries(spec.columns).map(([name, column]) => {
      return `${this.#q(name)} ${TYPES[engine][column.type]}${column.nullable ? ' NULL' : ' NOT NULL'}`;
    });
    const list = (names: readonly string[]): string => names.map((name) => this.#q(name)).join(', ');
    const foreignKeys = spec.foreignKeys.map(
      (key) =>
        `FOREIGN KEY (${list(key.columns)}) REFERENCES ${this.#q(key.table)} (${list(key.references)})`,
    );
    const parts = [...columns, `PRIMARY KEY (${list(spec.primaryKey)})`, ...foreignKeys];
    const storage = engine === 'mariadb' ? ' ENGINE=InnoDB DEFAULT CHARSET=utf8mb4' : '';
    return `CREATE TABLE ${this.#q(spec.name)} (${parts.join(', ')})${storage}`;
  }

  async #insertAll(spec: TableSpec, rows: readonly Row[]): Promise<void> {
    if (rows.length === 0) return;
    const columns = Object.keys(spec.columns);
    const values = new Values(this.#database.engine);
    const tuples = rows.map(
      (row) => `(${columns.map((column) => values.add(spec, column, row[column] ?? null)).join(', ')})`,
    );
    const names = columns.map((column) => this.#q(column)).join(', ');
    await this.#run(`INSERT INTO ${this.#q(spec.name)} (${names}) VALUES ${tuples.join(', ')}`, values.bound);
  }

  #where(spec: TableSpec, key: Row, values: Values): string {
    return Object.entries(key)
      .map(([column, value]) => `${this.#q(column)} = ${values.add(spec, column, value)}`)
      .join(' AND ');
  }

  #spec(name: string): TableSpec {
    const spec = this.#specs.find((one) => one.name === name);
    if (spec === undefined) throw new Error(`no table ${name}`);
    return spec;
  }

  #q(name: string): string {
    return this.#database.engine === 'mariadb' ? `\`${name}\`` : `"${name}"`;
  }

  async #run(
    text: string,
    bound: readonly unknown[] = [],
  ): Promise<readonly Readonly<Record<string, unknown>>[]> {
    return await this.#database.query(text, bound);
  }
}

/** Bound values and their placeholders. */
class Values {
  readonly bound: unknown[] = [];
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  add(spec: TableSpec, column: string, value: Value): string {
    const type = spec.columns[column]?.type;
    if (value === null || type === 'text' || type === 'datetime' || type === 'date') this.bound.push(value);
    else if (type === 'bool' && this.#engine === 'postgres') this.bound.push(value === '1');
    else this.bound.push(this.#engine === 'sqlite' ? BigInt(value) : value);
    return this.#engine === 'postgres' ? `$${String(this.bound.length)}` : '?';
  }
}

/** A value as the drivers of the tests give it, in the form that all kinds share. */
function shown(value: unknown): Value {
  if (value === null || value === undefined) return null;
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  throw new Error(`a value of type ${typeof value}`);
}
