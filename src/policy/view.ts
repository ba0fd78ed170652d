/**
 * From the policies of a file to what is asked of a source: one task per erase policy and record type.
 *
 * A record is judged by all policies on its type together, so a task's view asks for the facts of all of them, each
 * fact once. The lists of `View` and `Facts` are aligned; the clauses of a task point into them by position.
 */
import { FristError } from '../errors.ts';
import type {
  Condition,
  Controller,
  Encoding,
  ErasePolicy,
  KeepPolicy,
  Policy,
  PolicyFile,
  RecordType,
  ResolvedStart,
  Stage,
  Start,
  StartColumn,
  StartTree,
  SubjectIdentifier,
  View,
} from './policy.ts';
import { ALWAYS } from './policy.ts';

/** Position of a condition in `View.conditions`, or one that every record meets and no source is asked for. */
export type ConditionIndex = number | 'always';

/** What one policy says about a record, in positions of the view. */
export interface Clause {
  readonly policy: string;
  readonly where: ConditionIndex;
  readonly exempt: readonly { readonly name: string; readonly condition: ConditionIndex }[];
  readonly start: StartTree;
}

/** A statutory minimum on the record type. */
export interface KeepClause extends Clause {
  readonly rule: KeepPolicy['rule'];
}

/** Another erase policy that deletes records of the type, and goes first where it is due earlier. */
export interface RivalClause extends Clause {
  readonly stages: readonly Stage[];
  /** Whether it stands before the task's own policy in the file: it wins a tie. */
  readonly before: boolean;
}

/**
 * Dependents that are records of a type with people of its own: a hold on one of them protects the root that they
 * would go with. Their identifiers follow the record's own in the view, read through the relation.
 */
export interface SharedDependent {
  readonly related: string;
  /** Whether the record has such rows at all. */
  readonly exists: ConditionIndex;
  readonly identifiers: readonly SubjectIdentifier[];
  /** Position of the first of them among the view's subjects. */
  readonly from: number;
}

export interface Task {
  readonly policy: ErasePolicy;
  readonly controller: Controller;
  readonly view: View;
  readonly own: Clause;
  readonly keeps: readonly KeepClause[];
  readonly rivals: readonly RivalClause[];
  /** Where the policy is a default (`crm.*`): policies that name the record type, which it yields to. */
  readonly overridden: readonly { readonly policy: string; readonly where: ConditionIndex }[];
  /** How many of the view's subjects are the record's own; those of shared dependents follow. */
  readonly ownSubjects: number;
  readonly shared: readonly SharedDependent[];
  /** Names of all policies that have a say, the task's own first. */
  readonly policies: readonly string[];
  /** The encodings of `view.starts`; empty until `withEncodings`. */
  readonly starts: readonly ResolvedStart[];
}

/** The tasks of a file, in its order. */
export function compileViews(file: PolicyFile): Task[] {
  return file.policies.flatMap((policy) => {
    if (policy.kind !== 'erase') return [];
    const record = file.sources
      .find((source) => source.name === policy.source)
      ?.records.find((one) => one.name === policy.record);
    if (record === undefined)
      throw new FristError('DEFECT', { what: `policy ${policy.name} has no record type` });
    return [compile(file, policy, record)];
  });
}

/** The task once it is known how each start of its view is stored; `encodings` is aligned with `view.starts`. */
export function withEncodings(task: Task, encodings: readonly Encoding[]): Task {
  const starts = task.view.starts.map((start, i) => {
    const encoding = encodings[i];
    if (encoding === undefined) throw new FristError('DEFECT', { what: `no encoding for ${start.column}` });
    return { ...start, encoding };
  });
  return { ...task, starts };
}

/**
 * The canonical text of a task's policy with all that gives it its meaning: its record type, the source's name, the
 * controller's zone and financial year. Equal texts mean equal policies; the digest of a policy is a hash of this.
 * JSON with sorted keys and without blanks; an integer beyond 2^53 is written as {"bigint":"…"}. The connection is no
 * part of it: it may hold secrets.
 */
export function policyText(task: Task): string {
  const { policy, view, controller } = task;
  const { timezone, financialYearEnd } = controller;
  return canonical({
    policy,
    record: view.record,
    source: view.source,
    controller: { timezone, financialYearEnd },
  });
}

