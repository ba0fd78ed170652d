/** What keeps an installation from erasing now. */
import { CHECKPOINT } from '../audit/tile.ts';
import type { Connector } from '../connectors/connector.ts';
import { codedError } from '../erasure/run/prepare.ts';
import { FristError, type ErrorCode } from '../errors.ts';
import type { Obstacle } from './app.ts';
import type { Durable } from './wiring.ts';

/** A source, and the name of the controller in whose policy file it stands. */
export interface OwnSource {
  readonly controller: string;
  readonly source: string;
  readonly connector: () => Connector;
}

/** Whoever asks waits a few seconds at most; so long may each look last. */
const PATIENCE_MS = 5000;

type Looked = readonly Obstacle[];

/**
 * A function that looks at state, key of the names, trail and sources, all at once: one that does not answer holds up
 * none of the others, and counts as out of reach.
 */
export function createLook(
  { state, trail, store, ring }: Pick<Durable, 'state' | 'trail' | 'store' | 'ring'>,
  sources: readonly OwnSource[],
  patience = PATIENCE_MS,
): () => Promise<Looked> {
  const readable = async (): Promise<void> => {
    if ((await store.get(CHECKPOINT)) !== undefined) return;
    throw new FristError('AUDIT_STORE', { key: CHECKPOINT, code: 'ENOENT' });
  };
  // A key that was opened once is not asked for again.
  const named = async (): Promise<void> => {
    await state.installation();
    await ring.current();
  };
  const ofAll = { controller: undefined, source: undefined };
  const looks = [
    patient({ code: 'STATE_UNREACHABLE', ...ofAll }, patience, named),
    patient({ code: 'AUDIT_STORE', ...ofAll }, patience, readable),
    ...sources.map(({ controller, source, connector }) =>
      patient({ code: 'SOURCE_UNREACHABLE', controller, source }, patience, async (signal) => {
        await connector().check([], signal);
      }),
    ),
  ];
  return async () => {
    const trouble = trail.trouble();
    const found = trouble === undefined ? [] : [{ code: trouble, ...ofAll }];
    return [...found, ...(await Promise.all(looks.map((look) => look()))).flat()];
  };
}

/**
 * One look. While it has no answer no other is begun: whoever asks every few seconds would use up the connections of a
 * source that hangs.
 * @param silent what is said where no answer comes in time.
 */
function patient(
  silent: Obstacle & { readonly code: ErrorCode },
  patience: number,
  look: (signal: AbortSignal) => Promise<void>,
): () => Promise<Looked> {
  let looking: Promise<Looked> | undefined;
  const begin = async (signal: AbortSignal): Promise<Looked> => {
    try {
      await look(signal);
      return [];
    } catch (error) {
      return [signal.aborted ? silent : { ...silent, code: codeOf(error, silent.source) }];
    } finally {
      looking = undefined;
    }
  };
  return async () => {
    looking ??= begin(AbortSignal.timeout(patience));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Looked>((resolve) => {
      timer = setTimeout(() => {
        resolve([silent]);
      }, patience);
    });
    try {
      return await Promise.race([looking, late]);
    } finally {
      clearTimeout(timer);
    }
  };
}

function codeOf(error: unknown, source = ''): ErrorCode {
  try {
    return codedError(error, source).code;
  } catch {
    return 'DEFECT';
  }
}
