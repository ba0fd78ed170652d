/** Holds views against the tables in memory: every name, and what a column cannot become. */
import { createHash } from 'node:crypto';
import type { Condition, Encoding, Replacements, StartColumn, View } from '../../policy/policy.ts';
import type { CheckReport, Finding } from '../connector.ts';
import type { MemoryDatabase } from './database.ts';

type Report = (code: string, message: string, remedy: string) => void;

/** What `Connector.check` answers. */
export function checkViews(database: MemoryDatabase, views: readonly View[]): CheckReport {
  const findings: Finding[] = [];
  const encodings = new Map<View, readonly (Encoding | undefined)[]>();
  for (const view of views) {
    const report: Report = (code, message, remedy) =>
      findings.push({ severity: 'error', code, path: ['policies', view.policy], message, remedy });
    encodings.set(view, new ViewCheck(database, view, report).run());
  }
  return { findings, encodings, catalogue: catalogueOf(database, views) };
}

class ViewCheck {
  readonly #database: MemoryDatabase;
  readonly #view: View;
  readonly #report: Report;

  constructor(database: MemoryDatabase, view: View, report: Report) {
    this.#database = database;
    this.#view = view;
    this.#report = report;
  }

  run(): readonly (Encoding | undefined)[] {
    const { record, where, exempt, conditions, stages, starts } = this.#view;
    this.#columns(record.table, [...record.key, ...record.scope.map((one) => one.column)]);
    for (const { related, part, column } of record.subjects)
      this.#columns(this.#tableOfPart(part) ?? this.#tableOf(related), [column]);
    if (record.where !== undefined) this.#condition(record.table, record.where);
    for (const relation of record.related) {
      const scope = relation.scope.map((one) => one.column);
      const pairs = [relation.match, ...(relation.orMatch ?? [])].flat();
      this.#columns(relation.table, [...pairs.map((one) => one.theirs), ...scope]);
      for (const { part, ours } of pairs)
        this.#columns(this.#tableOfPart(part) ?? this.#tableOf(relation.of), [ours]);
      this.#condition(relation.table, relation.where);
    }
    for (const condition of [where, ...exempt, ...conditions]) this.#condition(record.table, condition);
    for (const { action, dependents } of stages) {
      if (action.kind === 'anonymise')
        for (const one of action.set) this.#set(this.#tableOfPart(one.part) ?? record.table, [one]);
      for (const dependent of dependents) {
        const table = this.#tableOf(dependent.related);
        if (dependent.kind === 'anonymise') this.#set(table, dependent.set);
        if (dependent.kind === 'detach' && dependent.to === undefined) this.#detach(dependent.related);
      }
    }
    return starts.map((start) => this.#start(start));
  }

  #tableOf(related: string | undefined): string {
    const { record } = this.#view;
    return record.related.find((one) => one.name === related)?.table ?? record.table;
  }

  #tableOfPart(part: string | undefined): string | undefined {
    return this.#view.record.parts?.find((one) => one.name === part)?.table;
  }

  #columns(name: string, columns: readonly string[]): void {
    const table = this.#database.tables.get(name);
    if (table === undefined) {
      this.#report('unknown-table', `There is no table ${name}`, 'Correct the name of the table.');
      return;
    }
    for (const column of columns) {
      if (table.columns[column] !== undefined) continue;
      this.#report(
        'unknown-column',
        `Table ${name} has no column ${column}`,
        'Correct the name of the column.',
      );
    }
  }

  #condition(table: string, condition: Condition): void {
    switch (condition.kind) {
      case 'all':
      case 'any':
        for (const one of condition.of) this.#condition(table, one);
        return;
      case 'not':
        this.#condition(table, condition.of);
        return;
      case 'related':
      case 'count':
        this.#condition(this.#tableOf(condition.related), condition.where);
        return;
      case 'is':
      case 'compare':
        this.#columns(this.#tableOfPart(condition.part) ?? table, [condition.column]);
        return;
      case 'selected':
        this.#report('no-selections', 'Tables in memory have no selections', 'Use a condition.');
    }
  }

  #set(table: string, set: Replacements): void {
    if (set.some((one) => one.path !== undefined))
      this.#report('no-json-replacements', `Table ${table} is in memory`, 'Replace the whole column.');
    this.#columns(
      table,
      set.map((one) => one.column),
    );
    const nulls = set.filter((one) => one.with.kind === 'constant' && one.with.value === null);
    this.#nullable(
      table,
      nulls.map((one) => one.column),
    );
  }

  #detach(related: string): void {
    const relation = this.#view.record.related.find((one) => one.name === related);
    if (relation !== undefined)
      this.#nullable(
        relation.table,
        relation.match.map((one) => one.theirs),
      );
  }

  #nullable(table: string, columns: readonly string[]): void {
    for (const column of columns) {
      if (this.#database.tables.get(table)?.columns[column]?.nullable !== false) continue;
      this.#report('not-null', `Column ${column} of table ${table} cannot be NULL`, 'Give it another value.');
    }
  }

  #start(start: StartColumn): Encoding | undefined {
    const { record } = this.#view;
    const rows = start.maxOf ?? start.minOf;
    const name = this.#tableOfPart(start.part) ?? this.#tableOf(rows?.related);
    this.#columns(name, start.timeColumn === undefined ? [start.column] : [start.column, start.timeColumn]);
    if (rows !== undefined) this.#condition(name, rows.where);
    if (start.encoding !== undefined) return start.encoding;
    if (this.#database.tables.get(name)?.columns[start.column] === undefined) return undefined;
    if (record.datetimesIn !== undefined) return { kind: 'local', zone: record.datetimesIn };
    const message = `Nothing says in which zone column ${start.column} of table ${name} is`;
    this.#report(
      'no-zone',
      message,
      'Declare `datetimes in` for the source, or `as` for the starting point.',
    );
    return undefined;
  }
}

/** Digest over the columns of every table that the views name. */
function catalogueOf(database: MemoryDatabase, views: readonly View[]): string {
  const named = views.flatMap(({ record }) => [record.table, ...record.related.map((one) => one.table)]);
  const tables = [...new Set(named)].sort().map((name) => {
    const table = database.tables.get(name);
    return [name, table?.columns, table?.primaryKey, table?.foreignKeys];
  });
  return createHash('sha256').update(JSON.stringify(tables)).digest('hex');
}
