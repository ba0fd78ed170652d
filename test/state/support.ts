// States for the tests of this folder.
import type { State } from '../../src/state/state.ts';
import { initState, openState } from '../../src/state/open.ts';
import { freshDatabase } from '../support/servers/index.ts';
import type { Engine, TestDatabase } from '../support/servers/index.ts';
import { clock } from './samples.ts';

export * from './samples.ts';

export const INSTALLATION = {
  id: '01JD0000000000000000000000',
  origin: 'example.com/frist',
  created: '2026-11-22T05:00:00Z',
};

export interface TestState {
  readonly database: TestDatabase;
  readonly url: string;
  readonly state: State;
  /** Another process, as far as the state can tell: its own pool of connections. */
  open(): Promise<State>;
  drop(): Promise<void>;
}

/** A new state with nothing in it. */
export async function freshState(engine: Engine): Promise<TestState> {
  const database = await freshDatabase(engine);
  await initState(database.url, INSTALLATION, { clock });
  const opened: State[] = [];
  const open = async (): Promise<State> => {
    const state = await openState(database.url, { clock });
    opened.push(state);
    return state;
  };
  return {
    database,
    url: database.url,
    state: await open(),
    open,
    drop: async () => {
      for (const state of opened) await state.close();
      await database.drop();
    },
  };
}

/** Code of the FristError that `work` fails with, or `none`. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'none',
    (error: unknown) => (error as { readonly code?: string }).code ?? String(error),
  );
}

export async function collect<T>(pieces: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const piece of pieces) all.push(piece);
  return all;
}
