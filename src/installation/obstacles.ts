/** What keeps an installation from erasing now. */
import { CHECKPOINT } from '../audit/tile.ts';
import { SourceFailure, type Connector } from '../connectors/connector.ts';
import { FristError } from '../errors.ts';
import type { Obstacle } from './app.ts';
import type { Durable } from './wiring.ts';

/** A source, and the name of the controller in whose policy file it stands. */
export interface OwnSource {
  readonly controller: string;
  readonly connector: () => Connector;
}

/** Looks at state, key of the names, trail and sources, all at once: one that does not answer holds up none of the others. */
export async function obstaclesOf(
  { state, trail, store, ring }: Pick<Durable, 'state' | 'trail' | 'store' | 'ring'>,
  sources: readonly OwnSource[],
): Promise<Obstacle[]> {
  const { signal } = new AbortController();
  const readable = async (): Promise<void> => {
    if ((await store.get(CHECKPOINT)) !== undefined) return;
    throw new FristError('AUDIT_STORE', { key: CHECKPOINT, code: 'ENOENT' });
  };
  // A key that was opened once is not asked for again.
  const named = async (): Promise<void> => {
    await state.installation();
    await ring.current();
  };
  const looks: readonly (readonly [string | undefined, () => Promise<unknown>])[] = [
    [undefined, named],
    [undefined, readable],
    ...sources.map(({ controller, connector }) => [controller, () => connector().check([], signal)] as const),
  ];
  const trouble = trail.trouble();
  const found = trouble === undefined ? [] : [{ code: trouble as string, controller: undefined }];
  const looked = await Promise.all(
    looks.map(async ([controller, look]): Promise<Obstacle[]> => {
      const code = await codeOf(look);
      return code === undefined ? [] : [{ code, controller }];
    }),
  );
  return [...found, ...looked.flat()];
}

/** The code by which a look fails; undefined where it does not. */
async function codeOf(look: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await look();
    return undefined;
  } catch (error) {
    return error instanceof FristError || error instanceof SourceFailure ? error.code : 'DEFECT';
  }
}
