/** Holds and restrictions: what suspends erasure until somebody named releases it, and for a grace after that. */
import type { Knex } from 'knex';
import { FILLER } from '../migrations.ts';
import type { Hold } from '../state.ts';
import type { Turn } from '../turn.ts';

interface HoldRow {
  readonly id: string;
  readonly kind: Hold['kind'];
  readonly sources: string | null;
  readonly placed: string;
  readonly placed_by: string;
  readonly review: string | null;
  readonly released: string | null;
  readonly until: string | null;
  readonly filler: string;
  readonly subjects: string | null;
  readonly policies: string | null;
  readonly records: string | null;
}

const COLUMNS = [
  'id',
  'kind',
  'sources',
  'placed',
  'placed_by',
  'review',
  'released',
  'until',
  'subjects',
  'policies',
  'records',
] as const;

function toHold(row: Omit<HoldRow, 'filler'>): Hold {
  return {
    id: row.id,
    kind: row.kind,
    subjects: row.subjects === null ? [] : (JSON.parse(row.subjects) as Hold['subjects']),
    ...(row.sources === null ? {} : { sources: JSON.parse(row.sources) as NonNullable<Hold['sources']> }),
    ...(row.records === null ? {} : { records: JSON.parse(row.records) as NonNullable<Hold['records']> }),
    ...(row.policies === null ? {} : { policies: JSON.parse(row.policies) as NonNullable<Hold['policies']> }),
    placed: row.placed,
    by: row.placed_by,
    ...(row.review === null ? {} : { review: row.review }),
    ...(row.released === null ? {} : { released: row.released }),
    ...(row.until === null ? {} : { until: row.until }),
  };
}

/** In the order in which they were placed. `active`: not released, or not forgotten yet. */
export async function readHolds(db: Knex, active: boolean): Promise<readonly Hold[]> {
  const query = db<HoldRow>('frist_holds')
    .select(...COLUMNS)
    .orderBy('seq');
  const rows = await (active
    ? query.where((either) => void either.whereNull('released').orWhereNotNull('subjects'))
    : query.whereNotNull('released').whereNull('subjects'));
  return rows.map(toHold);
}

export async function addHold(turn: Turn, hold: Hold): Promise<void> {
  const json = (value: unknown): string | null => (value === undefined ? null : JSON.stringify(value));
  await turn.db<HoldRow>('frist_holds').insert({
    id: hold.id,
    kind: hold.kind,
    sources: json(hold.sources),
    placed: hold.placed,
    placed_by: hold.by,
    review: hold.review ?? null,
    released: hold.released ?? null,
    until: hold.until ?? null,
    filler: FILLER[turn.store.dialect],
    subjects: JSON.stringify(hold.subjects),
    policies: json(hold.policies),
    records: json(hold.records),
  });
}

/** What is forgotten of a hold: persons, and keys of records. Id, dates, policies and who placed it stay. */
const FORGOTTEN = { subjects: null, records: null };

/** Ends a hold; without a grace it is forgotten at once. False when nobody can end it any more. */
export async function releaseHold(turn: Turn, id: string, at: string, until?: string): Promise<boolean> {
  const changed = await turn
    .db<HoldRow>('frist_holds')
    .where({ id })
    .whereNull('released')
    .update(until === undefined ? { released: at, ...FORGOTTEN } : { released: at, until });
  if (changed > 0 && until === undefined) turn.forgets = true;
  return changed > 0;
}

/** Forgets the released holds whose grace is over; ISO instants compare as texts. */
export async function forgetHolds(turn: Turn, at: string): Promise<number> {
  const forgotten = await turn
    .db<HoldRow>('frist_holds')
    .whereNotNull('released')
    .whereNotNull('subjects')
    .where('until', '<=', at)
    .update(FORGOTTEN);
  if (forgotten > 0) turn.forgets = true;
  return forgotten;
}
