/** Conditions that every row meets because of what its columns can hold: they select, or spare, everything by accident. */
import type { Condition } from '../../../policy/policy.ts';
import type { Meaning } from '../../connector.ts';
import type { Column } from '../catalogue/catalogue.ts';
import type { Examined } from './check.ts';
import { ofPolicy } from './findings.ts';
import type { Path } from './findings.ts';

type Certainty = Meaning['certainty'];
type Domain = ReturnType<NonNullable<Parameters<Certainty>[1]>>;

export function checkSense(one: Examined, certainty: Certainty): void {
  const { view } = one;
  const { where } = view;
  // Where none is written, every record is meant.
  if (where.kind !== 'all' || where.of.length > 0)
    refuseAlways(one, certainty, where, ofPolicy(view, 'where'));
  for (const exemption of view.exempt) refuseAlways(one, certainty, exemption, ofPolicy(view, 'unless'));
  for (const { when, at } of view.stages)
    if (when !== undefined) refuseAlways(one, certainty, when, ofPolicy(view, ...(at ?? [])));
}

function refuseAlways(
  { view, catalogue, findings }: Examined,
  certainty: Certainty,
  condition: Condition,
  path: Path,
): void {
  const { record } = view;
  const columns = catalogue.tables.get(record.table)?.columns;
  const sure = certainty(condition, ({ column, part, path: inside }) =>
    // A part need not be there, and anything can stand in JSON.
    part === undefined && inside === undefined ? domainOf(columns?.get(column)) : undefined,
  );
  if (sure !== 'always') return;
  findings.error(
    'condition-always',
    path,
    `Every row of table ${record.table} meets this condition: its columns can hold nothing else`,
    'Mend it; leave a `where` out where every record is meant.',
  );
}

function domainOf(column: Column | undefined): Domain {
  if (column === undefined) return undefined;
  const { nullable, family, enumValues } = column;
  const values = family === 'boolean' ? ['true', 'false'] : enumValues;
  const numeric = family === 'integer' || family === 'decimal' || family === 'float';
  return { nullable, numeric, ...(values === undefined ? {} : { values }) };
}
