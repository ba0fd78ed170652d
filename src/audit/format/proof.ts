/**
 * The proof that one entry is in the trail, as text (C2SP tlog-proof), so that other programs check it too:
 *
 *   "c2sp.org/tlog-proof@v1\n"
 *   "index " number of the entry "\n"      in decimal
 *   base64(hash) "\n" …                    the siblings on the way to the root, lowest first (tree.ts)
 *   "\n"
 *   the signed checkpoint, verbatim (checkpoint.ts)
 *
 * There is no `extra` line. Text in any other form is refused. Pure.
 */
import { HASH_BYTES } from '../tree.ts';

/** What is needed beside an entry to show that it is in the trail. */
export interface Proof {
  readonly index: number;
  readonly path: readonly Buffer[];
  /** The signed note. */
  readonly checkpoint: string;
}

const FIRST = 'c2sp.org/tlog-proof@v1';
const PROOF = /^c2sp\.org\/tlog-proof@v1\nindex (0|[1-9]\d{0,15})\n((?:[A-Za-z0-9+/]{43}=\n)*)\n([^\n].*)$/s;

/** The text of a proof. */
export function formatProof({ index, path, checkpoint }: Proof): string {
  const hashes = path.map((hash) => `${hash.toString('base64')}\n`).join('');
  return `${FIRST}\nindex ${index}\n${hashes}\n${checkpoint}`;
}

/** Reads the text of a proof, which proves nothing yet; undefined for anything that `formatProof` would not write. */
export function parseProof(text: string): Proof | undefined {
  const [, index, hashes = '', checkpoint = ''] = PROOF.exec(text) ?? [];
  if (index === undefined || !Number.isSafeInteger(Number(index))) return undefined;
  const path = hashes
    .split('\n')
    .slice(0, -1)
    .map((line) => Buffer.from(line, 'base64'));
  const proof = { index: Number(index), path, checkpoint };
  // The last digit of base64 may have bits that stand for nothing.
  return path.every((hash) => hash.length === HASH_BYTES) && formatProof(proof) === text ? proof : undefined;
}
