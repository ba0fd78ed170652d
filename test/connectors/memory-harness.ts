/** The fixture in memory, for the conformance suite. */
import type { Connector } from '../../src/connectors/connector.ts';
import type { MemoryOptions } from '../../src/connectors/memory.ts';
import { createMemoryConnector } from '../../src/connectors/memory.ts';
import type { Meaning, MemoryDatabase, MemoryTable } from '../../src/connectors/memory/database.ts';
import { createMemoryDatabase, rowKey, withRows } from '../../src/connectors/memory/database.ts';
import { certainty } from '../../src/policy/certainty.ts';
import { holds, isReadable, valueOf } from '../../src/policy/condition.ts';
import { normalise } from '../../src/policy/subject.ts';
import type { Harness, MakeHarness, Row, TableSpec } from './conformance/harness.ts';
import { view } from './conformance/views.ts';
import type { ContractBed } from './contract.ts';

/** What conditions and identifiers mean: the policy core's own word. */
export const MEANING: Meaning = { holds, isReadable, valueOf, normalise, certainty };

/** A harness whose connectors all have these options. */
export function memoryHarness(options: MemoryOptions = {}): MakeHarness {
  return async (specs) => {
    await Promise.resolve();
    return new MemoryHarness(createMemoryDatabase(specs, MEANING), specs, options);
  };
}

class MemoryHarness implements Harness {
  readonly #database: MemoryDatabase;
  readonly #specs: readonly TableSpec[];
  readonly #options: MemoryOptions;
  readonly #connectors: Connector[] = [];

  constructor(database: MemoryDatabase, specs: readonly TableSpec[], options: MemoryOptions) {
    this.#database = database;
    this.#specs = specs;
    this.#options = options;
  }

  connect(options: { readonly pageSize?: number } = {}): Connector {
    const connector = createMemoryConnector(this.#database, { ...this.#options, ...options });
    this.#connectors.push(connector);
    return connector;
  }

  async rows(table: string): Promise<Row[]> {
    return [...this.#table(table).rows.values()];
  }

  async insert(name: string, row: Row): Promise<void> {
    const table = this.#table(name);
    table.rows.set(rowKey(table, row), row);
  }

  async update(name: string, key: Row, set: Row): Promise<void> {
    const table = this.#table(name);
    const row = table.rows.get(rowKey(table, key));
    if (row === undefined) throw new Error(`no such row in ${name}`);
    table.rows.set(rowKey(table, key), { ...row, ...set });
  }

  async remove(name: string, key: Row): Promise<void> {
    const table = this.#table(name);
    table.rows.delete(rowKey(table, key));
  }

  async reset(): Promise<void> {
    for (const spec of this.#specs) this.#table(spec.name).rows = withRows(spec).rows;
  }

  async close(): Promise<void> {
    for (const connector of this.#connectors) await connector.close();
  }

  #table(name: string): MemoryTable {
    const table = this.#database.tables.get(name);
    if (table === undefined) throw new Error(`no table ${name}`);
    return table;
  }
}

/** People in memory, for what needs no tables but has them here. */
export function memoryContractBed(): ContractBed {
  const id = (name: string): string => name.replace(/\D/g, '') || '1';
  const spec: TableSpec = {
    name: 'people',
    columns: { id: { type: 'int', nullable: false }, email: { type: 'text', nullable: true } },
    primaryKey: ['id'],
    foreignKeys: [],
    rows: [],
  };
  const database = createMemoryDatabase([spec], MEANING);
  const table = (): MemoryTable => database.tables.get('people')!;
  const record = {
    name: 'person',
    table: 'people',
    key: ['id'],
    scope: [],
    subjects: [{ kind: 'email', column: 'email', normalise: 'lowercase' }],
    related: [],
  } as const;
  return {
    connect: (pageSize = 100) => createMemoryConnector(database, { pageSize, maxBatch: 50 }),
    view: view({ record, starts: [], startTree: { kind: 'latest of', of: [] } }),
    put: (names) => {
      for (const name of names) {
        const row = { id: id(name), email: `${name}@Example.org` };
        table().rows.set(rowKey(table(), row), row);
      }
      return Promise.resolve();
    },
    keyOf: (name) => [name.startsWith('person') ? id(name) : `9${id(name)}`],
    names: () =>
      Promise.resolve([...table().rows.values()].map((row) => (row['email'] ?? '').split('@')[0] ?? '')),
    close: () => Promise.resolve(),
  };
}
