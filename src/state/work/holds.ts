/** Holds and restrictions: what suspends erasure until somebody named releases it. */
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
  readonly filler: string;
  readonly subjects: string | null;
}

const COLUMNS = ['id', 'kind', 'sources', 'placed', 'placed_by', 'review', 'released', 'subjects'] as const;

function toHold(row: Omit<HoldRow, 'filler'>): Hold {
  return {
    id: row.id,
    kind: row.kind,
    subjects: row.subjects === null ? [] : (JSON.parse(row.subjects) as Hold['subjects']),
    ...(row.sources === null ? {} : { sources: JSON.parse(row.sources) as readonly string[] }),
    placed: row.placed,
    by: row.placed_by,
    ...(row.review === null ? {} : { review: row.review }),
    ...(row.released === null ? {} : { released: row.released }),
  };
}

/** In the order in which they were placed; `active` or released. */
export async function readHolds(db: Knex, active: boolean): Promise<readonly Hold[]> {
  const query = db<HoldRow>('frist_holds')
    .select(...COLUMNS)
    .orderBy('seq');
  const rows = await (active ? query.whereNull('released') : query.whereNotNull('released'));
  return rows.map(toHold);
}

export async function addHold(turn: Turn, hold: Hold): Promise<void> {
  await turn.db<HoldRow>('frist_holds').insert({
    id: hold.id,
    kind: hold.kind,
    sources: hold.sources === undefined ? null : JSON.stringify(hold.sources),
    placed: hold.placed,
    placed_by: hold.by,
    review: hold.review ?? null,
    released: hold.released ?? null,
    filler: FILLER[turn.store.dialect],
    subjects: JSON.stringify(hold.subjects),
  });
}

/** Ends a hold and forgets whom it was about; id, dates and who placed it stay. False when it is not active. */
export async function releaseHold(turn: Turn, id: string, at: string): Promise<boolean> {
  const changed = await turn
    .db<HoldRow>('frist_holds')
    .where({ id })
    .whereNull('released')
    .update({ released: at, subjects: null });
  if (changed > 0) turn.forgets = true;
  return changed > 0;
}
