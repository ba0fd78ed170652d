/**
 * The objects of the trail that change, for an audit store whose bucket cannot swap (audit/store/s3.ts): `checkpoint`
 * and the append that is under way. Whoever has the turn sees the version that is there, so that of two writers one
 * loses. The bytes are those of the trail, which has no personal data in it; they stand as base64, the one form that
 * the three engines hold alike. The tag is the number of the version.
 */
import type { Knex } from 'knex';
import { FristError } from '../../errors.ts';
import type { TrailObject } from '../state.ts';
import type { Turn } from '../turn.ts';

interface ObjectRow {
  readonly name: string;
  readonly version: number | string;
  readonly bytes: string;
}

/** Undefined where there is none. */
export async function readObject(db: Knex, key: string): Promise<TrailObject | undefined> {
  const row = await db<ObjectRow>('frist_trail_objects').where({ name: key }).first();
  return row === undefined
    ? undefined
    : { bytes: Buffer.from(row.bytes, 'base64'), tag: String(row.version) };
}

/** Replaces the version `expected` (null: none). @returns the tag of the new one. @throws AUDIT_SWAP_LOST */
export async function replaceObject(
  { db }: Turn,
  key: string,
  bytes: Uint8Array,
  expected: string | null,
): Promise<string> {
  const rows = db<ObjectRow>('frist_trail_objects');
  const found = await rows.clone().where({ name: key }).first('version');
  const current = found === undefined ? null : String(found.version);
  if (current !== expected) throw new FristError('AUDIT_SWAP_LOST', { key });
  const version = Number(current ?? 0) + 1;
  const row = { version, bytes: Buffer.from(bytes).toString('base64') };
  if (current === null) await rows.clone().insert({ name: key, ...row });
  else await rows.clone().where({ name: key }).update(row);
  return String(version);
}
