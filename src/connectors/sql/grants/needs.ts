/**
 * What the statements of this connector touch, found by walking what is asked: per table the columns that are read and
 * written, and whether rows are deleted. That it is enough, and that nothing of it is too much, is shown by whole sweeps
 * under a user who has just these rights, and without each of them in turn (test/e2e/grants.test.ts).
 */
import type { Condition, Dependent, Field, Part, Related, Replacements, Scope, StartColumn, Template, View, ViewStage } from '../../../policy/policy.ts'; // prettier-ignore
import type { Catalogue, Table, TableId } from '../catalogue/catalogue.ts';
import { shortName } from '../catalogue/catalogue.ts';
import { isAcknowledged } from '../erase/acknowledged.ts';
import { pairsOf } from '../erase/listed.ts';
import { unfit } from '../failure.ts';

/** What is done to the rows of one table. */
export interface TableNeeds {
  /** Columns that are named in any way. */
  readonly read: Set<string>;
  /** Which ones is not known. */
  readsAll: boolean;
  readonly written: Set<string>;
  deletes: boolean;
  /** A batch locks its rows; this is a column of their key. */
  lockedBy?: string;
}

export interface Needs {
  readonly tables: ReadonlyMap<TableId, TableNeeds>;
  /** Tables of batches that cannot roll back, and are locked as a whole instead. */
  readonly wholeLocks: ReadonlySet<TableId>;
  /** SELECTs that somebody wrote: which tables they read was guessed from their text. */
  readonly guessed: ReadonlySet<string>;
}

interface Collected {
  readonly tables: Map<TableId, TableNeeds>;
  readonly wholeLocks: Set<TableId>;
  readonly guessed: Set<string>;
}

/** Schema of a table's id. */
export const schemaOf = (id: TableId): string => id.slice(0, id.indexOf('.'));

/**
 * What all of these views take, in which `check` has found no error. The catalogue is that of all tables.
 * @throws SourceFailure for a name that is not there
 */
export function needsOf(catalogue: Catalogue, views: readonly View[]): Needs {
  const found: Collected = { tables: new Map(), wholeLocks: new Set(), guessed: new Set() };
  for (const view of views) new Walk(catalogue, view, found).all();
  return found;
}

const ALWAYS: Condition = { kind: 'all', of: [] };

/** Goes through one view. Tables are named as the policy file names them. */
class Walk {
  readonly #catalogue: Catalogue;
  readonly #view: View;
  readonly #found: Collected;

  constructor(catalogue: Catalogue, view: View, found: Collected) {
    this.#catalogue = catalogue;
    this.#view = view;
    this.#found = found;
  }

  all(): void {
    const { record, starts, conditions, where, exempt, stages } = this.#view;
    for (const name of record.key) this.#read(record.table, name);
    this.#scope(record.table, record.scope);
    for (const part of record.parts ?? []) this.#part(part);
    for (const condition of [record.where ?? ALWAYS, where, ...exempt, ...conditions])
      this.#condition(record.table, condition);
    for (const start of starts) this.#start(start);
    for (const subject of record.subjects)
      if (subject.related === undefined) this.#field(record.table, subject);
      else this.#read(this.#rows(subject.related), subject.column);
    for (const stage of stages) this.#stage(stage);
    const [key] = record.key;
    if (stages.length > 0 && key !== undefined) this.#needs(this.#table(record.table).id).lockedBy ??= key;
  }

