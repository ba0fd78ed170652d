/**
 * The objects of the trail that change, for an audit store whose bucket cannot swap (audit/store/s3.ts): `checkpoint`
 * and the append that is under way. Whoever has the turn sees the version that is there, so that of two writers one
 * loses. The bytes are those of the trail, which has no personal data in it.
 *
 * An object is one row or more, in parts, because MySQL takes no statement over 16 MiB by default; as base64, the one
 * form that the three engines hold alike. The tag is the number of the version.
 */
import type { Knex } from 'knex';
import { FristError } from '../../errors.ts';
import type { TrailObject } from '../state.ts';
import type { Turn } from '../turn.ts';

const PART_BYTES = 3 * 1024 * 1024;

interface PartRow {
  readonly name: string;
  readonly part: number;
  readonly version: number | string;
  readonly bytes: string;
}

/** Undefined where there is none. */
export async function readObject(db: Knex, key: string): Promise<TrailObject | undefined> {
  const parts = await db<PartRow>('frist_trail_objects').where({ name: key }).orderBy('part');
  const [first] = parts;
  if (first === undefined) return undefined;
  const bytes = Buffer.concat(parts.map((part) => Buffer.from(part.bytes, 'base64')));
  return { bytes, tag: String(first.version) };
}

/** Replaces the version `expected` (null: none). @returns the tag of the new one. @throws AUDIT_SWAP_LOST */
export async function replaceObject(
  { db }: Turn,
  key: string,
  bytes: Uint8Array,
  expected: string | null,
): Promise<string> {
  const parts = db<PartRow>('frist_trail_objects');
  const found = await parts.clone().where({ name: key, part: 0 }).first('version');
  const current = found === undefined ? null : String(found.version);
  if (current !== expected) throw new FristError('AUDIT_SWAP_LOST', { key });
  const version = Number(current ?? 0) + 1;
  await parts.clone().where({ name: key }).delete();
  for (let part = 0; part === 0 || part * PART_BYTES < bytes.length; part++) {
    const piece = Buffer.from(bytes.subarray(part * PART_BYTES, (part + 1) * PART_BYTES));
    await parts.clone().insert({ name: key, part, version, bytes: piece.toString('base64') });
  }
  return String(version);
}
