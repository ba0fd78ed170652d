/**
 * Faults come in pairs: a call that failed and was not applied, and one that failed but was. A table test goes over
 * every external call of a connector with both, and looks at the world after each.
 */
import type { Connector, ErasingSession, Page } from '../../src/connectors/connector.ts';
import { SourceFailure } from '../../src/connectors/connector.ts';

export const FATES = ['not applied', 'applied'] as const;
export type Fate = (typeof FATES)[number];

/** Names of the calls that reach the outside; each page of a scan is one of its own. */
export type CallName = Exclude<keyof Connector, 'kind' | 'capabilities'> | 'erase' | 'release';

export interface Fault {
  /** Which call fails, counted from 0 over all calls of all names. */
  readonly at: number;
  readonly fate: Fate;
  /** How many calls fail from there on; 1 unless told. */
  readonly times?: number;
  /** Default: `uncertain` for an erase, since its caller cannot know its fate; `transient` for all others. */
  readonly failure?: SourceFailure;
}

export interface Faulty {
  readonly connector: Connector;
  /** The calls made so far; run once without a fault to learn how many there are. */
  readonly calls: readonly CallName[];
}

/** The same connector, but for the fault. */
export function withFault(connector: Connector, fault?: Fault): Faulty {
  const calls: CallName[] = [];
  const through = async <T>(name: CallName, call: () => Promise<T>): Promise<T> => {
    const number = calls.push(name) - 1;
    const fails = fault !== undefined && number >= fault.at && number < fault.at + (fault.times ?? 1);
    if (!fails) return await call();
    if (fault.fate === 'applied') await call();
    throw fault.failure ?? new SourceFailure(name === 'erase' ? 'uncertain' : 'transient', 'FAULT');
  };
  return { connector: faulty(connector, through), calls };
}

type Through = <T>(name: CallName, call: () => Promise<T>) => Promise<T>;

function faulty(inner: Connector, through: Through): Connector {
  return {
    kind: inner.kind,
    capabilities: inner.capabilities,
    check: (...asked) => through('check', () => inner.check(...asked)),
    advise: (...asked) => through('advise', () => inner.advise(...asked)),
    tablesLike: (...asked) => through('tablesLike', () => inner.tablesLike(...asked)),
    now: () => through('now', () => inner.now()),
    count: (...asked) => through('count', () => inner.count(...asked)),
    scan: (...asked) => pages(inner.scan(...asked), through),
    read: (...asked) => through('read', () => inner.read(...asked)),
    dependents: (...asked) => through('dependents', () => inner.dependents(...asked)),
    erasing: async (...asked) => {
      let session: ErasingSession | undefined;
      try {
        await through('erasing', async () => {
          session = await inner.erasing(...asked);
        });
      } catch (error) {
        // The lock was taken and the connection lost: the server frees it.
        await session?.release();
        throw error;
      }
      if (session === undefined) throw new Error('a session was promised');
      return faultySession(session, through);
    },
    verify: (...asked) => through('verify', () => inner.verify(...asked)),
    grants: (...asked) => through('grants', () => inner.grants(...asked)),
    outline: (...asked) => through('outline', () => inner.outline(...asked)),
    lookup: (...asked) => through('lookup', () => inner.lookup(...asked)),
    find: (...asked) => through('find', () => inner.find(...asked)),
    close: () => through('close', () => inner.close()),
  };
}

function faultySession(inner: ErasingSession, through: Through): ErasingSession {
  return {
    erase: (...asked) => through('erase', () => inner.erase(...asked)),
    undoes: (stage) => inner.undoes?.(stage) ?? true,
    release: () => through('release', () => inner.release()),
  };
}

/** A page that failed but was read is lost on the way: the caller never sees it. */
async function* pages(scan: AsyncIterable<Page>, through: Through): AsyncGenerator<Page> {
  const iterator = scan[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await through('scan', () => iterator.next());
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await iterator.return?.();
  }
}
