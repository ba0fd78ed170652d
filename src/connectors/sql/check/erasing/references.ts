/**
 * Foreign keys: what the database would do by itself to other tables when records go, and what it would refuse. A
 * cascade deletes rows that no policy names, and no trail would tell of it.
 */
import type { Condition, Scope, ViewStage } from '../../../../policy/policy.ts';
import type { ForeignKey, TableId } from '../../catalogue/catalogue.ts';
import { shortName } from '../../catalogue/catalogue.ts';
import type { Examined } from '../check.ts';
import { isAcknowledged, isTable } from '../../erase/acknowledged.ts';
import { ofStage } from '../findings.ts';
import type { Path } from '../findings.ts';

/** A table from which rows go, and how they come to. */
interface Leaving {
  readonly table: TableId;
  readonly path: Path;
  /** The rows are the records that the policy judges, or their parts; not what goes with them. */
  readonly judged: boolean;
}

export function checkReferences(one: Examined): void {
  for (const [i, stage] of one.view.stages.entries()) {
    const leaving = tablesDeletedFrom(one, stage, i);
    const seen = new Set<string>();
    const unnamed: Unnamed[] = [];
    for (let next = leaving.shift(); next !== undefined; next = leaving.shift()) {
      const { table, path, judged } = next;
      if (seen.has(`${table}\0${String(judged)}`)) continue;
      seen.add(`${table}\0${String(judged)}`);
      for (const key of one.catalogue.foreignKeys.filter((each) => each.to === table)) {
        if (judged && neverThere(one, stage, key)) continue;
        checkDelete(one, stage, key, path, unnamed);
        if (key.onDelete === 'cascade') leaving.push({ table: key.from, path, judged: false });
      }
    }
    for (const same of together(unnamed)) reportUnnamed(one, same);
    checkUpdate(one, stage, i);
  }
}

function idOf({ catalogue }: Examined, table: string | undefined): TableId | undefined {
  return table === undefined ? undefined : catalogue.tables.get(table)?.id;
}

function tablesDeletedFrom(one: Examined, stage: ViewStage, position: number): Leaving[] {
  const { view } = one;
  const { table: own, parts = [] } = view.record;
  const root =
    stage.action.kind === 'delete'
      ? [own, ...parts.map((part) => part.table)].map((table) => ({
          table: idOf(one, table),
          path: ofStage(view, position, 'dependents'),
          judged: true,
        }))
      : [];
  const dependents = stage.dependents.flatMap((dependent, n) =>
    dependent.kind === 'delete'
      ? [
          {
            table: idOf(one, tableOf(one, dependent.related)),
            path: ofStage(view, position, 'dependents', n),
            judged: false,
          },
        ]
      : [],
  );
  return [...root, ...dependents].flatMap(({ table, ...how }) =>
    table === undefined ? [] : [{ table, ...how }],
  );
}

const tableOf = ({ view }: Examined, related: string): string | undefined =>
  view.record.related.find((each) => each.name === related)?.table;

/** What the stage itself does to rows that refer through this key. */
function handled(one: Examined, stage: ViewStage, key: ForeignKey): 'gone' | 'kept' | 'changed' | 'unnamed' {
  const { record } = one.view;
  // The record and its parts go together, in the order that their foreign keys allow.
  const own = [record, ...(record.parts ?? [])].map((each) => idOf(one, each.table));
  if (stage.action.kind === 'delete' && own.includes(key.from) && own.includes(key.to) && key.from !== key.to)
    return 'gone';
  let found: 'kept' | 'changed' | 'unnamed' = 'unnamed';
  for (const dependent of stage.dependents) {
    const related = record.related.find((each) => each.name === dependent.related);
    if (related === undefined || idOf(one, related.table) !== key.from) continue;
    if (dependent.kind === 'keep') return 'kept';
    // A filter leaves rows for the database to deal with.
    const chosen = dependent.where !== undefined || 'unlessOwned' in dependent;
    const all = !chosen && isAlways(related.where);
    if (all && (dependent.kind === 'delete' || dependent.kind === 'detach')) return 'gone';
    found = 'changed';
  }
  return found;
}

function checkDelete(one: Examined, stage: ViewStage, key: ForeignKey, path: Path, unnamed: Unnamed[]): void {
  const { view, findings } = one;
  const by = handled(one, stage, key);
  const from = shortName(key.from);
  const to = shortName(key.to);
  const acknowledged = isAcknowledged(view.acknowledgedCascades, key.from);
  if (key.onDelete === 'restrict') {
    // A row may refer to another of its own table and go with it in one statement.
    if (by !== 'gone' && key.from !== key.to && !exempted(one, key))
      findings.warning(
        'restricting-reference',
        path,
        `Rows of ${from} that refer to ${to} (${key.columns.join(', ')}) forbid its deletion`,
        `Name ${from} as a dependent (delete or detach), or exempt records that it refers to; else those fail.`,
      );
    return;
  }
  const does = key.onDelete === 'cascade' ? 'deletes' : 'empties columns in';
  if (by === 'kept')
    findings.error(
      'cascade-into-kept',
      path,
      `The database ${does} rows of ${from} with those of ${to}, and the policy says that they are kept`,
      `Change the foreign key of ${from} (${key.columns.join(', ')}), or do not keep ${from}.`,
    );
  else if (by !== 'gone' && !acknowledged) unnamed.push({ key, path });
  else if (by !== 'gone' && key.onDelete === 'cascade') checkGuarded(one, key, path);
}

