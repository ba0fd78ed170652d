/**
 * Columns that anonymising must leave alone, because something reads them: keys, scopes, starting points, what makes a row
 * a record, and the columns by which related rows are found. Overwritten, a record would be dated anew, or its dependents
 * lost.
 */
import { fieldName } from '../../model/condition.ts';
import type { Condition, Field, Match, Policy, RecordType, Replacements, StartColumn } from '../../policy.ts';
import type { PolicyEntry } from '../build/policy.ts';
import { leavesOf } from '../build/start.ts';
import type { SourceEntry } from '../build/source.ts';
import type { Path } from '../position.ts';
import type { Report } from '../report.ts';
import { askedElsewhere, deedsOf } from './deeds.ts';
import type { Deed } from './deeds.ts';
import { mayCut } from './unlinking.ts';
import type { Link } from './unlinking.ts';

/** A column of a table, or a value in its JSON, that something reads. */
interface Reading {
  readonly source: string;
  readonly table: string;
  readonly column: string;
  readonly path: readonly string[];
  readonly why: string;
  /** The record's side of a match: it may change once these related rows are gone. */
  readonly finds?: { readonly record: string; readonly related: string };
  /** It is part of a relation, which can be cut. */
  readonly link?: Link;
}

/** Names are compared without case, as some databases do. */
function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** Whether one of two places in JSON is in the other; a column is the whole of its JSON. */
function overlap(a: readonly string[] = [], b: readonly string[] = []): boolean {
  return a.slice(0, b.length).every((name, i) => name === b[i]);
}

/** The table that has a part's columns; that of the record type where none is named. Of a row in a file, `file` is one. */
function tableOf(type: RecordType, part: string | undefined): string {
  if (part === undefined) return type.table;
  return type.parts?.find((one) => one.name === part)?.table ?? part;
}

function relatedTable(type: RecordType, name: string | undefined): string | undefined {
  return type.related.find((one) => one.name === name)?.table;
}

class Readings {
  readonly list: Reading[] = [];

  add(
    source: string,
    table: string,
    field: Field,
    why: string,
    more: Pick<Reading, 'finds' | 'link'> = {},
  ): void {
    const { column, path = [] } = field;
    this.list.push({ source, table, column, path, why, ...more });
  }

  /** What a record type itself reads. */
  addType(source: string, type: RecordType): void {
    const own = (column: string, why: string): void => this.add(source, type.table, { column }, why);
    for (const { column } of type.scope) own(column, `a scope column of "${type.name}"`);
    // The key of a row in a file is made of its bytes, and of no column.
    for (const column of type.rows === undefined ? type.key : [])
      own(column, `a key column of "${type.name}"`);
    for (const field of type.where === undefined ? [] : fieldsOf(type.where))
      this.add(source, tableOf(type, field.part), field, `what makes a row a record "${type.name}"`);
    for (const part of type.parts ?? []) {
      this.#addMatch(source, type, part.table, undefined, part.match, `how part "${part.name}" is matched`);
      for (const { column } of part.scope)
        this.add(source, part.table, { column }, `a scope column of "${part.name}"`);
    }
    for (const related of type.related) {
      const { name, table, of } = related;
      for (const { column } of related.scope)
        this.add(source, table, { column }, `a scope column of "${name}"`);
      for (const match of [related.match, ...(related.orMatch ?? [])])
        this.#addMatch(source, type, table, { of, name }, match, `how "${name}" are matched`);
    }
  }

  #addMatch(
    source: string,
    type: RecordType,
    table: string,
    related: { readonly of: string | undefined; readonly name: string } | undefined,
    match: Match,
    why: string,
  ): void {
    const ourTable = relatedTable(type, related?.of);
    const finds =
      related && ourTable === undefined ? { record: type.name, related: related.name } : undefined;
    const link = (side: Link['side']): Pick<Reading, 'link'> =>
      related === undefined ? {} : { link: { source, type, related: related.name, side } };
    for (const { theirs, ours, part } of match) {
      this.add(source, table, { column: theirs }, why, link('theirs'));
      const ofRecord = ourTable === undefined && part === undefined ? link('ours') : {};
      const found = finds === undefined ? {} : { finds };
      this.add(source, ourTable ?? tableOf(type, part), { column: ours }, why, { ...found, ...ofRecord });
    }
  }

  /** The columns of a starting point. */
  addStart(source: string, type: RecordType, leaf: StartColumn, why: string): void {
    const rows = leaf.maxOf ?? leaf.minOf;
    const table = rows === undefined ? tableOf(type, leaf.part) : relatedTable(type, rows.related);
    if (table === undefined) return;
    this.add(source, table, leaf, why);
    if (leaf.timeColumn !== undefined) this.add(source, table, { column: leaf.timeColumn }, why);
  }
}

function readingsOf(sources: Iterable<SourceEntry>, policies: readonly PolicyEntry[]): readonly Reading[] {
  const readings = new Readings();
  const all = [...sources];
  for (const source of all) {
    for (const { type } of source.records.values()) if (type) readings.addType(source.name, type);
  }
  for (const { policy, record, source } of policies) {
    const why = `the starting point of policy "${policy.name}"`;
    for (const leaf of leavesOf(policy.start))
      if (record.type !== undefined) readings.addStart(source.name, record.type, leaf, why);
    for (const asked of askedElsewhere(policy)) {
      const type = all.find((one) => one.name === asked.source)?.records.get(asked.record)?.type;
      if (type !== undefined && 'start' in asked) readings.addStart(asked.source, type, asked.start, why);
    }
  }
  return readings.list;
}

