/**
 * Under which names an entry is found in the index of the trail (state/trail/index-of-commitments.ts). Of each name the index has the
 * first 8 bytes.
 *
 *   a commitment (commitment.ts)         every entry that holds it
 *   SHA-256(kind "\n" id)                what a record's entry leaves open: `policy` by the policy's name, `run-started` by
 *                                        its run, `batch-opened` and `batch-settled` by their batch, `hold-released` by its hold
 */
import { hash } from 'node:crypto';
import { FristError } from '../../errors.ts';

const PREFIX_BYTES = 8;
const COMMITMENT = /^[0-9a-f]{64}$/;
/** Kinds of entry that are found by the field that tells which one it is. */
const IDENTIFIED = {
  policy: 'policy',
  'run-started': 'run',
  'batch-opened': 'batch',
  'batch-settled': 'batch',
  'hold-released': 'hold',
} as const;
export type Identified = keyof typeof IDENTIFIED;

type Fields = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

/** The prefix of a commitment of 64 hex digits. */
export function prefixOfCommitment(commitment: string): Buffer {
  return Buffer.from(commitment.slice(0, 2 * PREFIX_BYTES), 'hex');
}

/** The prefix of the entry of a kind about the policy, batch or hold with this name. */
export function prefixOf(kind: Identified, id: string): Buffer {
  return hash('sha256', `${kind}\n${id}`, 'buffer').subarray(0, PREFIX_BYTES);
}

/** Every commitment that an entry holds. */
export function commitmentsIn(entry: Fields): readonly string[] {
  const own = isObject(entry['commitments']) ? entry['commitments'] : {};
  const all = [own['record'], own['incarnation'], own['subject'], entry['subject'], entry['records']].flat();
  return all.filter((one): one is string => typeof one === 'string' && COMMITMENT.test(one));
}

/** The id by which an entry of an identified kind is found. */
export function idIn(entry: Fields, kind: Identified): string | undefined {
  const id = entry['type'] === kind ? entry[IDENTIFIED[kind]] : undefined;
  return typeof id === 'string' ? id : undefined;
}

/** The prefixes of all names of an entry, each once. */
export function prefixesOf(entry: Fields): readonly Buffer[] {
  const commitments = new Set(commitmentsIn(entry));
  const prefixes = [...commitments].map(prefixOfCommitment);
  for (const kind of Object.keys(IDENTIFIED) as Identified[]) {
    const id = idIn(entry, kind);
    if (id !== undefined) prefixes.push(prefixOf(kind, id));
  }
  return prefixes;
}

/**
 * The fields of an entry, of whatever kind.
 * @throws AUDIT_CORRUPT when it is not a JSON object.
 */
export function fieldsOf(text: string, index: number): Fields {
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // Told below: the message of JSON.parse quotes the text.
  }
  throw new FristError('AUDIT_CORRUPT', { where: `entry ${index}`, what: 'it is not a JSON object' });
}
