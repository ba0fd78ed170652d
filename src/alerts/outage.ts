/**
 * A state that cannot be asked. Nothing can be remembered then, so each process tells of it by itself: once, when it has
 * lasted, and once when it is over. A process that ends in between has not told that it is over; the next one says what
 * it sees.
 */
import { FristError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { Alarm } from './causes.ts';
import { raised, resolved, type Message, type Sender } from './message.ts';
import type { Channel } from './send/channel.ts';

const PATIENCE_MS = 10 * 60_000;
const CODES: ReadonlySet<string> = new Set([
  'STATE_BUSY',
  'STATE_MISSING',
  'STATE_REFUSED',
  'STATE_UNREACHABLE',
]);

export interface OutageInput {
  readonly channels: readonly Channel[];
  readonly sender: () => Sender;
  readonly now: () => number;
  readonly newId: () => string;
  readonly logger: Logger;
}

export interface Outage {
  /** The state could not be asked. Throws the error where it means something else. */
  found(error: unknown, signal: AbortSignal): Promise<void>;
  /** The state could be asked. */
  over(signal: AbortSignal): Promise<void>;
}

export function createOutage({ channels, sender, now, newId, logger }: OutageInput): Outage {
  let since: number | undefined;
  let failing = false;
  const told = new Map<Channel, Message>();
  const at = (time: number): string => new Date(time).toISOString();

  const send = async (channel: Channel, message: Message, signal: AbortSignal): Promise<boolean> => {
    try {
      await channel.send([message], signal);
      failing = false;
      return true;
    } catch (error) {
      if (!failing) logger.error('alert not delivered', { kind: channel.name, error });
      failing = true;
      return false;
    }
  };

  return {
    found: async (error, signal) => {
      if (!(error instanceof FristError) || !CODES.has(error.code)) throw error;
      if (since === undefined) logger.error('state cannot be asked', { error });
      since ??= now();
      if (now() - since < PATIENCE_MS) return;
      const message = raised(alarmOf(error, at(since)), newId(), at(now()), sender());
      for (const channel of channels.filter((one) => !told.has(one)))
        if (await send(channel, message, signal)) told.set(channel, message);
    },
    over: async (signal) => {
      if (since !== undefined) logger.info('state can be asked again');
      since = undefined;
      for (const [channel, message] of told) {
        const [occurrence = ''] = message.id.split('.');
        if (await send(channel, resolved(occurrence, at(now()), message), signal)) told.delete(channel);
      }
    },
  };
}

function alarmOf({ code, remedy }: FristError, since: string): Alarm {
  return {
    cause: 'FristStateUnreachable',
    about: {},
    text: `The state database cannot be asked since ${since} (${code}): nothing is erased, and nothing else can be told.`,
    remedy,
  };
}
