/**
 * One stage of a policy, compiled for erasing: which rows of which tables, in which order, under which predicate.
 *
 * The order: dependents as declared; the record and its parts, so that a row goes before the rows that it refers to by a
 * foreign key (without transactions the record's own row last); rows that nobody owns any more behind their owners.
 */
import type { Condition, Files, Key, Part, ViewStage } from '../../../policy/policy.ts';
import { uniqueSets } from '../catalogue/catalogue.ts';
import type { Table } from '../catalogue/catalogue.ts';
import { compileCondition } from '../compile/condition.ts';
import type { Question } from '../compile/facts.ts';
import { aliasOf, belongs, refTo, relatedNamed, tableNamed } from '../compile/place.ts';
import type { Place } from '../compile/place.ts';
import { keyIn } from '../compile/keys.ts';
import type { Sql } from '../sql.ts';
import { TRUE, and, sql } from '../sql.ts';
import { compileAnonymising, keyText } from './anonymise/change.ts';
import type { Anonymising } from './anonymise/change.ts';
import { compileDependent } from './dependent.ts';
import type { DependentSql } from './dependent.ts';
import { chainTo, compilePart } from './rows.ts';
import type { RowsSql } from './rows.ts';
import { stillTrue } from './still.ts';
import type { Changed } from './still.ts';

/** A part of the record: erased with it. */
export interface PartSql {
  readonly part: Part;
  readonly rows: RowsSql;
  /** No record but these has the row as a part. */
  readonly unshared: (keys: readonly Key[]) => Sql;
  readonly anonymising: Anonymising | undefined;
}

/** Files that rows of a batch name. */
export interface NamedFiles {
  /** The dependent that has them; undefined: the record itself. */
  readonly of: DependentSql | undefined;
  readonly place: Place;
  readonly files: Files;
}

export interface Work {
  readonly stage: ViewStage;
  /** What a record must meet under the lock. */
  readonly predicate: Sql;
  /** What of it can still be asked once the rows around the record have been changed. */
  readonly still: Sql;
  /** In the order of the policy. */
  readonly dependents: readonly DependentSql[];
  readonly parts: readonly PartSql[];
  /** What is changed, in this order; `record` is the record's own row. */
  readonly order: readonly (DependentSql | PartSql | 'record')[];
  readonly anonymising: Anonymising | undefined;
  readonly files: readonly NamedFiles[];
  /** Tables with rows that may change. */
  readonly written: readonly Table[];
}

export function compileWork(question: Question, stage: ViewStage): Work {
  const { context, root, keys } = question;
  const dependents = stage.dependents.map((one) => compileDependent(question, stage, one));
  const parts = (context.record.parts ?? []).map((part) => compileOnePart(question, stage, part));
  const touched = parts.filter((one) => stage.action.kind === 'delete' || one.anonymising !== undefined);
  const changed = dependents.filter((one) => one.dependent.kind !== 'keep');
  const written = [
    ...new Set([root.table, ...changed.map((one) => one.rows.place.table), ...touched.map((one) => one.rows.place.table)]),
  ]; // prettier-ignore
  const order = orderOf(question, dependents, touched, written);
  const before = order.slice(0, order.indexOf('record')).filter((one) => one !== 'record');
  const when = stage.when === undefined ? TRUE : compileCondition(context, root, stage.when);
  const own =
    stage.action.kind === 'anonymise' ? stage.action.set.filter((one) => one.part === undefined) : [];
  const predicate = and(question.predicate, when);
  return {
    stage,
    predicate,
    still: stillTrue(question, stage, predicate, changedBy(before)),
    dependents,
    parts: touched,
    order,
    anonymising:
      stage.action.kind === 'anonymise'
        ? compileAnonymising(context, root, own, () => keyText(context.dialect, keys))
        : undefined,
    files: filesOf(question, stage, dependents),
    written,
  };
}

function filesOf(
  { root }: Question,
  stage: ViewStage,
  dependents: readonly DependentSql[],
): readonly NamedFiles[] {
  const theirs = dependents.flatMap((of): NamedFiles[] => {
    const { dependent, rows } = of;
    const files = 'files' in dependent ? dependent.files : undefined;
    return files === undefined ? [] : [{ of, place: rows.place, files }];
  });
  return stage.files === undefined ? theirs : [...theirs, { of: undefined, place: root, files: stage.files }];
}

function changedBy(before: readonly (DependentSql | PartSql)[]): Changed {
  const changing = before.filter((one) => !isKept(one));
  const rewritten = changing
    .filter((one) => one.anonymising !== undefined)
    .map((one) => one.rows.place.table);
  return { rewritten: new Set(rewritten), any: new Set(changing.map((one) => one.rows.place.table)) };
}

