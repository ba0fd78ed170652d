/** Rows in memory that several records share (`unless owned`), and the rows that go and stay with those. */
import type { Dependent, RecordType } from '../../policy/policy.ts';
import { SourceFailure } from '../connector.ts';
import { belonging, meets, relatedRows } from './around.ts';
import { inScope, relationOf, tableOf } from './database.ts';
import type { MemoryDatabase, MemoryRow } from './database.ts';

type Deleting = Extract<Dependent, { readonly kind: 'delete' }>;

/** What the stage says of rows of this name, where it shares them with rows of other names than `owner`. */
function sharing(all: readonly Dependent[], name: string, owner: string): readonly Deleting[] {
  const deleting = all.filter((one): one is Deleting => one.kind === 'delete' && one.related === name);
  return deleting.some(({ unlessOwned = [] }) => unlessOwned.some((each) => each !== owner)) ? deleting : [];
}

/** The owners of the shared rows that rows of the dependent are `of`; none: they are of no such rows. */
export function ownersAbove(
  record: RecordType,
  all: readonly Dependent[],
  { kind, related }: Pick<Dependent, 'kind' | 'related'>,
): readonly string[] {
  const { of } = relationOf(record.related, related);
  if (of === undefined || kind === 'keep') return [];
  const owners = sharing(all, of, related).flatMap((one) => one.unlessOwned ?? []);
  return [...owners, ...ownersAbove(record, all, { kind, related: of })];
}

/** Some row that this one is `of` goes: nobody else owns it. True of rows that are of no shared ones. */
export function isReleased(
  database: MemoryDatabase,
  record: RecordType,
  all: readonly Dependent[],
  { kind, related }: Pick<Dependent, 'kind' | 'related'>,
  row: MemoryRow,
): boolean {
  const relation = relationOf(record.related, related);
  if (relation.of === undefined || ownersAbove(record, all, { kind, related }).length === 0) return true;
  const above = relationOf(record.related, relation.of);
  const entries = sharing(all, above.name, related);
  const goes = (there: MemoryRow): boolean =>
    entries.length === 0 ||
    entries.some(
      ({ where, unlessOwned = [] }) =>
        (where === undefined || meets(database, record, where, there, above.name)) &&
        !unlessOwned.some((owner) => isOwned(database, record, above.name, owner, there)),
    );
  return [...tableOf(database, above.table).rows.values()].some(
    (there) =>
      inScope(above.scope, there) &&
      meets(database, record, above.where, there, above.name) &&
      belonging(database, record, relation, there, above.name).includes(row) &&
      goes(there) &&
      isReleased(database, record, all, { kind, related: above.name }, there),
  );
}

/** Whether a row of `owner`, whosever it is, refers to this one: one that it is `of`, or one that is `of` it. */
export function isOwned(
  database: MemoryDatabase,
  record: RecordType,
  name: string,
  owner: string,
  row: MemoryRow,
): boolean {
  const relation = relationOf(record.related, name);
  const other = relationOf(record.related, owner);
  if (other.of === name) return relatedRows(database, record, owner, row, name).length > 0;
  if (relation.of !== owner) throw new SourceFailure('fatal', 'UNLESS_OWNED');
  const owners = [...tableOf(database, other.table).rows.values()].filter(
    (one) => inScope(other.scope, one) && meets(database, record, other.where, one, owner),
  );
  return owners.some((one) => belonging(database, record, relation, one, owner).includes(row));
}
