/**
 * Related rows whose table is not there beside one of the tables of a pattern (`mayBeMissing`): a view that does without
 * them. The policy file lets nothing but dependents rest on them; what the engine itself asks of dependents, whether any
 * of their rows are of a person or record that is held, is answered as for rows that are not there.
 */
import type { Condition, RecordType, View } from '../../policy/policy.ts';

/** Names of related rows of a record type, its tables written out, that are not there; with those that are `of` them. */
export function missingIn({ related }: RecordType, there: ReadonlySet<string>): readonly string[] {
  const missing = new Set(
    related.filter((one) => one.mayBeMissing === true && !there.has(one.table)).map((one) => one.name),
  );
  for (let before = -1; before < missing.size;) {
    before = missing.size;
    for (const one of related) if (one.of !== undefined && missing.has(one.of)) missing.add(one.name);
  }
  return [...missing];
}

export function without(view: View, missing: readonly string[]): View {
  if (missing.length === 0) return view;
  const { record } = view;
  const gone = (name: string | undefined): boolean => name !== undefined && missing.includes(name);
  const [key = ''] = record.key;
  return {
    ...view,
    record: {
      ...record,
      related: record.related.filter((one) => !gone(one.name)),
      // Nobody looks at it: there is no such row. The lists of facts stay aligned.
      subjects: record.subjects.map((one) =>
        gone(one.related) ? { kind: one.kind, column: key, normalise: one.normalise } : one,
      ),
    },
    conditions: view.conditions.map((one) => (isOver(one, gone) ? NEVER : one)),
    stages: view.stages.map((stage) => ({
      ...stage,
      dependents: stage.dependents.filter((one) => !gone(one.related)),
    })),
  };
}

/** What no record meets. */
const NEVER: Condition = { kind: 'any', of: [] };

const isOver = (condition: Condition, gone: (name: string) => boolean): boolean =>
  condition.kind === 'related' && condition.quantifier === 'exists' && gone(condition.related);
