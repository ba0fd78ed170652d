/** One look: what is wrong, what of it is new to whom, and off it goes. */
import type { App, Others } from '../installation/app.ts';
import { readStanding, type Standing } from '../standing/standing.ts';
import type { AlarmRow } from '../state/alarms.ts';
import { alarmsOf } from './alarms.ts';
import type { Alarm } from './causes.ts';
import { deliver } from './deliver.ts';
import { ofOthers } from './others.ts';
import type { Behind } from './facts.ts';
import { newsOf } from './news.ts';
import type { Sender } from './message.ts';
import type { Channel } from './send/channel.ts';

const HOUR_MS = 3_600_000;

export type Watched = Pick<
  App,
  'settings' | 'state' | 'controllers' | 'missing' | 'now' | 'pauseFile' | 'logger' | 'newId'
>;

/** What one look found. */
export interface Look {
  readonly standing: Standing;
  readonly alarms: readonly Alarm[];
  /** What it calls for on behalf of other installations: that is no sign against its own work. */
  readonly ofOthers: readonly Alarm[];
  readonly sender: Sender;
}

/** Reads what is wrong now. `behindOf` says what is behind its schedule. Throws the state's own errors. */
export async function lookAround(
  app: Watched,
  behindOf: () => Promise<Behind>,
  others: Others,
): Promise<Look> {
  const { state, missing, settings } = app;
  const standing = await readStanding(app);
  const now = app.now();
  const rows = await state.alarms.all();
  const undelivered = undeliveredBy(rows, now - HOUR_MS);
  const { id } = await state.installation();
  return {
    standing,
    alarms: alarmsOf({
      standing,
      behind: await behindOf(),
      missing,
      undelivered,
      now,
      deadlineMs: settings.run.deadlineMs,
    }),
    ofOthers: ofOthers(others, rows),
    sender: { installation: id, controllers: namesOf(app) },
  };
}

/** The controllers that are worked for. */
export function namesOf({ controllers }: Pick<App, 'controllers'>): string[] {
  return controllers.map(({ engine }) => engine.controller.name);
}

/** Channels with a message that was tried, and that waits since before a moment (ms since the epoch). */
function undeliveredBy(rows: readonly AlarmRow[], before: number): string[] {
  const waiting = rows.filter((row) => row.pending && row.attempts > 0 && Date.parse(row.told) < before);
  return [...new Set(waiting.map(({ channel }) => channel))];
}

/** Tells every channel what it does not know yet, all of them at once: a slow one holds no other up. */
export async function spread(
  app: Watched,
  channels: readonly Channel[],
  { alarms, sender }: Pick<Look, 'alarms' | 'sender'>,
  signal: AbortSignal,
): Promise<void> {
  const { state, logger, now, newId, settings } = app;
  const memory = state.alarms;
  const input = {
    ...{
      alarms,
      sender,
      newId,
      now: now(),
      reminderDays: settings.alerts.reminderDays,
    },
    channels: channels.map(({ name }) => name),
  };
  const { put, drop } = newsOf(await memory.all(), input);
  if (put.length + drop.length > 0) await memory.change((rows) => newsOf(rows, input));
  await Promise.all(channels.map((channel) => deliver(channel, { memory, logger, now, signal })));
}
