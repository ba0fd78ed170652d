/**
 * The policy's predicate as the statement that erases the record can still ask it: not what the batch itself has made
 * untrue by then. Who demands that a record has messages, and deletes them with it, has been answered under the lock.
 */
import type { Condition, ViewStage } from '../../../policy/policy.ts';
import type { Table } from '../catalogue/catalogue.ts';
import { compileCondition } from '../compile/condition.ts';
import type { Question } from '../compile/facts.ts';
import { compileScope, partNamed, tableNamed } from '../compile/place.ts';
import type { Sql } from '../sql.ts';
import { FALSE, and, not } from '../sql.ts';
import { chainTo } from './rows.ts';

/** Tables that the batch has changed before: from all of `any` rows went, or no longer belong; others hold new values. */
export interface Changed {
  readonly rewritten: ReadonlySet<Table>;
  readonly any: ReadonlySet<Table>;
}

/** `predicate`: all that the record met under the lock; it is still what is asked where nothing of it can have turned. */
export function stillTrue(question: Question, stage: ViewStage, predicate: Sql, changed: Changed): Sql {
  const { context, root, view } = question;
  const { record } = view;
  const demanded = [record.where, view.where, stage.when].flatMap((one) =>
    one === undefined ? [] : one.kind === 'all' ? one.of : [one],
  );
  const stands = demanded.filter((one) => !turns(question, one, true, changed));
  const denied = view.exempt.filter((one) => !turns(question, one, false, changed));
  const all = stands.length === demanded.length && denied.length === view.exempt.length;
  const unreadable = changed.rewritten.size === 0 ? question.unreadable : FALSE;
  if (all && unreadable === question.unreadable) return predicate;
  const holds = (one: Condition): Sql => compileCondition(context, root, one);
  return and(
    compileScope(context, root, record.scope),
    ...stands.map(holds),
    ...denied.map((one) => not(holds(one))),
    not(unreadable),
  );
}

/** Whether what the batch has done can have turned the condition from `truth` into its contrary. */
function turns(question: Question, condition: Condition, truth: boolean, changed: Changed): boolean {
  const { context } = question;
  switch (condition.kind) {
    case 'all':
    case 'any':
      return condition.of.some((one) => turns(question, one, truth, changed));
    case 'not':
      return turns(question, condition.of, !truth, changed);
    case 'is':
    case 'compare':
      return condition.part !== undefined && changed.any.has(tableNamed(context, partNamed(context, condition.part).table)); // prettier-ignore
    case 'related':
      return turnsByRows(question, condition, truth === (condition.quantifier === 'exists'), changed);
    case 'count':
      return turnsByRows(question, condition, truth === condition.op.startsWith('>'), changed);
    // Nobody knows what it reads.
    case 'selected':
      return changed.any.size > 0;
  }
}

/** Fewer rows turn what needs rows; other values in them can turn anything. */
function turnsByRows(
  question: Question,
  { related, where }: Extract<Condition, { readonly kind: 'related' | 'count' }>,
  needsRows: boolean,
  changed: Changed,
): boolean {
  const { context } = question;
  const tables = chainTo(context, related).map((one) => tableNamed(context, one.table));
  if (tables.some((table) => changed.rewritten.has(table))) return true;
  if (needsRows && tables.some((table) => changed.any.has(table))) return true;
  return turns(question, where, true, changed) || turns(question, where, false, changed);
}
