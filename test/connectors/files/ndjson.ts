/** Files of NDJSON whose rows are records: how the policy file says it, and a row with its key. */
import { createHash } from 'node:crypto';

/** The record type. */
export const NDJSON = "{ files: '{desk}/*.ndjson', rows: ndjson, subject: { email: from/address } }";
export const START = 'start: { column: sent_at, as: instant, null: not yet }';
export const DELETE = `${START}, action: delete`;

/** One row, that is due. */
export const row = (address: string, more: object = {}): string =>
  JSON.stringify({ from: { address }, sent_at: '2023-01-02T03:04:05Z', ...more });
export const keyOf = (path: string, line: string): readonly string[] => [
  path,
  createHash('sha256').update(line).digest('hex'),
];
