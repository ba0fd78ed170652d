/**
 * Holds on policies and on records. A held record is known by its key; where rows of it would go with records of another
 * type (as a dependent, as a part, or because two types share a table), the source is asked for it by a condition.
 */
import type { Condition, Facts, Key, PolicyFile, RecordType } from './policy.ts';
import type { HeldPolicy, HeldRecord, Hold, Reach } from './subject.ts';
import { isTablePattern, mayBeOneTable } from './table-name.ts';
import { isTrue, type Task } from './view.ts';

/** How a key says NULL (model/record.ts). */
const NULL_IN_KEY = '\0';
/** Beyond these, records that might be among what a record takes with it are kept: a statement has an end. */
const MOST_CONDITIONS = 50;

/** A hold on a record of another type of the same source. */
interface Distant {
  readonly hold: Hold;
  /** What a record of the task meets that has the held one in it; undefined where it cannot be asked. */
  readonly condition: Condition | undefined;
}

/** The task with what it must ask because of the records that are held now; itself, where that is nothing. */
export function withHeldRecords(task: Task, holds: readonly Hold[]): Task {
  const { view } = task;
  const asked = distantOf(task, holds).flatMap(({ hold, condition }) =>
    condition === undefined ? [] : [{ hold: hold.id, condition }],
  );
  const some = asked.slice(0, MOST_CONDITIONS);
  if (some.length === 0) return task;
  return {
    ...task,
    view: { ...view, conditions: [...view.conditions, ...some.map((one) => one.condition)] },
    held: some.map((one, i) => ({ ...one, at: view.conditions.length + i })),
  };
}

/** A test of a record against the holds on policies and on records; undefined where none of them concerns the task. */
export function createHeldTest(task: Task, holds: readonly Hold[]): ((facts: Facts) => Reach) | undefined {
  const { controller, policy } = task;
  const always = holds.filter((hold) =>
    hold.policies?.some((one) => isOfPolicy(one, controller.name, policy.name)),
  );
  const byKey = new Map<string, Hold[]>();
  for (const hold of holds)
    for (const one of recordsIn(task, hold)) {
      const name = nameFor(task, one);
      if (name !== undefined) byKey.set(name, [...(byKey.get(name) ?? []), hold]);
    }
  const distant = distantOf(task, holds).map(({ hold, condition }) => ({
    hold,
    at: task.held?.find((one) => one.hold === hold.id && same(one.condition, condition))?.at,
  }));
  if (always.length + byKey.size + distant.length === 0) return undefined;
  // One that was placed after the run had begun, or that cannot be asked for, may be anywhere.
  const unknownTo = distant.filter((one) => one.at === undefined).map((one) => one.hold);
  return (facts) => ({
    by: [
      ...always,
      ...(byKey.get(JSON.stringify(facts.key)) ?? []),
      ...(byKey.get(facts.key[0] ?? '') ?? []),
      ...distant.flatMap(({ hold, at }) => (at !== undefined && isTrue(facts, at) ? [hold] : [])),
    ],
    unknownTo,
  });
}

/** Whether a held policy is this one, or one of a source (`crm.*`) that this one is the share of one record type in. */
export function isOfPolicy(held: HeldPolicy, controller: string, policy: string): boolean {
  return held.controller === controller && `${policy}/`.startsWith(`${held.policy}/`);
}

/** What holds name and the file does not have: `policy applicants`, `record type crm.contact`, each with the hold's id. */
export function unknownToFile(
  { controller, policies, sources }: PolicyFile,
  holds: readonly Hold[],
): { readonly hold: string; readonly what: string }[] {
  return holds.flatMap((hold) => {
    const ofPolicies = (hold.policies ?? [])
      .filter((one) => one.controller === controller.name)
      .filter(
        (one) =>
          !policies.some(({ kind, name }) => kind === 'erase' && isOfPolicy(one, controller.name, name)),
      )
      .map((one) => ({ hold: hold.id, what: `policy ${one.policy}` }));
    const ofRecords = (hold.records ?? [])
      .filter((one) => one.controller === controller.name)
      .filter(({ source, record }) => {
        const types = sources.find((one) => one.name === source)?.records ?? [];
        return !types.some((type) => type.name === record);
      })
      .map(({ source, record }) => ({ hold: hold.id, what: `record type ${source}.${record}` }));
    return [...ofPolicies, ...ofRecords];
  });
}