function compile(file: PolicyFile, policy: ErasePolicy, record: RecordType): Task {
  const starts = new Positions<StartColumn>();
  const conditions = new Positions<Condition>();
  const clause = (of: Policy): Clause => ({
    policy: of.name,
    where: position(conditions, of.where),
    exempt: of.exemptions.map((one) => ({ name: one.name, condition: position(conditions, one.condition) })),
    start: tree(starts, of.start),
  });
  const own = clause(policy);
  const others = file.policies.filter(
    (other) => other !== policy && other.source === policy.source && other.record === policy.record,
  );
  const keeps = others
    .filter((other) => other.kind === 'keep')
    .map((keep) => ({ ...clause(keep), rule: keep.rule }));
  const erasing = others.filter((other) => other.kind === 'erase');
  const rivals = erasing
    .filter((other) => other.specific === policy.specific && other.stages.some(deletes))
    .map((other) => ({ ...clause(other), stages: other.stages, before: comesBefore(file, other, policy) }));
  const overridden = erasing
    .filter((other) => other.specific && !policy.specific)
    .map((other) => ({ policy: other.name, where: position(conditions, other.where) }));
  const shared = sharedDependents(file, policy, record, conditions);
  const view: View = {
    policy: policy.name,
    source: policy.source,
    record: { ...record, subjects: [...record.subjects, ...shared.flatMap((one) => one.identifiers)] },
    starts: starts.items,
    conditions: conditions.items,
    where: policy.where,
    exempt: policy.exemptions.map((one) => one.condition),
    stages: policy.stages,
    startTree: own.start,
    acknowledgedCascades: policy.acknowledgedCascades,
  };
  const policies = [own, ...keeps, ...rivals, ...overridden].map((one) => one.policy);
  const { controller } = file;
  const ownSubjects = record.subjects.length;
  return {
    policy,
    controller,
    view,
    own,
    keeps,
    rivals,
    overridden,
    ownSubjects,
    shared,
    policies,
    starts: [],
  };
}

function sharedDependents(
  file: PolicyFile,
  policy: ErasePolicy,
  record: RecordType,
  conditions: Positions<Condition>,
): SharedDependent[] {
  const types = file.sources.find((source) => source.name === policy.source)?.records ?? [];
  const touched = policy.stages.flatMap((stage) => stage.dependents.filter((one) => one.kind !== 'keep'));
  let from = record.subjects.length;
  return [...new Set(touched.map((one) => one.related))].flatMap((related) => {
    const table = record.related.find((one) => one.name === related)?.table;
    const people = types.filter((type) => type.table === table).flatMap((type) => type.subjects);
    if (people.length === 0) return [];
    // An identifier that itself stands in another table cannot be read from here: such rows count as unknown.
    const own = people.filter((subject) => subject.related === undefined);
    const identifiers = own.map((subject) => ({ ...subject, related }));
    const where = ALWAYS;
    const exists = position(conditions, { kind: 'related', quantifier: 'exists', related, where });
    const one: SharedDependent = { related, exists, identifiers, from };
    from += identifiers.length;
    return [one];
  });
}

function deletes(stage: Stage): boolean {
  return stage.action.kind === 'delete';
}

function comesBefore(file: PolicyFile, one: Policy, other: Policy): boolean {
  return file.policies.indexOf(one) < file.policies.indexOf(other);
}

function position(conditions: Positions<Condition>, condition: Condition): ConditionIndex {
  return canonical(condition) === canonical(ALWAYS) ? 'always' : conditions.of(condition);
}

function tree(starts: Positions<StartColumn>, start: Start): StartTree {
  if (start.kind === 'column') return { kind: 'column', index: starts.of(start) };
  return { kind: start.kind, of: start.of.map((part) => tree(starts, part)) };
}

/** A list in which equal items stand once. */
class Positions<T> {
  readonly items: T[] = [];
  readonly #known = new Map<string, number>();

  of(item: T): number {
    const text = canonical(item);
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    this.#known.set(text, this.items.length);
    return this.items.push(item) - 1;
  }
}

/** JSON with sorted keys; what is undefined is left out. */
function canonical(value: unknown): string {
  if (typeof value === 'bigint') return `{"bigint":"${String(value)}"}`;
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value)
    .filter(([, part]) => part !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, part]) => `${JSON.stringify(key)}:${canonical(part)}`).join(',')}}`;
}
