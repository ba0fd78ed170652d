/**
 * A constant is that text to the byte. Where the collation of its column takes other spellings for it, an application
 * may have written them and mean the same: whoever wrote the policy is told that they are not met.
 */
import type { Condition, Field, Scalar, Scope } from '../../../policy/policy.ts';
import type { Ask } from '../catalogue/load.ts';
import { spelledOtherwise } from '../compile/condition.ts';
import type { Question } from '../compile/facts.ts';
import { compileScope, partNamed, placeOf, refTo, relatedNamed, tableNamed } from '../compile/place.ts';
import type { Context } from '../compile/place.ts';
import { FALSE, and, sql } from '../sql.ts';
import { ofPolicy, ofRecord, ofStage } from './findings.ts';
import type { Findings, Path } from './findings.ts';

/** Rows of one table, and what must be true of all that is asked of them. */
interface Rows {
  readonly table: string;
  readonly scope: Scope;
}

interface Asked {
  readonly rows: Rows;
  readonly condition: Condition;
  readonly path: Path;
  /** What becomes of rows with other spellings. */
  readonly then: string;
}

const NOT_MET = 'which this condition does not';
const NOT_SPARED = 'which this exemption does not: those are NOT spared';
const NOT_KEPT = 'which no condition of a policy does: what is to be kept for it is NOT kept';

export async function warnOfSpellings(question: Question, findings: Findings, ask: Ask): Promise<void> {
  const { context, view } = question;
  const answers = new Map<string, boolean>();
  const look = async (rows: Rows, field: Field, values: readonly Scalar[]): Promise<boolean> => {
    const id = idOf(rows, field, values);
    const found = answers.get(id) ?? (await hasOthers(context, rows, field, values, ask));
    answers.set(id, found);
    return found;
  };
  const warn = async ({ rows, condition, path, then }: Asked): Promise<void> => {
    for (const leaf of constantsIn(context, rows, condition))
      if (await look(leaf.rows, leaf.field, leaf.values))
        findings.warning(
          'other-spellings',
          path,
          `Rows of ${leaf.rows.table} hold other spellings of ${shown(leaf.values)} in ${leaf.field.column}: its collation takes them for it, ${then}`,
          'Name each spelling that is meant, as in [lead, Lead], or write one of them everywhere.',
        );
  };
  for (const one of askedBy(question)) await warn(one);
  const asked = new Set(answers.keys());
  // What is left belongs to other policies on the record type: to those that keep records, too.
  const rows = view.record;
  for (const condition of view.conditions) {
    const known = constantsIn(context, rows, condition).every((leaf) =>
      asked.has(idOf(leaf.rows, leaf.field, leaf.values)),
    );
    if (!known) await warn({ rows, condition, path: ofRecord(view), then: NOT_KEPT });
  }
}

/** Every condition of the record type and of the policy, at its place in the file. */
function askedBy({ context, view }: Question): readonly Asked[] {
  const { record } = view;
  const where = (rows: Rows, condition: Condition | undefined, path: Path, then = NOT_MET): Asked[] =>
    condition === undefined ? [] : [{ rows, condition, path, then }];
  const scope = ({ table, scope: all }: Rows, path: Path): Asked[] =>
    all.map(({ column, value }) => {
      const condition: Condition = { kind: 'is', column, values: [value] };
      return { rows: { table, scope: [] }, condition, path: [...path, column], then: NOT_MET };
    });
  return [
    ...scope(record, ofRecord(view, 'scope')),
    ...where(record, record.where, ofRecord(view, 'where')),
    ...(record.parts ?? []).flatMap((part) => scope(part, ofRecord(view, 'parts', part.name, 'scope'))),
    ...record.related.flatMap((related) => [
      ...scope(related, ofRecord(view, 'related', related.name, 'scope')),
      ...where(related, related.where, ofRecord(view, 'related', related.name, 'where')),
    ]),
    ...where(record, view.where, ofPolicy(view, 'where')),
    ...view.exempt.flatMap((one) => where(record, one, ofPolicy(view, 'unless'), NOT_SPARED)),
    ...view.stages.flatMap(({ when, at, dependents }, i) => [
      ...where(record, when, ofPolicy(view, ...(at ?? []))),
      ...dependents.flatMap((one, n) =>
        where(relatedNamed(context, one.related), one.where, ofStage(view, i, 'dependents', n, 'where')),
      ),
    ]),
  ];
}

/** A column that a condition compares with constants. */
interface Leaf {
  readonly rows: Rows;
  readonly field: Field;
  readonly values: readonly Scalar[];
}

function constantsIn(context: Context, rows: Rows, condition: Condition): readonly Leaf[] {
  switch (condition.kind) {
    case 'all':
    case 'any':
      return condition.of.flatMap((one) => constantsIn(context, rows, one));
    case 'not':
      return constantsIn(context, rows, condition.of);
    case 'related':
    case 'count':
      return constantsIn(context, relatedNamed(context, condition.related), condition.where);
    case 'is': {
      const { part, column, path, values } = condition;
      // Inside JSON nothing but the bytes has a say.
      if (path !== undefined) return [];
      return [{ rows: part === undefined ? rows : partNamed(context, part), field: { column }, values }];
    }
    case 'compare':
    case 'selected':
      return [];
  }
}

const idOf = ({ table }: Rows, { column }: Field, values: readonly Scalar[]): string =>
  JSON.stringify([table, column, ...values.map(String)]);

const shown = (values: readonly Scalar[]): string =>
  values.flatMap((one) => (one === null ? [] : [`"${String(one)}"`])).join(', ');

async function hasOthers(
  context: Context,
  { table, scope }: Rows,
  field: Field,
  values: readonly Scalar[],
  ask: Ask,
): Promise<boolean> {
  const place = placeOf(context.dialect, tableNamed(context, table));
  const others = spelledOtherwise(context, refTo(context, place, field), values);
  if (others === FALSE) return false;
  const where = and(compileScope(context, place, scope), others);
  return (await ask(sql`SELECT 1 FROM ${place.from} WHERE ${where} LIMIT 1`)).length > 0;
}
