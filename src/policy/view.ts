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
  ElsewhereExemption,
  ElsewhereStart,
  Encoding,
  ErasePolicy,
  Facts,
  KeepPolicy,
  Policy,
  PolicyFile,
  RecordType,
  ResolvedStart,
  Rule,
  Stage,
  Start,
  StartColumn,
  StartTree,
  SubjectIdentifier,
  View,
  ViewStage,
} from './policy.ts';
import { ALWAYS } from './policy.ts';

/** Position of a condition in `View.conditions`, or one that every record meets and no source is asked for. */
export type ConditionIndex = number | 'always';

/** Whether the record meets the condition. */
export function isTrue({ truths }: Pick<Facts, 'truths'>, condition: ConditionIndex): boolean {
  return condition === 'always' || truths[condition] === true;
}

/** A starting point with its leaves replaced by positions: in `View.starts`, or in `Task.inquiries`. */
export type ClauseStart =
  | { readonly kind: 'column'; readonly index: number }
  | { readonly kind: 'elsewhere'; readonly index: number }
  | { readonly kind: 'latest of' | 'first known of'; readonly of: readonly ClauseStart[] };

/** One thing that a policy does to records that meet `when`. */
export interface ClauseStage {
  readonly rule: Rule;
  readonly deletes: boolean;
  readonly when: ConditionIndex;
}

/** What one policy says about a record, in positions of the view. */
export interface Clause {
  readonly policy: string;
  readonly where: ConditionIndex;
  readonly exempt: readonly { readonly name: string; readonly condition: ConditionIndex }[];
  /** Exemptions that other sources know, by position in `Task.inquiries`. */
  readonly exemptElsewhere: readonly { readonly name: string; readonly inquiry: number }[];
  readonly start: ClauseStart;
  /** Aligned with `View.stages` where the clause is the task's own. */
  readonly stages: readonly ClauseStage[];
}

/** A statutory minimum on the record type. */
export interface KeepClause extends Clause {
  readonly rule: KeepPolicy['rule'];
}

/** Another erase policy that deletes records of the type, and goes first where it is due earlier. */
export interface RivalClause extends Clause {
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

/** What another source is asked about the person of each record; answered by `Facts.elsewhere`. */
export interface Inquiry {
  readonly about: ElsewhereExemption | ElsewhereStart;
  /**
   * How the other source is asked: its record type, in `conditions` what the records found must meet (none: nothing), in
   * `starts` the start that is wanted (none for an exemption).
   */
  readonly view: View;
  /** Position of the identifier among the subjects of the task's view: what is looked up. */
  readonly ours: number;
  /** Position of the same identifier among the subjects of `view`. */
  readonly theirs: number;
  /** The start with its encoding; undefined for an exemption, and until `withEncodings`. */
  readonly start: ResolvedStart | undefined;
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
  readonly inquiries: readonly Inquiry[];
  /** Names of all policies that have a say, the task's own first. */
  readonly policies: readonly string[];
  /** The encodings of `view.starts`; empty until `withEncodings`. */
  readonly starts: readonly ResolvedStart[];
}

/** The tasks of a file, in its order. */
export function compileViews(file: PolicyFile): Task[] {
  return file.policies.flatMap((policy) => {
    if (policy.kind !== 'erase') return [];
    return [compile(file, policy, recordOf(file, policy))];
  });
}

/**
 * The task once it is known how each start is stored: `encodings` is aligned with `view.starts`, `elsewhere` with
 * `inquiries` (undefined for one that asks for no start).
 */
export function withEncodings(
  task: Task,
  encodings: readonly Encoding[],
  elsewhere: readonly (Encoding | undefined)[] = [],
): Task {
  const starts = task.view.starts.map((start, i) => resolved(start, encodings[i]));
  const inquiries = task.inquiries.map((inquiry, i) => {
    const [start] = inquiry.view.starts;
    return start === undefined ? inquiry : { ...inquiry, start: resolved(start, elsewhere[i]) };
  });
  return { ...task, starts, inquiries };
}

function resolved(start: StartColumn, encoding: Encoding | undefined): ResolvedStart {
  if (encoding === undefined) throw new FristError('DEFECT', { what: `no encoding for ${start.column}` });
  return { ...start, encoding };
}

/**
 * The canonical text of a task's policy with all that gives it its meaning: its record type, those that it asks elsewhere,
 * the source's name, the controller's zone and financial year. Equal texts mean equal policies; the digest of a policy is
 * a hash of this. JSON with sorted keys and without blanks; an integer beyond 2^53 is written as {"bigint":"…"}. The
 * connection is no part of it: it may hold secrets.
 */
export function policyText(task: Task): string {
  const { policy, view, controller, inquiries } = task;
  const { timezone, financialYearEnd } = controller;
  return canonical({
    policy,
    record: view.record,
    source: view.source,
    controller: { timezone, financialYearEnd },
    elsewhere: inquiries.length === 0 ? undefined : inquiries.map((one) => one.view.record),
  });
}

function recordOf(file: PolicyFile, at: { readonly source: string; readonly record: string }): RecordType {
  const source = file.sources.find((one) => one.name === at.source);
  const record = source?.records.find((one) => one.name === at.record);
  if (record === undefined)
    throw new FristError('DEFECT', { what: `there is no record type ${at.source}.${at.record}` });
  return record;
}

/** Turns what policies say into positions, each fact once. */
class Index {
  readonly starts = new Positions<StartColumn>();
  readonly conditions = new Positions<Condition>();
  readonly inquiries = new Positions<ElsewhereExemption | ElsewhereStart>();

