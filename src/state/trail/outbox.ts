/**
 * The outbox: entries of the audit trail, written in the transaction of the change they describe and deleted when the
 * trail holds them. One row per `emit` (the entries' texts, one a line: canonical JSON holds no line end), because up to
 * ten thousand come at once; a very large one is split, so that no statement outgrows the server's packet.
 *
 * Pending is whatever row is there, never "behind the last id".
 */
import type { Knex } from 'knex';
import { FristError } from '../../errors.ts';
import type { EntryText, Head, OutboxRow } from '../state.ts';
import type { Turn } from '../turn.ts';
import { ONE } from '../turn.ts';

/** Characters of entries in one row; MariaDB's default packet is 16 MiB. */
const ROW_LENGTH = 2 * 1024 * 1024;
/** Characters of entries that one look at the outbox brings into memory, a single larger row apart. */
const READ_LENGTH = 8 * 1024 * 1024;
const ACKNOWLEDGED_AT_ONCE = 500;

interface Row {
  readonly id: number | string;
  readonly length: number;
  readonly entries: string;
}

interface HeadRow {
  readonly one: number;
  readonly size: number | string;
  readonly root: string;
}

function* pieces(entries: readonly EntryText[]): Generator<readonly EntryText[]> {
  let piece: EntryText[] = [];
  let length = 0;
  for (const entry of entries) {
    if (entry.includes('\n'))
      throw new FristError('DEFECT', { what: 'an entry of the trail has a line end' });
    if (piece.length > 0 && length + entry.length > ROW_LENGTH) {
      yield piece;
      piece = [];
      length = 0;
    }
    piece.push(entry);
    length += entry.length;
  }
  if (piece.length > 0) yield piece;
}

/** The entries one a line. An entry with a line end would come out as two. */
function lines(entries: readonly EntryText[]): string {
  const text = entries.join('\n');
  let ends = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) ends += 1;
  if (ends !== entries.length - 1)
    throw new FristError('DEFECT', { what: 'an entry of the trail has a line end' });
  return text;
}

/** The id of the last row written; 0 when there was nothing to write. */
export async function emit(turn: Turn, entries: readonly EntryText[]): Promise<number> {
  if (entries.length === 0) return 0;
  for (const piece of pieces(entries)) {
    const text = lines(piece);
    await turn.db('frist_outbox').insert({ length: text.length, entries: text });
  }
  // The turn is ours, so the largest id is the one just given.
  const row = await turn.db<Row>('frist_outbox').max({ id: 'id' }).first();
  return Number(row?.id ?? 0);
}

/** At most `limit` rows, oldest first; fewer when they are large, none only when nothing is pending. */
export async function readOutbox(db: Knex, limit: number): Promise<readonly OutboxRow[]> {
  const sizes = await db<Row>('frist_outbox').select('id', 'length').orderBy('id').limit(limit);
  const ids: (number | string)[] = [];
  let length = 0;
  for (const row of sizes) {
    length += row.length;
    if (ids.length > 0 && length > READ_LENGTH) break;
    ids.push(row.id);
  }
  const rows = await db<Row>('frist_outbox').whereIn('id', ids).orderBy('id');
  return rows.map((row) => ({ id: Number(row.id), entries: row.entries.split('\n') }));
}

/** Ids of the oldest and the newest row. */
export async function readSpan(
  db: Knex,
): Promise<{ readonly first: number; readonly last: number } | undefined> {
  const row = await db('frist_outbox')
    .min({ first: 'id' })
    .max({ last: 'id' })
    .first<{ readonly first: number | string | null; readonly last: number | string | null }>();
  return row.first === null ? undefined : { first: Number(row.first), last: Number(row.last) };
}

/** Deletes published rows and remembers the head that covers them; a head that is behind the known one is ignored. */
export async function acknowledge(turn: Turn, ids: readonly number[], head: Head): Promise<void> {
  await withoutScrubbing(turn, async () => {
    for (let at = 0; at < ids.length; at += ACKNOWLEDGED_AT_ONCE) {
      await turn
        .db('frist_outbox')
        .whereIn('id', ids.slice(at, at + ACKNOWLEDGED_AT_ONCE))
        .delete();
    }
  });
  const known = await readHead(turn.db);
  const heads = turn.db<HeadRow>('frist_head');
  if (known === undefined) await heads.insert({ one: ONE, size: head.size, root: head.root });
  else if (head.size > known.size)
    await heads.where({ one: ONE }).update({ size: head.size, root: head.root });
}

/**
 * SQLite: entries hold no personal data, so the pages that they leave need not be overwritten. That is half of what a
 * run writes to the disk.
 */
async function withoutScrubbing(turn: Turn, work: () => Promise<void>): Promise<void> {
  if (turn.store.dialect !== 'sqlite') {
    await work();
    return;
  }
  await turn.db.raw('pragma secure_delete = fast');
  try {
    await work();
  } finally {
    await turn.db.raw('pragma secure_delete = on');
  }
}

export async function readHead(db: Knex): Promise<Head | undefined> {
  const row = await db<HeadRow>('frist_head').where({ one: ONE }).first();
  return row === undefined ? undefined : { size: Number(row.size), root: row.root };
}