/** What the database does by itself to rows of a table that the policy does not name. */
interface Unnamed {
  readonly key: ForeignKey;
  readonly path: Path;
}

/** Those that go with rows of one table in one way: hundreds of tables are one thing to do. */
function together(all: readonly Unnamed[]): readonly (readonly Unnamed[])[] {
  const groups = new Map<string, Unnamed[]>();
  for (const one of all) {
    const name = JSON.stringify([one.path, one.key.to, one.key.onDelete]);
    groups.set(name, [...(groups.get(name) ?? []), one]);
  }
  return [...groups.values()];
}

function reportUnnamed({ findings }: Examined, all: readonly Unnamed[]): void {
  const [first] = all;
  if (first === undefined) return;
  const { key, path } = first;
  const does = key.onDelete === 'cascade' ? 'deletes' : 'empties columns in';
  const rows = [...new Set(all.map((one) => `${shortName(one.key.from)} (${one.key.columns.join(', ')})`))];
  const names = [...new Set(all.map((one) => shortName(one.key.from)))];
  findings.error(
    'cascade',
    path,
    `The database ${does} rows of ${rows.join(', ')} with those of ${shortName(key.to)}, and the policy does not name them`,
    `Name them as dependents that are deleted or detached, or write \`acknowledge cascades: [${names.join(', ')}]\`.`,
  );
}

/** Rows that the database takes along are not judged: no statute and no hold is asked about them. */
function checkGuarded({ view, findings }: Examined, key: ForeignKey, path: Path): void {
  const [from, to] = [shortName(key.from), shortName(key.to)];
  const guarded = (view.guarded ?? []).filter((one) => isTable(one.table, key.from));
  const kept = guarded.find((one) => one.keptBy !== undefined);
  if (kept?.keptBy !== undefined)
    findings.error(
      'keep-bypassed',
      path,
      `Policy "${kept.keptBy}" keeps rows of table "${from}", and the database deletes them with those of ${to} unasked`,
      `Exempt the record while it has rows in ${from}, or anonymise it instead: { exists: … } over all that refer to it.`,
    );
  else if (guarded[0] !== undefined)
    findings.error(
      'hold-bypassed',
      path,
      `Rows of ${from} are about people ("${guarded[0].record}"), and the database deletes them with those of ${to} without asking whether they are held`,
      `Name ${from} as a dependent that is deleted: then a hold on its people keeps the record.`,
    );
}

/** Whether no record that goes can have a row that refers to it by this key: those that have one are spared. */
function neverThere({ catalogue, view }: Examined, stage: ViewStage, key: ForeignKey): boolean {
  const { record, exempt, guarded = [] } = view;
  if (key.to !== catalogue.tables.get(record.table)?.id) return false;
  const spared = [...exempt, ...(stage.when?.kind === 'not' ? [stage.when.of] : [])];
  return spared.some((condition) => {
    if (condition.kind !== 'related' || condition.quantifier !== 'exists' || !isAlways(condition.where))
      return false;
    const rows = record.related.find((one) => one.name === condition.related);
    if (rows === undefined || rows.of !== undefined || !isAlways(rows.where)) return false;
    const scopes = guarded.filter((one) => isTable(one.table, key.from)).map((one) => one.scope);
    const within = (scope: Scope): boolean =>
      rows.scope.every((one) => scope.some((other) => other.column === one.column && other.value === one.value)); // prettier-ignore
    return (
      catalogue.tables.get(rows.table)?.id === key.from &&
      (scopes.length === 0 ? rows.scope.length === 0 : scopes.every(within)) &&
      [rows.match, ...(rows.orMatch ?? [])].some((match) =>
        match.every(
          ({ theirs, ours, part, inText }) =>
            part === undefined &&
            inText === undefined &&
            key.references[key.columns.indexOf(theirs)] === ours,
        ),
      )
    );
  });
}

const isAlways = (condition: Condition): boolean => condition.kind === 'all' && condition.of.length === 0;

/** Whether the policy spares every record that such a row refers to. */
function exempted({ catalogue, view }: Examined, key: ForeignKey): boolean {
  return view.exempt.some((condition) => {
    if (condition.kind !== 'related' || condition.quantifier !== 'exists') return false;
    const related = view.record.related.find((one) => one.name === condition.related);
    return (
      isAlways(condition.where) &&
      related !== undefined &&
      catalogue.tables.get(related.table)?.id === key.from
    );
  });
}

/** A replaced column that others refer to takes them along, where the key says so. */
function checkUpdate(one: Examined, stage: ViewStage, position: number): void {
  const { view, findings, catalogue } = one;
  if (stage.action.kind !== 'anonymise') return;
  const set = new Set(stage.action.set.map((each) => each.column));
  const root = idOf(one, view.record.table);
  for (const key of catalogue.foreignKeys) {
    if (key.to !== root || key.onUpdate === 'restrict' || !key.references.some((column) => set.has(column)))
      continue;
    const from = shortName(key.from);
    if (isAcknowledged(view.acknowledgedCascades, key.from)) continue;
    findings.error(
      'cascade',
      ofStage(view, position, 'set'),
      `The database changes rows of ${from} (${key.columns.join(', ')}) when ${key.references.join(', ')} is replaced`,
      `Leave the column out of \`set\`, or write ${from} under \`acknowledge cascades\`.`,
    );
  }
}
