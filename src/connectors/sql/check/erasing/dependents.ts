/** What goes with records: whether the statements, in their order, can find it, and whether anybody else needs it. */
import type { Dependent, RecordType, Related } from '../../../../policy/policy.ts';
import { uniqueSets } from '../../catalogue/catalogue.ts';
import type { Catalogue, TableId } from '../../catalogue/catalogue.ts';
import type { Examined } from '../check.ts';
import { ofRecord, ofStage } from '../findings.ts';
import type { Path } from '../findings.ts';

export function checkDependents(one: Examined): void {
  const { view } = one;
  for (const [i, { dependents }] of view.stages.entries())
    for (const [n, dependent] of dependents.entries()) {
      const path = ofStage(view, i, 'dependents', n);
      const related = relatedOf(view.record, dependent.related);
      if (related === undefined) continue;
      checkWay(one, dependents.slice(0, n), dependent, path);
      checkCascade(one, dependents.slice(0, n), dependent, path);
      if (dependent.kind === 'delete') checkOwners(one, dependents, dependent, related, path);
    }
  checkParts(one);
}

const relatedOf = ({ related }: RecordType, name: string): Related | undefined =>
  related.find((one) => one.name === name);

/** The names of the rows that lie between the record and these. */
function above(record: RecordType, name: string): readonly string[] {
  const of = relatedOf(record, name)?.of;
  return of === undefined ? [] : [...above(record, of), of];
}

/** Rows cannot be reached any more once those that lead to them are gone. */
function checkWay(
  { view, findings }: Examined,
  before: readonly Dependent[],
  dependent: Dependent,
  path: Path,
): void {
  const shared = dependent.kind === 'delete' && dependent.unlessOwned !== undefined;
  if (shared || dependent.kind === 'keep') return;
  const way = above(view.record, dependent.related);
  const cut = before.find(
    (one) => (one.kind === 'delete' || one.kind === 'detach') && way.includes(one.related),
  );
  if (cut !== undefined)
    findings.error(
      'dependent-order',
      path,
      `"${dependent.related}" are reached through "${cut.related}", which are gone by then`,
      `Name "${dependent.related}" before "${cut.related}".`,
    );
}

/** What the database takes along before its turn is counted by nobody, neither in a report nor in the trail. */
function checkCascade(
  { catalogue, view, findings }: Examined,
  before: readonly Dependent[],
  dependent: Dependent,
  path: Path,
): void {
  const idOf = (name: string): TableId | undefined =>
    catalogue.tables.get(relatedOf(view.record, name)?.table ?? '')?.id;
  const own = idOf(dependent.related);
  if (own === undefined || dependent.kind === 'keep') return;
  const takes = before.find((one) => {
    const table = one.kind === 'delete' ? idOf(one.related) : undefined;
    return table !== undefined && table !== own && cascadesFrom(catalogue, table).has(own);
  });
  if (takes !== undefined)
    findings.error(
      'dependent-order',
      path,
      `The database deletes rows of "${dependent.related}" with those of "${takes.related}", and they are gone by then, uncounted`,
      `Name "${dependent.related}" before "${takes.related}".`,
    );
}

/** The tables from which the database itself deletes with rows of this one. */
function cascadesFrom({ foreignKeys }: Catalogue, table: TableId): ReadonlySet<TableId> {
  const reached = new Set([table]);
  for (const to of reached)
    for (const key of foreignKeys) if (key.to === to && key.onDelete === 'cascade') reached.add(key.from);
  return reached;
}

function checkOwners(
  { view, findings }: Examined,
  all: readonly Dependent[],
  { related: name, unlessOwned = [] }: Extract<Dependent, { readonly kind: 'delete' }>,
  related: Related,
  path: Path,
): void {
  const { record } = view;
  for (const owner of unlessOwned) {
    const other = relatedOf(record, owner);
    if (other === undefined || (related.of !== owner && other.of !== name)) {
      findings.error(
        'owner-unrelated',
        path,
        `Nothing says how rows of "${owner}" own rows of "${name}"`,
        `Name the rows that "${name}" is \`of\`, or give the record a relation that is \`of: ${name}\`.`,
      );
      continue;
    }
    const goes = all.some((one) => one.related === owner && (one.kind === 'delete' || one.kind === 'detach'));
    if (related.of === owner && !goes && other.table !== record.table)
      findings.warning(
        'owner-stays',
        path,
        `Rows of "${owner}" are not deleted with the record, so they may own "${name}" for ever`,
        `Delete "${owner}" too, unless the database does.`,
      );
    const some = other.where.kind !== 'all' || other.where.of.length > 0 || other.scope.length > 0;
    if (related.of === owner && some)
      findings.warning(
        'owner-partly',
        path,
        `Only rows of ${other.table} within the scope and \`where\` of "${owner}" count as owners of "${name}"`,
        `If other rows of ${other.table} can own one too, name a relation without them: { table: ${other.table}, of: ${name}, … }.`,
      );
  }
}

/** A part is one row of one record. */
function checkParts({ catalogue, view, findings }: Examined): void {
  const { record } = view;
  const root = catalogue.tables.get(record.table);
  const anonymised = new Set(
    view.stages.flatMap(({ action }) =>
      action.kind === 'anonymise' ? action.set.map((one) => one.part) : [],
    ),
  );
  for (const part of record.parts ?? []) {
    if (root === undefined || !anonymised.has(part.name)) continue;
    const straight = part.match.every((pair) => pair.part === undefined);
    const ours = part.match.map((pair) => pair.ours);
    if (straight && uniqueSets(root).some((set) => set.every((name) => ours.includes(name)))) continue;
    findings.warning(
      'part-shared',
      ofRecord(view, 'parts', part.name),
      `Nothing in the database keeps two records from having the same row of ${part.table}; such a row is not anonymised, and its record never done`,
      `If that cannot be: a unique index on ${record.table} (${ours.join(', ')}).`,
    );
  }
}