/**
 * Holds of controllers that are not among the `known`, on something that this file has as well: if it is the same
 * controller under another name, they would hold nothing. As `unknownToFile`.
 */
export function perhapsRenamed(
  file: PolicyFile,
  known: readonly string[],
  holds: readonly Hold[],
): { readonly hold: string; readonly what: string }[] {
  const { name: controller } = file.controller;
  return holds.flatMap(({ policies = [], records = [], ...hold }) => {
    const strangers = [...policies, ...records].filter((one) => !known.includes(one.controller));
    const [first] = strangers.filter((one) => {
      const renamed = { ...one, controller };
      const on = 'policy' in renamed ? { policies: [renamed] } : { records: [renamed] };
      return unknownToFile(file, [{ ...hold, ...on }]).length === 0;
    });
    return first === undefined ? [] : [{ hold: hold.id, what: `controller ${first.controller}` }];
  });
}

function recordsIn({ controller, view }: Task, hold: Hold): readonly HeldRecord[] {
  return (hold.records ?? []).filter(
    (one) => one.controller === controller.name && one.source === view.source,
  );
}

/** What the record's key must be, as JSON; or, where both are files or stand in some, the path of the file. */
function nameFor(task: Task, { record, key }: HeldRecord): string | undefined {
  const own = task.view.record;
  if (record === own.name) return JSON.stringify(key);
  return own.files === true && typeOf(task, record)?.files === true ? key[0] : undefined;
}

function typeOf({ file, view }: Task, name: string): RecordType | undefined {
  const source = file.sources.find((one) => one.name === view.source);
  return source?.records.find((one) => one.name === name);
}

function same(one: Condition, other: Condition | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** The held records of other types that a record of the task may have in it, in as many ways as there are. */
function distantOf(task: Task, holds: readonly Hold[]): Distant[] {
  return holds.flatMap((hold) =>
    recordsIn(task, hold).flatMap((one) => {
      const type = typeOf(task, one.record);
      if (type === undefined || nameFor(task, one) !== undefined) return [];
      return waysInto(task, type, one.key).map((condition) => ({ hold, condition }));
    }),
  );
}

/** How a record of the task can have a row of the other type in it. */
function waysInto({ view }: Task, type: RecordType, key: Key): (Condition | undefined)[] {
  const { record, stages, acknowledgedCascades } = view;
  const isKey = (part?: string): Condition => ({
    kind: 'all',
    of: type.key.map((column, i) => ({
      kind: 'is',
      column,
      ...(part === undefined ? {} : { part }),
      values: [key[i] === NULL_IN_KEY ? null : (key[i] ?? '')],
      asRead: true,
    })),
  });
  const ways: (Condition | undefined)[] = [];
  const way = (table: string, condition: () => Condition): void => {
    const overlap = overlapOf(table, type.table);
    if (overlap !== 'none') ways.push(overlap === 'same' ? condition() : undefined);
  };
  way(record.table, isKey);
  for (const part of record.parts ?? []) way(part.table, () => isKey(part.name));
  const touched = new Set(
    stages
      .flatMap(({ dependents }) => dependents.filter((one) => one.kind !== 'keep'))
      .map((one) => one.related),
  );
  for (const related of touched) {
    const table = record.related.find((one) => one.name === related)?.table;
    if (table !== undefined)
      way(table, () => ({ kind: 'related', quantifier: 'exists', related, where: isKey() }));
  }
  // What the database itself deletes along is nowhere matched with the record.
  const cascades = acknowledgedCascades.some((table) => overlapOf(table, type.table) !== 'none');
  // The other way round, a part of the held record that is a record of the task: nobody can tell of which one.
  const takesPart = type.parts?.some((part) => overlapOf(part.table, record.table) !== 'none');
  return takesPart === true || cascades ? [...ways, undefined] : ways;
}

/** Whether two tables are one; with a pattern in either, nobody can tell which table a key belongs to. */
function overlapOf(one: string, other: string): 'same' | 'perhaps' | 'none' {
  if (!isTablePattern(one) && !isTablePattern(other)) return one === other ? 'same' : 'none';
  return mayBeOneTable(one, other) ? 'perhaps' : 'none';
}