const isKept = (one: DependentSql | PartSql): boolean => 'dependent' in one && one.dependent.kind === 'keep';

function compileOnePart(question: Question, stage: ViewStage, part: Part): PartSql {
  const { context } = question;
  const { action } = stage;
  const rows = compilePart(question, part);
  const set = action.kind === 'anonymise' ? action.set.filter((one) => one.part === part.name) : [];
  return {
    part,
    rows,
    unshared: unshared(question, part, rows),
    anonymising:
      set.length === 0
        ? undefined
        : compileAnonymising(context, rows.place, set, () => keyThrough(question, part, rows)),
  };
}

/** The key of the record that has the row as a part. */
function keyThrough({ context, view }: Question, part: Part, { place }: RowsSql): Sql {
  const { record } = view;
  const there = aliasOf(context, record.table);
  const keys = record.key.map((name) => refTo(context, there, name));
  const link = belongs(context, { ...part, where: ALWAYS }, place, there);
  return sql`(SELECT MIN(${keyText(context.dialect, keys)}) FROM ${there.from} WHERE ${link})`;
}

const ALWAYS: Condition = { kind: 'all', of: [] };

/** Where nothing in the database says that the row is the part of one record only, each statement asks. */
function unshared(question: Question, part: Part, { place }: RowsSql): PartSql['unshared'] {
  const { context, root, view } = question;
  const own = part.match.every((pair) => pair.part === undefined);
  const ours = part.match.map((pair) => pair.ours);
  if (own && uniqueSets(root.table).some((set) => set.every((name) => ours.includes(name))))
    return () => TRUE;
  const there = aliasOf(context, view.record.table);
  const keys = view.record.key.map((name) => refTo(context, there, name));
  const link = belongs(context, { ...part, where: ALWAYS }, place, there);
  return (records) => {
    const others = sql`CASE WHEN ${keyIn({ ...question, keys }, records)} THEN 0 ELSE 1 END = 1`;
    return sql`NOT EXISTS (SELECT 1 FROM ${there.from} WHERE ${and(link, others)})`;
  };
}

function orderOf(
  question: Question,
  dependents: readonly DependentSql[],
  parts: readonly PartSql[],
  written: readonly Table[],
): Work['order'] {
  const record = recordAndParts(question, parts, written);
  const order: (DependentSql | PartSql | 'record')[] = [
    ...dependents.filter((one) => one.owners.length === 0),
    ...record,
  ];
  for (const shared of dependents.filter((one) => one.owners.length > 0)) {
    const owners = shared.owners.map((name) =>
      tableNamed(question.context, relatedNamed(question.context, name).table),
    );
    // Rows that are `of` shared rows go before those, as declared.
    const before = order.findLastIndex((one) => one !== 'record' && 'owners' in one && one.owners.length > 0 && isOf(question, one, shared)); // prettier-ignore
    const last = owners.map((table) => lastOf(question, order, table)).reduce((a, b) => Math.max(a, b), before); // prettier-ignore
    order.splice(last + 1, 0, shared);
  }
  return order;
}

/** The rows of one dependent are `of` those of another, at any distance. */
function isOf({ context }: Question, one: DependentSql, other: DependentSql): boolean {
  return chainTo(context, one.dependent.related).some((each) => each.of === other.dependent.related);
}

/** Where the last row of an owner's table goes; the end where no statement of the batch deletes from it. */
function lastOf({ root }: Question, order: Work['order'], table: Table): number {
  const at = order.findLastIndex((one) =>
    one === 'record' ? root.table === table : !isKept(one) && one.rows.place.table === table,
  );
  return at < 0 ? order.length - 1 : at;
}

function recordAndParts(
  { context, root }: Question,
  parts: readonly PartSql[],
  written: readonly Table[],
): readonly (PartSql | 'record')[] {
  const transactional = written.every((table) => table.transactional);
  const left: (PartSql | 'record')[] = transactional ? ['record', ...parts] : [...parts, 'record'];
  const tableOf = (one: PartSql | 'record'): Table => (one === 'record' ? root.table : one.rows.place.table);
  const refers = (from: PartSql | 'record', to: PartSql | 'record'): boolean =>
    context.catalogue.foreignKeys.some((key) => key.from === tableOf(from).id && key.to === tableOf(to).id);
  const order: (PartSql | 'record')[] = [];
  while (left.length > 0) {
    const free = left.findIndex((one) => !left.some((other) => other !== one && refers(other, one)));
    order.push(...left.splice(Math.max(free, 0), 1));
  }
  return order;
}