  clause(policy: Policy): Clause {
    const { name, where, exemptions } = policy;
    return {
      policy: name,
      where: this.condition(where),
      exempt: exemptions.flatMap((one) =>
        'condition' in one ? [{ name: one.name, condition: this.condition(one.condition) }] : [],
      ),
      exemptElsewhere: exemptions.flatMap((one) =>
        'elsewhere' in one ? [{ name: one.name, inquiry: this.inquiries.of(one.elsewhere) }] : [],
      ),
      start: this.start(policy.start),
      stages:
        policy.kind === 'keep'
          ? []
          : viewStages(policy.stages).map(({ rule, action, when = ALWAYS }) => {
              return { rule, deletes: action.kind === 'delete', when: this.condition(when) };
            }),
    };
  }

  condition(condition: Condition): ConditionIndex {
    return canonical(condition) === canonical(ALWAYS) ? 'always' : this.conditions.of(condition);
  }

  start(start: Start): ClauseStart {
    if (start.kind === 'column') return { kind: 'column', index: this.starts.of(start) };
    if (start.kind === 'elsewhere') return { kind: 'elsewhere', index: this.inquiries.of(start) };
    return { kind: start.kind, of: start.of.map((part) => this.start(part)) };
  }
}

function compile(file: PolicyFile, policy: ErasePolicy, record: RecordType): Task {
  const facts = new Index();
  const own = facts.clause(policy);
  const others = file.policies.filter(
    (other) => other !== policy && other.source === policy.source && other.record === policy.record,
  );
  const keeps = others
    .filter((other) => other.kind === 'keep')
    .map((keep) => ({ ...facts.clause(keep), rule: keep.rule }));
  const erasing = others.filter((other) => other.kind === 'erase');
  const rivals = erasing
    .filter((other) => other.specific === policy.specific && other.stages.some(deletes))
    .map((other) => ({ ...facts.clause(other), before: comesBefore(file, other, policy) }));
  const overridden = erasing
    .filter((other) => other.specific && !policy.specific)
    .map((other) => ({ policy: other.name, where: facts.condition(other.where) }));
  const shared = sharedDependents(file, policy, record, facts);
  const view: View = {
    policy: policy.name,
    source: policy.source,
    record: { ...record, subjects: [...record.subjects, ...shared.flatMap((one) => one.identifiers)] },
    starts: facts.starts.items,
    conditions: facts.conditions.items,
    where: policy.where,
    exempt: policy.exemptions.flatMap((one) => ('condition' in one ? [one.condition] : [])),
    stages: viewStages(policy.stages),
    startTree: treeOf(own.start),
    acknowledgedCascades: policy.acknowledgedCascades,
  };
  return {
    policy,
    controller: file.controller,
    view,
    own,
    keeps,
    rivals,
    overridden,
    ownSubjects: record.subjects.length,
    shared,
    inquiries: facts.inquiries.items.map((one) => inquiry(file, record, one)),
    policies: [own, ...keeps, ...rivals, ...overridden].map((one) => one.policy),
    starts: [],
  };
}

/** A stage with something else to do meanwhile is two, of which a record is always in exactly one. */
function viewStages(stages: readonly Stage[]): ViewStage[] {
  return stages.flatMap(({ instead, ...stage }, i): ViewStage[] => {
    const at = stages.length === 1 ? [] : ['stages', i];
    if (instead === undefined) return [{ ...stage, at }];
    const { when, set, dependents, files } = instead;
    return [
      { ...stage, when: { kind: 'not', of: when }, at },
      {
        rule: stage.rule,
        action: { kind: 'anonymise', set },
        dependents,
        ...(files === undefined ? {} : { files }),
        when,
        at: [...at, 'anonymise instead'],
      },
    ];
  });
}

/** The starting point as a connector sees it: what it does not know, it can leave nothing out by. */
function treeOf(start: ClauseStart): StartTree {
  if (start.kind === 'elsewhere') return { kind: 'latest of', of: [] };
  if (start.kind === 'column') return { kind: 'column', index: start.index };
  return { kind: start.kind, of: start.of.map(treeOf) };
}

function inquiry(file: PolicyFile, record: RecordType, about: Inquiry['about']): Inquiry {
  const other = recordOf(file, about);
  const position = (type: RecordType): number => {
    const found = type.subjects.findIndex((one) => one.kind === about.by);
    if (found < 0) throw new FristError('DEFECT', { what: `${type.name} has no identifier ${about.by}` });
    return found;
  };
  const asked = canonical(about.where) === canonical(ALWAYS) ? [] : [about.where];
  const view: View = {
    policy: '',
    source: about.source,
    record: other,
    starts: 'start' in about ? [about.start] : [],
    conditions: asked,
    where: ALWAYS,
    exempt: [],
    stages: [],
    startTree: { kind: 'latest of', of: [] },
    acknowledgedCascades: [],
  };
  return { about, view, ours: position(record), theirs: position(other), start: undefined };
}

function sharedDependents(
  file: PolicyFile,
  policy: ErasePolicy,
  record: RecordType,
  facts: Index,
): SharedDependent[] {
  const types = file.sources.find((source) => source.name === policy.source)?.records ?? [];
  const touched = viewStages(policy.stages).flatMap((stage) =>
    stage.dependents.filter((one) => one.kind !== 'keep'),
  );
  let from = record.subjects.length;
  return [...new Set(touched.map((one) => one.related))].flatMap((related) => {
    const table = record.related.find((one) => one.name === related)?.table;
    const people = types.filter((type) => type.table === table).flatMap((type) => type.subjects);
    if (people.length === 0) return [];
    // An identifier that itself stands in another table cannot be read from here: such rows count as unknown.
    const own = people.filter((subject) => subject.related === undefined && subject.part === undefined);
    const identifiers = own.map((subject) => ({ ...subject, related }));
    const where = ALWAYS;
    const exists = facts.condition({ kind: 'related', quantifier: 'exists', related, where });
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
