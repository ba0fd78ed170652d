/**
 * Tries reads again that failed for a passing reason. Erasing is passed through untouched: whether a batch may be sent
 * again is for the one who knows what was recorded of it (erasure/attempt.ts), and a busy lock is no failure to hide.
 */
import type { Window, View } from '../../policy/policy.ts';
import type { Connector, Page } from '../connector.ts';
import { SourceFailure } from '../connector.ts';

export interface RetryOptions {
  /** Most calls in all, the first included. */
  readonly attempts: number;
  /** Longest pause before the second call, ms; it doubles with each further one. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
  /** Returns early when the signal is aborted. */
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  /** In [0, 1): spreads the pauses, so that many callers do not come back together. */
  readonly random: () => number;
}

/** The same connector with patient reads; a scan goes on behind the last page that it gave. */
export function withRetry(connector: Connector, options: RetryOptions): Connector {
  const again = <T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T> => retry(call, options, signal);
  return {
    kind: connector.kind,
    capabilities: connector.capabilities,
    check: (views, signal) => again(() => connector.check(views, signal), signal),
    tablesLike: (pattern, signal) => again(() => connector.tablesLike(pattern, signal), signal),
    advise: (views, signal) => again(() => connector.advise(views, signal), signal),
    now: () => again(() => connector.now()),
    count: (view, signal) => again(() => connector.count(view, signal), signal),
    scan: (view, windows, signal, cursor) => scan(connector, options, { view, windows, signal, cursor }),
    read: (view, keys, signal) => again(() => connector.read(view, keys, signal), signal),
    dependents: (view, stage, keys, signal) =>
      again(() => connector.dependents(view, stage, keys, signal), signal),
    erasing: (view, signal, partition) => connector.erasing(view, signal, partition),
    verify: (view, stage, keys, signal) => again(() => connector.verify(view, stage, keys, signal), signal),
    lookup: (view, subject, values, signal) =>
      again(() => connector.lookup(view, subject, values, signal), signal),
    grants: (...asked) => again(() => connector.grants(...asked), asked[3]),
    outline: (signal) => again(() => connector.outline(signal), signal),
    find: (record, kind, value) => again(() => connector.find(record, kind, value)),
    close: () => connector.close(),
  };
}

const isPassing = (error: unknown): boolean =>
  error instanceof SourceFailure && error.failure === 'transient';

const isAborted = (signal?: AbortSignal): boolean => signal?.aborted ?? false;

/** Waits before call number `attempt` + 1, or throws the error where there is no use in another one. */
async function pause(
  error: unknown,
  attempt: number,
  options: RetryOptions,
  signal?: AbortSignal,
): Promise<void> {
  if (!isPassing(error) || attempt >= options.attempts || isAborted(signal)) throw error;
  const longest = Math.min(options.longestPauseMs, options.firstPauseMs * 2 ** (attempt - 1));
  // At least half of it, so that a pause is one.
  await options.sleep(longest * (0.5 + options.random() / 2), signal);
  if (isAborted(signal)) throw error;
}

async function retry<T>(call: () => Promise<T>, options: RetryOptions, signal?: AbortSignal): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      await pause(error, attempt, options, signal);
    }
  }
}

interface ScanArguments {
  readonly view: View;
  readonly windows: readonly Window[] | undefined;
  readonly signal: AbortSignal;
  readonly cursor: string | undefined;
}

async function* scan(
  connector: Connector,
  options: RetryOptions,
  asked: ScanArguments,
): AsyncGenerator<Page> {
  let { cursor } = asked;
  for (let attempt = 1; ; attempt++) {
    try {
      for await (const page of connector.scan(asked.view, asked.windows, asked.signal, cursor)) {
        cursor = page.cursor;
        attempt = 1;
        yield page;
      }
      return;
    } catch (error) {
      await pause(error, attempt, options, asked.signal);
    }
  }
}
