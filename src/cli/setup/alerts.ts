/** Where alerts go, for `frist check`; and with `--alerts`, whether they arrive there. */
import { trial, type Sender } from '../../alerts/message.ts';
import { openChannels } from '../../alerts/send/open.ts';
import type { Settings } from '../../config.ts';
import { FristError } from '../../errors.ts';

/** One way to people. */
export interface AlertRoute {
  readonly channel: string;
  /** Its server, or mailbox; no token that may stand in its address. */
  readonly place: string;
  /** How the test message fared; absent where none was sent. */
  readonly tried?: 'sent' | { readonly failed: string };
}

export interface AlertsInput {
  readonly settings: Settings['alerts'];
  /** Whether a test message is sent by each. */
  readonly tryThem: boolean;
  readonly sender: Sender;
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/** Every way that the settings name, and the watch outside, which is not tried: it would take it for a sign of life. */
export async function examineAlerts({
  settings,
  tryThem,
  sender,
  id,
  now,
  signal,
}: AlertsInput): Promise<AlertRoute[]> {
  const message = trial(id, new Date(now()).toISOString(), sender);
  const routes: AlertRoute[] = [];
  for (const channel of openChannels(settings, now)) {
    const tried = tryThem ? await outcome(channel.send([message], signal)) : undefined;
    routes.push({ channel: channel.name, place: channel.place, ...(tried === undefined ? {} : { tried }) });
  }
  const { heartbeat } = settings;
  if (heartbeat !== undefined) routes.push({ channel: 'heartbeat', place: new URL(heartbeat.url).origin });
  return routes;
}

async function outcome(sending: Promise<void>): Promise<AlertRoute['tried']> {
  try {
    await sending;
    return 'sent';
  } catch (error) {
    if (!(error instanceof FristError)) throw error;
    return { failed: error.message };
  }
}

/** Whether a test message did not get through. */
export function isCut(routes: readonly AlertRoute[]): boolean {
  return routes.some(({ tried }) => typeof tried === 'object');
}

export function alertsText(routes: readonly AlertRoute[]): string {
  if (routes.length === 0)
    return '\nAlerts go nowhere: nobody hears of it when something is wrong (docs/alerts.md).\n';
  const lines = routes.map(({ channel, place, tried }) => {
    const how =
      tried === undefined ? '' : tried === 'sent' ? ': a test message was sent' : `: ${tried.failed}`;
    return `  ${channel} ${place}${how}\n`;
  });
  return `\nAlerts go to\n${lines.join('')}`;
}
