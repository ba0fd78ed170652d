/**
 * Columns that anonymising must leave alone, because something reads them: keys, scopes, starting points, and the
 * columns by which related rows are found. Overwritten, a record would be dated anew, or its dependents lost.
 */
import type { Condition, Policy, Replacements, Stage } from '../../policy.ts';
import type { PolicyEntry } from '../build/policy.ts';
import { leavesOf } from '../build/start.ts';
import type { SourceEntry } from '../build/source.ts';
import type { Path } from '../position.ts';
import type { Report } from '../report.ts';

/** Why a column must stay, by source, table and column. Names are compared without case, as some databases do. */
type Protected = ReadonlyMap<string, string>;

function spot(source: string, table: string, column: string): string {
  return JSON.stringify([source, table.toLowerCase(), column.toLowerCase()]);
}

function protectedColumns(sources: Iterable<SourceEntry>, policies: readonly PolicyEntry[]): Protected {
  const reasons = new Map<string, string>();
  for (const source of sources) {
    for (const { type } of source.records.values()) {
      if (type === undefined) continue;
      const mark = (table: string, column: string, why: string): void => {
        reasons.set(spot(source.name, table, column), why);
      };
      for (const related of type.related) {
        for (const { column } of related.scope)
          mark(related.table, column, `a scope column of "${related.name}"`);
        for (const { theirs, ours } of related.match) {
          mark(related.table, theirs, `how "${related.name}" are matched`);
          mark(type.table, ours, `how "${related.name}" are matched`);
        }
      }
      for (const { column } of type.scope) mark(type.table, column, `a scope column of "${type.name}"`);
      for (const column of type.key) mark(type.table, column, `a key column of "${type.name}"`);
    }
  }
  for (const { policy, record, source } of policies) {
    for (const leaf of leavesOf(policy.start)) {
      const related = record.type?.related.find((one) => one.name === leaf.maxOf?.related);
      const table = leaf.maxOf === undefined ? record.type?.table : related?.table;
      if (table === undefined) continue;
      for (const column of [leaf.column, leaf.timeColumn]) {
        if (column !== undefined)
          reasons.set(spot(source.name, table, column), `the starting point of policy "${policy.name}"`);
      }
    }
  }
  return reasons;
}

/** The stages of a policy with their places in the file. */
export function stagesOf({
  policy,
  path,
}: PolicyEntry): readonly { readonly stage: Stage; readonly path: Path }[] {
  if (policy.kind === 'keep') return [];
  const [only] = policy.stages;
  // A policy that is its own only stage and `stages` with one entry look alike once read; the locator forgives both.
  if (policy.stages.length === 1 && only !== undefined) return [{ stage: only, path }];
  return policy.stages.map((stage, index) => ({ stage, path: [...path, 'stages', index] }));
}

/** Reports every `set` that overwrites a column which something reads. */
export function checkColumns(
  sources: Iterable<SourceEntry>,
  policies: readonly PolicyEntry[],
  report: Report,
): void {
  const reasons = protectedColumns(sources, policies);
  for (const entry of policies) {
    const { record, source } = entry;
    const refuse = (table: string | undefined, set: Replacements, path: Path): void => {
      for (const { column } of set) {
        const why = table === undefined ? undefined : reasons.get(spot(source.name, table, column));
        if (why === undefined) continue;
        report.add({
          code: 'protected-column',
          path: [...path, column],
          message: `"${column}" is ${why} and must stay as it is`,
          remedy: 'Remove it from `set`; a value that must go needs its row deleted.',
          on: 'key',
        });
      }
    };
    for (const { stage, path } of stagesOf(entry)) {
      if (stage.action.kind === 'anonymise') refuse(record.type?.table, stage.action.set, [...path, 'set']);
      for (const [index, dependent] of stage.dependents.entries()) {
        if (dependent.kind !== 'anonymise') continue;
        const related = record.type?.related.find((one) => one.name === dependent.related);
        refuse(related?.table, dependent.set, [...path, 'dependents', index, 'set']);
      }
    }
  }
}

/** Columns of the record itself that a condition asks for. */
function columnsOf(condition: Condition): readonly string[] {
  if (condition.kind === 'all' || condition.kind === 'any') return condition.of.flatMap(columnsOf);
  if (condition.kind === 'not') return columnsOf(condition.of);
  return 'column' in condition ? [condition.column.toLowerCase()] : [];
}

function columnsRead(policy: Policy): ReadonlySet<string> {
  const exempt = policy.exemptions.flatMap((one) => ('condition' in one ? [one.condition] : []));
  return new Set([policy.where, ...exempt].flatMap(columnsOf));
}

/**
 * Warns of a `set` that changes who is meant: by a later stage of the same policy, or by a `keep` policy on the records.
 */
export function checkMeaning(policies: readonly PolicyEntry[], report: Report): void {
  for (const entry of policies) {
    const later = entry.policy.kind === 'erase' && entry.policy.stages.length > 1 ? [entry.policy] : [];
    const keeps = policies.filter((other) => other.policy.kind === 'keep' && other.record === entry.record);
    for (const { stage, path } of stagesOf(entry)) {
      if (stage.action.kind !== 'anonymise') continue;
      for (const { column } of stage.action.set) {
        const readers = [...later, ...keeps.map((one) => one.policy)];
        const reader = readers.find((policy) => columnsRead(policy).has(column.toLowerCase()));
        if (reader === undefined) continue;
        report.add({
          code: 'changes-meaning',
          path: [...path, 'set', column],
          message: `"${column}" tells which records policy "${reader.name}" is about; overwritten, it may tell otherwise`,
          remedy: 'Leave the column as it is, or let the conditions read another.',
          severity: 'warning',
          on: 'key',
        });
      }
    }
  }
}
