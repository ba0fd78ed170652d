/** Appending as the publisher does it, for tests without a state database. */
import { setTimeout as delay } from 'node:timers/promises';
import { FristError } from '../../../src/errors.ts';
import type { Log } from '../../../src/audit/log.ts';
import { isPassing } from '../../../src/audit/publisher.ts';

const codeOf = (error: unknown): string | undefined => (error instanceof FristError ? error.code : undefined);

/** Tries until it is done; whatever does not pass by itself is thrown. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isPassing(codeOf(error)) || codeOf(error) === 'AUDIT_OVERLAP') throw error;
    }
    await delay(5);
  }
}

/** Tries until the entries are in the log. */
export async function insist(log: Log, texts: readonly string[]): Promise<void> {
  const from = log.head().size;
  try {
    await patiently(() => log.append(texts));
  } catch (error) {
    if (codeOf(error) !== 'AUDIT_OVERLAP') throw error;
    // An append whose answer was lost, and another writer's after it: the log does not guess, its caller looks.
    const there = new Set(await patiently(() => log.readEntries(from, log.head().size)));
    if (!texts.every((text) => there.has(text))) throw error;
  }
}

/** The log once it can be opened. */
export async function insistOnOpening(open: () => Promise<Log>): Promise<Log> {
  return await patiently(open);
}