/** Whether the deed takes the related rows away, all of them, so that nobody needs to find them again. */
function takesAway(deed: Deed, finds: NonNullable<Reading['finds']>, record: string): boolean {
  return (
    finds.record === record &&
    deed.dependents.some(
      (one) =>
        one.related === finds.related &&
        one.where === undefined &&
        (one.kind === 'detach' || (one.kind === 'delete' && one.unlessOwned === undefined)),
    )
  );
}

/** Reports every `set` that overwrites a column which something reads. */
export function checkColumns(
  sources: Iterable<SourceEntry>,
  policies: readonly PolicyEntry[],
  report: Report,
): void {
  const readings = readingsOf(sources, policies);
  for (const entry of policies) {
    const { source } = entry;
    const { type } = entry.record;
    if (type === undefined) continue;
    for (const deed of deedsOf(entry)) {
      const refuse = (table: string, field: Replacements[number], path: Path): void => {
        const empties = field.with.kind === 'constant' && field.with.value === null;
        const reading = readings.find(
          (one) =>
            one.source === source.name &&
            sameName(one.table, table) &&
            sameName(one.column, field.column) &&
            overlap(one.path, field.path) &&
            !(one.finds !== undefined && takesAway(deed, one.finds, type.name)) &&
            !(empties && one.link !== undefined && mayCut(one.link, entry, policies)),
        );
        if (reading === undefined) return;
        report.add({
          code: 'protected-column',
          path: [...path, fieldName(field)],
          message: `"${fieldName(field)}" is ${reading.why} and must stay as it is`,
          remedy: 'Remove it from `set`; a value that must go needs its row deleted.',
          on: 'key',
        });
      };
      for (const { table, set, path } of writtenBy(deed, type))
        for (const field of set)
          refuse(field.part === undefined ? table : tableOf(type, field.part), field, path);
    }
  }
}

/** What a deed overwrites, by table. */
function writtenBy(
  { action, dependents, path }: Deed,
  type: RecordType,
): readonly { readonly table: string; readonly set: Replacements; readonly path: Path }[] {
  const own =
    action.kind === 'anonymise' ? [{ table: type.table, set: action.set, path: [...path, 'set'] }] : [];
  const theirs = dependents.flatMap((one, index) => {
    const table = relatedTable(type, one.related);
    if (one.kind !== 'anonymise' || table === undefined) return [];
    return [{ table, set: one.set, path: [...path, 'dependents', index, 'set'] }];
  });
  return [...own, ...theirs];
}

/** Columns of the record itself that a condition asks for. */
function fieldsOf(condition: Condition): readonly Field[] {
  if (condition.kind === 'all' || condition.kind === 'any') return condition.of.flatMap(fieldsOf);
  if (condition.kind === 'not') return fieldsOf(condition.of);
  return 'column' in condition ? [condition] : [];
}

function fieldsRead(policy: Policy): readonly Field[] {
  const exempt = policy.exemptions.flatMap((one) => ('condition' in one ? [one.condition] : []));
  return [policy.where, ...exempt].flatMap(fieldsOf);
}

function touches(a: Field, b: Field): boolean {
  return a.part === b.part && sameName(a.column, b.column) && overlap(a.path, b.path);
}

/** The policy that finds its people in these records by the column, if there is one. */
function findsPeopleBy(
  field: Field,
  entry: PolicyEntry,
  policies: readonly PolicyEntry[],
): Policy | undefined {
  const { source, record } = entry;
  const subjects = (record.type?.subjects ?? []).filter(
    (one) => one.related === undefined && touches(one, field),
  );
  return policies.find(({ policy }) =>
    askedElsewhere(policy).some(
      (asked) =>
        asked.source === source.name &&
        asked.record === record.name &&
        subjects.some((one) => one.kind === asked.by),
    ),
  )?.policy;
}

/**
 * Warns of a `set` that changes who is meant: by a later stage of the same policy, by a `keep` policy on the records, or
 * by a policy that asks them about its people.
 */
export function checkMeaning(policies: readonly PolicyEntry[], report: Report): void {
  for (const entry of policies) {
    const { policy } = entry;
    const deeds = deedsOf(entry);
    const later = deeds.length > 1 ? [policy] : [];
    const keeps = policies.filter((other) => other.policy.kind === 'keep' && other.record === entry.record);
    const readers = [...later, ...keeps.map((one) => one.policy)];
    for (const { action, path } of deeds) {
      for (const field of action.kind === 'anonymise' ? action.set : []) {
        const reader =
          readers.find((one) => fieldsRead(one).some((read) => touches(read, field))) ??
          findsPeopleBy(field, entry, policies);
        if (reader === undefined) continue;
        const name = fieldName(field);
        report.add({
          code: 'changes-meaning',
          path: [...path, 'set', name],
          message: `"${name}" tells which records policy "${reader.name}" is about; overwritten, it may tell otherwise`,
          remedy: 'Leave the column as it is, or let the conditions read another.',
          severity: 'warning',
          on: 'key',
        });
      }
    }
  }
}
