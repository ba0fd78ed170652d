/**
 * Sends what a channel is still to be told. At least once: a process that dies between sending and writing that down
 * leaves a message that is sent again, under the same id. Of several processes one sends: what is taken in hand cannot be
 * taken by another for two minutes.
 */
import { FristError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { AlarmMemory, AlarmRow } from '../state/alarms.ts';
import type { Message } from './message.ts';
import type { Channel } from './send/channel.ts';

/** Longer than any channel takes for one call. */
const IN_HAND_MS = 120_000;
/** After this long the rest waits for the next look. */
const LONGEST_MS = 60_000;
const FIRST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 3_600_000;

export interface DeliverInput {
  readonly memory: AlarmMemory;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Aborts when the process is asked to stop. */
  readonly signal: AbortSignal;
}

/**
 * Sends to one channel, oldest first. A channel that fails, and a message that it refuses, are tried again later; the log
 * is told of the first.
 */
export async function deliver(channel: Channel, input: DeliverInput): Promise<void> {
  const { memory, now, signal } = input;
  const begun = now();
  const isStopping = (): boolean => signal.aborted;
  const mine = (row: AlarmRow): boolean => row.channel === channel.name && row.pending && row.next <= begun;
  const known = await memory.all();
  if (!known.some(mine)) return;
  let isNews = !known.some((row) => row.channel === channel.name && row.pending && row.attempts > 0);
  const { put } = await memory.change((rows) => ({
    put: rows.filter(mine).map((row) => ({ ...row, attempts: row.attempts + 1, next: begun + IN_HAND_MS })),
    drop: [],
  }));
  const rest = [...put];
  while (rest.length > 0 && now() - begun < LONGEST_MS && !isStopping()) {
    const rows = rest.slice(0, channel.together ? rest.length : 1);
    try {
      await channel.send(
        rows.map((row) => JSON.parse(row.message) as Message),
        signal,
      );
    } catch (error) {
      if (!(error instanceof FristError)) throw error;
      if (isStopping()) break;
      if (isNews) tell(channel, rest, error, input);
      isNews = false;
      const failed = isRefusal(error) ? rows : rest;
      await postpone(failed, input);
      rest.splice(0, failed.length);
      continue;
    }
    rest.splice(0, rows.length);
    await settle(rows, input);
  }
  if (rest.length > 0) await putBack(rest, input);
}

/** The server is there, and does not take this message: another one it may take. 408 and 429 mean: later. */
function isRefusal({ params }: FristError): boolean {
  return /^HTTP 4(?!08|29)/.test(String(params['reason']));
}

function tell(
  channel: Channel,
  rows: readonly AlarmRow[],
  { code, params }: FristError,
  { logger }: DeliverInput,
): void {
  const failure = String(params['reason']);
  logger.error('alert not delivered', { kind: channel.name, code, failure, waiting: rows.length });
}

/** As it was taken in hand: another message may have taken its place meanwhile. */
const isSame = (a: AlarmRow) => (b: AlarmRow) =>
  a.channel === b.channel && a.alarm === b.alarm && a.message === b.message;

async function settle(sent: readonly AlarmRow[], { memory, logger }: DeliverInput): Promise<void> {
  await memory.change((rows) => {
    const done = rows.filter((row) => sent.some(isSame(row)));
    return {
      put: done
        .filter(({ event }) => event !== 'resolved')
        .map((row) => ({ ...row, pending: false, attempts: 0 })),
      drop: done.filter(({ event }) => event === 'resolved'),
    };
  });
  const [first] = sent;
  logger.info('alerts sent', { kind: first?.channel, count: sent.length, attempt: first?.attempts });
}

async function postpone(failed: readonly AlarmRow[], { memory, now }: DeliverInput): Promise<void> {
  const later = ({ attempts }: AlarmRow): number =>
    now() + Math.min(FIRST_PAUSE_MS * 2 ** (attempts - 1), LONGEST_PAUSE_MS);
  await memory.change((rows) => ({
    put: rows.filter((row) => failed.some(isSame(row))).map((row) => ({ ...row, next: later(row) })),
    drop: [],
  }));
}

async function putBack(untried: readonly AlarmRow[], { memory, now }: DeliverInput): Promise<void> {
  await memory.change((rows) => ({
    put: rows
      .filter((row) => untried.some(isSame(row)))
      .map((row) => ({ ...row, attempts: row.attempts - 1, next: now() })),
    drop: [],
  }));
}
