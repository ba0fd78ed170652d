/** Conditions as clauses: "status is “rejected” and there are no deals". */
import { fieldName } from '../model/condition.ts';
import type { Condition, Scalar } from '../policy.ts';

const COMPARISONS = { '<': 'less than', '<=': 'at most', '>': 'more than', '>=': 'at least' } as const;
const OPPOSITES = { '<': '>=', '<=': '>', '>': '<=', '>=': '<' } as const;

/** A condition as a clause; empty for the one that every record meets. */
export function explainCondition(condition: Condition): string {
  return clause(condition, false);
}

function clause(condition: Condition, negated: boolean): string {
  switch (condition.kind) {
    case 'all':
      return joined(condition.of, negated, negated ? 'or' : 'and');
    case 'any':
      return joined(condition.of, negated, negated ? 'and' : 'or');
    case 'not':
      return clause(condition.of, !negated);
    case 'is':
      return `${fieldName(condition)} is ${negated ? 'not ' : ''}${values(condition.values)}`;
    case 'compare': {
      // NULL is neither below a bound nor at or above it, so the opposite is said as a negation.
      const is = `is ${negated ? 'not ' : ''}${COMPARISONS[condition.op]}`;
      return `${fieldName(condition)} ${is} ${value(condition.value)}`;
    }
    case 'related':
      return related(condition, negated);
    case 'count': {
      const op = negated ? OPPOSITES[condition.op] : condition.op;
      return `there are ${COMPARISONS[op]} ${String(condition.number)} ${condition.related}${having(condition.where)}`;
    }
    case 'selected':
      return `it is ${negated ? 'not ' : ''}among those selected as ${condition.selection}`;
  }
}

function joined(parts: readonly Condition[], negated: boolean, word: 'and' | 'or'): string {
  const clauses = parts.map((part) => {
    const nested = (part.kind === 'all' || part.kind === 'any') && part.of.length > 1 && parts.length > 1;
    return nested ? `(${clause(part, negated)})` : clause(part, negated);
  });
  return clauses.filter((text) => text !== '').join(` ${word} `);
}

function related(
  { quantifier, related: name, where }: Extract<Condition, { kind: 'related' }>,
  negated: boolean,
): string {
  if (quantifier === 'every') return `${negated ? 'not all' : 'all'} ${name} have ${clause(where, false)}`;
  const none = (quantifier === 'none') !== negated;
  return `there are ${none ? 'no ' : ''}${name}${having(where)}`;
}

/** What is asked of related rows: nothing, or " with status is “open”". */
export function having(where: Condition): string {
  const rows = clause(where, false);
  return rows === '' ? '' : ` with ${rows}`;
}

function values(all: readonly Scalar[]): string {
  const words = all.map(value);
  const last = words.at(-1) ?? 'nothing';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} or ${last}`;
}

function value(scalar: Scalar): string {
  if (scalar === null) return 'empty';
  return typeof scalar === 'string' ? `“${scalar}”` : String(scalar);
}
