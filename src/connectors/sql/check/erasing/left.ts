/** Rows that refer to a record and stay when it is deleted, because nobody said what becomes of them. */
import type { Condition, Related, View } from '../../../../policy/policy.ts';
import type { Examined } from '../check.ts';
import { ofStage } from '../findings.ts';

export function checkLeft({ catalogue, view, findings }: Examined): void {
  const { record } = view;
  const idOf = (name: string): string | undefined => catalogue.tables.get(name)?.id;
  // A foreign key leaves none, and references.ts says what it does.
  const tied = (related: Related): boolean =>
    catalogue.foreignKeys.some((key) => key.from === idOf(related.table) && key.to === idOf(record.table));
  for (const [i, { action, dependents }] of view.stages.entries()) {
    if (action.kind !== 'delete') continue;
    const named = record.related.filter((one) => dependents.some(({ related }) => related === one.name));
    const left = record.related.filter(
      (one) =>
        refersToKey(one, record.key) &&
        !tied(one) &&
        !hasNone(view, one.name) &&
        !named.some((other) => other.table === one.table && sameMatch(other, one)),
    );
    if (left.length === 0) continue;
    const names = left.map((one) => `"${one.name}"`).join(', ');
    findings.warning(
      'rows-left',
      ofStage(view, i, 'action'),
      `Rows of ${names} refer to the records, and nothing is said of them: they stay when those are deleted`,
      'Say under `dependents` what becomes of them: delete, anonymise, detach or keep.',
    );
  }
}

/** They belong to the record by its key alone, as what hangs on it does; what it refers to itself has a key of its own. */
function refersToKey({ of, match, orMatch = [] }: Related, key: readonly string[]): boolean {
  const pairs = [match, ...orMatch].flat();
  const byKey = pairs.every(
    (pair) => pair.part === undefined && pair.inText === undefined && key.includes(pair.ours),
  );
  return of === undefined && byKey;
}

const sameMatch = (one: Related, other: Related): boolean =>
  JSON.stringify([one.match, one.orMatch]) === JSON.stringify([other.match, other.orMatch]);

/** The policy is about records without such rows only. */
function hasNone({ where, exempt }: View, name: string): boolean {
  const all = where.kind === 'all' ? where.of : [where];
  const asks = (one: Condition, quantifier: 'exists' | 'none'): boolean =>
    one.kind === 'related' &&
    one.related === name &&
    one.quantifier === quantifier &&
    one.where.kind === 'all' &&
    one.where.of.length === 0;
  return all.some((one) => asks(one, 'none')) || exempt.some((one) => asks(one, 'exists'));
}
