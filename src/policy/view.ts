/**
 * From the policies of a file to what is asked of a source: one task per erase policy and record type.
 *
 * A record is judged by all policies on its type together, so a task's view asks for the facts of all of them, each
 * fact once. The lists of `View` and `Facts` are aligned; the clauses of a task point into them by position.
 */
import { FristError } from '../errors.ts';
import type {
  Clause,
  ClauseStart,
  ConditionIndex,
  Inquiry,
  Limit,
  SharedDependent,
  Task,
} from './model/task.ts';
import type {
  Condition,
  ElsewhereExemption,
  ElsewhereStart,
  Encoding,
  ErasePolicy,
  Facts,
  Guarded,
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
  ViewStage,
} from './policy.ts';
import { ALWAYS } from './policy.ts';

export type * from './model/task.ts';

/** Whether the record meets the condition. */
export function isTrue({ truths }: Pick<Facts, 'truths'>, condition: ConditionIndex): boolean {
  return condition === 'always' || truths[condition] === true;
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
 * `inquiries` (undefined for one that asks for no start, or whose source cannot be reached).
 */
export function withEncodings(
  task: Task,
  encodings: readonly Encoding[],
  elsewhere: readonly (Encoding | undefined)[] = [],
): Task {
  const starts = task.view.starts.map((start, i) => resolved(start, encodings[i]));
  const inquiries = task.inquiries.map((inquiry, i) => {
    const [[start], encoding] = [inquiry.view.starts, elsewhere[i]];
    return start === undefined || encoding === undefined
      ? inquiry
      : { ...inquiry, start: { ...start, encoding } };
  });
  return { ...task, starts, inquiries };
}

function resolved(start: StartColumn, encoding: Encoding | undefined): ResolvedStart {
  if (encoding === undefined) throw new FristError('DEFECT', { what: `no encoding for ${start.column}` });
  return { ...start, encoding };
}

/**
 * The canonical text of a task's policy with all that gives it its meaning: its record type, those that it asks elsewhere,
 * what other policies keep from it, the source's name, the controller's zone and financial year. Equal texts mean equal
 * policies; the digest of a policy is a hash of this. JSON with sorted keys and without blanks; an integer beyond 2^53 is written as {"bigint":"…"}. The
 * connection is no part of it: it may hold secrets.
 */
export function policyText(task: Task): string {
  const { policy, view, controller, inquiries, limits } = task;
  const { timezone, financialYearEnd } = controller;
  return canonical({
    policy,
    record: view.record,
    source: view.source,
    controller: { timezone, financialYearEnd },
    limits: limits.length === 0 ? undefined : limits,
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
  const people = subjectsWithParts(sourceTypes(file, policy.source), record);
  const shared = sharedDependents(file, policy, record, people.length, facts);
  const view: View = {
    policy: policy.name,
    source: policy.source,
    record: { ...record, subjects: [...people, ...shared.flatMap((one) => one.identifiers)] },
    starts: facts.starts.items,
    conditions: facts.conditions.items,
    where: policy.where,
    exempt: policy.exemptions.flatMap((one) => ('condition' in one ? [one.condition] : [])),
    stages: viewStages(policy.stages),
    startTree: treeOf(own.start),
    acknowledgedCascades: policy.acknowledgedCascades,
    guarded: guardedIn(file, policy.source),
  };
  return {
    file,
    policy,
    controller: file.controller,
    view,
    own,
    keeps,
    rivals,
    overridden,
    ownSubjects: record.subjects.length,
    personSubjects: people.length,
    shared,
    inquiries: facts.inquiries.items.map((one) => inquiry(file, record, one)),
    limits: limitsOf(policy, others),
    policies: [own, ...keeps, ...rivals, ...overridden].map((one) => one.policy),
    starts: [],
  };
}

/** Everything in a source that a `keep` policy protects or a hold can. */
function guardedIn(file: PolicyFile, source: string): Guarded[] {
  const types = file.sources.find((one) => one.name === source)?.records ?? [];
  return types.flatMap((type) => {
    const keep = file.policies.find(
      (one) => one.kind === 'keep' && one.source === source && one.record === type.name,
    );
    const rows = [type, ...(type.parts ?? [])].map(({ table, scope }) => ({
      table,
      scope,
      record: type.name,
    }));
    return [
      ...(keep === undefined ? [] : rows.map((one) => ({ ...one, keptBy: keep.name }))),
      ...(type.subjects.length === 0 ? [] : rows),
    ];
  });
}

function limitsOf(policy: ErasePolicy, others: readonly Policy[]): Limit[] {
  const limits = others.flatMap((other): Limit[] => {
    const { name, where, exemptions, start } = other;
    if (other.kind === 'keep') return [{ name, where, exemptions, start, rule: other.rule }];
    return other.specific && !policy.specific ? [{ name, where }] : [];
  });
  // Their order means nothing.
  return limits.sort((a, b) => (a.name < b.name ? -1 : 1));
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

function sourceTypes(file: PolicyFile, source: string): readonly RecordType[] {
  return file.sources.find((one) => one.name === source)?.records ?? [];
}

/**
 * The identifiers by which a hold on a person reaches records of this type: its own, and those of the types whose tables
 * are parts of it. `types` are those of the source.
 */
export function subjectsWithParts(
  types: readonly RecordType[],
  record: RecordType,
): readonly SubjectIdentifier[] {
  const ofParts = (record.parts ?? []).flatMap(({ name, table }) =>
    types
      .filter((type) => type.table === table)
      .flatMap((type) => type.subjects)
      .filter((subject) => subject.related === undefined && subject.part === undefined)
      .map((subject) => ({ ...subject, part: name })),
  );
  const own = new Set(record.subjects.map(canonical));
  return [...record.subjects, ...ofParts.filter((one) => !own.has(canonical(one)))];
}

function sharedDependents(
  file: PolicyFile,
  policy: ErasePolicy,
  record: RecordType,
  from: number,
  facts: Index,
): SharedDependent[] {
  const types = sourceTypes(file, policy.source);
  const touched = viewStages(policy.stages).flatMap((stage) =>
    stage.dependents.filter((one) => one.kind !== 'keep'),
  );
  let next = from;
  return [...new Set(touched.map((one) => one.related))].flatMap((related) => {
    const table = record.related.find((one) => one.name === related)?.table;
    const people = types.filter((type) => type.table === table).flatMap((type) => type.subjects);
    if (people.length === 0) return [];
    // An identifier that itself stands in another table cannot be read from here: such rows count as unknown.
    const own = people.filter((subject) => subject.related === undefined && subject.part === undefined);
    const identifiers = own.map((subject) => ({ ...subject, related }));
    const where = ALWAYS;
    const exists = facts.condition({ kind: 'related', quantifier: 'exists', related, where });
    const one: SharedDependent = { related, exists, identifiers, from: next };
    next += identifiers.length;
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