  #table(name: string): Table {
    const table = this.#catalogue.tables.get(name);
    if (table === undefined) throw unfit('UNKNOWN_TABLE');
    return table;
  }

  #needs(id: TableId): TableNeeds {
    const known = this.#found.tables.get(id);
    if (known !== undefined) return known;
    const none: TableNeeds = {
      read: new Set<string>(),
      readsAll: false,
      written: new Set<string>(),
      deletes: false,
    };
    this.#found.tables.set(id, none);
    return none;
  }

  #read(table: string, column: string): void {
    this.#needs(this.#table(table).id).read.add(column);
  }

  /** Whoever writes a column also asks what is in it. */
  #write(table: string, columns: readonly string[]): void {
    const needs = this.#needs(this.#table(table).id);
    const moving = [...this.#table(table).columns.values()].filter((one) => one.onUpdate);
    // Columns that move by themselves are told to stay.
    for (const column of [...columns, ...moving.map((one) => one.name)]) {
      needs.read.add(column);
      needs.written.add(column);
    }
  }

  #scope(table: string, scope: Scope): void {
    for (const { column } of scope) this.#read(table, column);
  }

  #part({ table, match, scope }: Part): void {
    for (const { theirs, ours, ...part } of match) {
      this.#read(table, theirs);
      this.#field(this.#view.record.table, { column: ours, ...part });
    }
    this.#scope(table, scope);
  }

  /** A column of the table, or of the part that the field names. Answers the table that has it. */
  #field(table: string, { column, part }: Field): string {
    const found = this.#view.record.parts?.find((one) => one.name === part)?.table ?? table;
    this.#read(found, column);
    return found;
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
      case 'is':
      case 'compare':
        this.#field(table, condition);
        return;
      case 'related':
      case 'count':
        this.#condition(this.#rows(condition.related), condition.where);
        return;
      case 'selected':
        this.#selection(condition.selection);
    }
  }

  /** Which tables the SELECT reads, nobody but the database knows; those whose names stand in its text are taken. */
  #selection(name: string): void {
    const { record } = this.#view;
    const sql = record.selections?.find((one) => one.name === name)?.sql ?? '';
    const words = new Set(sql.toLowerCase().match(/[\p{L}\p{N}_$]+/gu));
    for (const table of this.#catalogue.tables.values())
      if (table !== undefined && words.has(shortName(table.id).toLowerCase()))
        this.#needs(table.id).readsAll = true;
    this.#found.guessed.add(`${record.name}, selection "${name}"`);
  }

  #related(name: string): Related {
    const related = this.#view.record.related.find((one) => one.name === name);
    if (related === undefined) throw unfit('UNKNOWN_RELATED');
    return related;
  }

  /** The way from the record to these rows. Answers their table. */
  #rows(name: string): string {
    const related = this.#related(name);
    const { table, of, scope, where } = related;
    const above = of === undefined ? this.#view.record.table : this.#rows(of);
    for (const { theirs, ours, part } of pairsOf(related)) {
      this.#read(table, theirs);
      this.#field(above, part === undefined ? { column: ours } : { column: ours, part });
    }
    this.#scope(table, scope);
    this.#condition(table, where);
    return table;
  }

  #start(start: StartColumn): void {
    const rows = start.maxOf ?? start.minOf;
    const from = rows === undefined ? this.#view.record.table : this.#rows(rows.related);
    const table = this.#field(from, start);
    if (start.timeColumn !== undefined) this.#read(table, start.timeColumn);
    if (rows !== undefined) this.#condition(from, rows.where);
  }

  #stage({ action, dependents, when, files }: ViewStage): void {
    const { record } = this.#view;
    const own = [record, ...(record.parts ?? [])].map((one) => one.table);
    this.#condition(record.table, when ?? ALWAYS);
    if (files !== undefined) this.#template(record.table, files.path);
    for (const one of dependents) this.#dependent(one);
    if (action.kind === 'delete') for (const table of own) this.#delete(table);
    else this.#anonymise(record.table, action.set);
    const theirs = dependents.map((one) => this.#related(one.related).table);
    const written = [...own, ...theirs.filter((_, i) => dependents[i]?.kind !== 'keep')];
    if (written.some((table) => !this.#table(table).transactional))
      for (const table of [...own, ...record.related.map((one) => one.table)])
        this.#found.wholeLocks.add(this.#table(table).id);
  }

  #dependent(one: Dependent): void {
    const table = this.#rows(one.related);
    this.#condition(table, one.where ?? ALWAYS);
    if ('files' in one) this.#template(table, one.files.path);
    switch (one.kind) {
      case 'delete':
        for (const owner of one.unlessOwned ?? []) this.#rows(owner);
        this.#delete(table);
        return;
      case 'anonymise':
        this.#replace(table, one.set);
        return;
      case 'detach':
        this.#write(
          table,
          pairsOf(this.#related(one.related)).map((pair) => pair.theirs),
        );
        return;
      case 'keep':
    }
  }

  #template(table: string, template: Template): void {
    for (const piece of template) if (typeof piece !== 'string') this.#field(table, piece);
  }

  #replace(table: string, set: Replacements): void {
    for (const one of set) this.#write(this.#field(table, one), [one.column]);
  }

  /** A record is written to even where only its free text is looked through: its first column then stays as it is. */
  #anonymise(root: string, set: Replacements): void {
    this.#replace(root, set);
    const own = set.filter((one) => one.part === undefined);
    if (own.some((one) => one.with.kind !== 'redact')) return;
    const columns = [...this.#table(root).columns.values()];
    if (columns.some((one) => one.onUpdate)) return;
    this.#write(
      root,
      columns
        .filter((one) => !one.generated)
        .slice(0, 1)
        .map((one) => one.name),
    );
  }

  #delete(name: string): void {
    const { id } = this.#table(name);
    this.#needs(id).deletes = true;
    this.#cascades(id, new Set());
  }

  /** Rows that the database takes along are counted, as far as the policy acknowledges them. */
  #cascades(to: TableId, seen: Set<unknown>): void {
    for (const key of this.#catalogue.foreignKeys) {
      if (key.to !== to || key.onDelete === 'restrict' || seen.has(key)) continue;
      if (!isAcknowledged(this.#view.acknowledgedCascades, key.from)) continue;
      seen.add(key);
      for (const name of key.references) this.#needs(to).read.add(name);
      for (const name of key.columns) this.#needs(key.from).read.add(name);
      if (key.onDelete === 'cascade') this.#cascades(key.from, seen);
    }
  }
}
