/** Finding entries by their names (names.ts): through the index, and then in the entry itself, as it was signed. */
import type { TrailIndex } from '../../state/state.ts';
import { commitmentsIn, fieldsOf, idIn, prefixOf, prefixOfCommitment } from './names.ts';
import type { Identified } from './names.ts';
import type { TrailReader } from './reader.ts';

/** An entry of the trail. */
export interface Found {
  readonly index: number;
  readonly text: string;
  /** Commitments asked for that it holds. */
  readonly commitments: readonly string[];
}

/** Numbers of the entries with one of these prefixes. Another process may have taken the index beyond what was opened. */
async function numbers(
  reader: TrailReader,
  index: TrailIndex,
  prefixes: readonly Buffer[],
): Promise<number[]> {
  return (await index.find(prefixes)).filter((number) => number < reader.head.size);
}

/** The entries that hold one of these commitments, in the order of the trail. */
export async function* findByCommitment(
  reader: TrailReader,
  index: TrailIndex,
  commitments: ReadonlySet<string>,
): AsyncGenerator<Found> {
  for (const number of await numbers(reader, index, [...commitments].map(prefixOfCommitment))) {
    const text = await reader.entry(number);
    const held = commitmentsIn(fieldsOf(text, number)).filter((one) => commitments.has(one));
    // None: another commitment begins with the same bytes.
    if (held.length > 0) yield { index: number, text, commitments: held };
  }
}

/** The entries of a kind about one policy, run, batch or hold, in the order of the trail. */
export async function* findById(
  reader: TrailReader,
  index: TrailIndex,
  kind: Identified,
  id: string,
): AsyncGenerator<Omit<Found, 'commitments'>> {
  for (const number of await numbers(reader, index, [prefixOf(kind, id)])) {
    const text = await reader.entry(number);
    if (idIn(fieldsOf(text, number), kind) === id) yield { index: number, text };
  }
}
