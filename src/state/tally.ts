/** What is counted of an installation: kept in `frist_totals`, or counted by the database when asked. */
import type { Knex } from 'knex';
import type { BatchName, Counted, Tally } from './state.ts';
import type { Turn } from './turn.ts';

interface TotalRow {
  readonly controller: string;
  readonly policy: string;
  readonly what: Counted;
  readonly total: number | string;
}

/** Longer than any entry, so that the first line of a row is whole. */
const FIRST_ENTRY = 65_536;

/** Adds to a total. */
export async function count(
  { db }: Turn,
  controller: string,
  policy: string,
  what: Counted,
  by: number,
): Promise<void> {
  const which = { controller, policy, what };
  const changed = await db<TotalRow>('frist_totals').where(which).increment('total', by);
  if (changed === 0) await db<TotalRow>('frist_totals').insert({ ...which, total: by });
}

/** How much there is as of a moment (ISO). Costs a count of each table, and all of them are empty when all is well but that of the holds. */
export async function readTally(db: Knex, now: string): Promise<Tally> {
  const holds = db('frist_holds').whereNull('released');
  const proofs = db('frist_proofs');
  const totals = await db<TotalRow>('frist_totals').orderBy(['controller', 'policy', 'what']);
  return {
    holds: await howMany(holds.clone()),
    holdsPastReview: await howMany(holds.clone().where('review', '<', now.slice(0, 10))),
    openBatches: await db<BatchName>('frist_batches')
      .select('id', 'controller', 'policy', 'source', 'stage', 'opened')
      .orderBy('seq'),
    pendingProofs: await howMany(proofs.clone()),
    overdueProofs: await howMany(proofs.clone().where('due', '<', now)),
    ...(await readUnpublished(db)),
    totals: totals.map((row) => ({ ...row, total: Number(row.total) })),
  };
}

async function howMany(query: Knex.QueryBuilder): Promise<number> {
  const rows: readonly { readonly n?: number | string }[] = await query.count({ n: '*' });
  return Number(rows[0]?.n ?? 0);
}

/** Entries stand one a line in the rows of the outbox. */
async function readUnpublished(db: Knex): Promise<Pick<Tally, 'unpublished' | 'oldestUnpublished'>> {
  const lines = `sum(length(entries) - length(replace(entries, ?, '')) + 1) as n`;
  const [counted] = await db('frist_outbox').select<{ readonly n: number | string | null }[]>(
    db.raw(lines, ['\n']),
  );
  const oldest = await db('frist_outbox')
    .orderBy('id')
    .first<{ readonly text: string } | undefined>(db.raw(`substr(entries, 1, ${FIRST_ENTRY}) as text`));
  const [text] = oldest?.text.split('\n') ?? [];
  return { unpublished: Number(counted?.n ?? 0), ...(text === undefined ? {} : { oldestUnpublished: text }) };
}
