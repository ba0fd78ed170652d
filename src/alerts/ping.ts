/**
 * The sign of life to the outside: a watch elsewhere is told that all is well, and calls when it hears nothing. It hears
 * nothing when the daemon is dead, cannot reach its state, or does not do its work.
 */
import type { App } from '../installation/app.ts';
import { isAtWork } from './causes.ts';
import { send } from './send/request.ts';
import type { Look } from './watch.ts';

/** Under what name the state remembers when the watch was told last. */
const PING = 'ping';
const HOUR_MS = 3_600_000;

/**
 * Tells the watch after each success of a policy, and every hour in between; never while a run has failed or the trail
 * cannot be written. The request has no data.
 * @throws FristError ALERT_UNSENT
 */
export async function ping(
  { settings, state, now }: Pick<App, 'settings' | 'state' | 'now'>,
  { standing, alarms }: Look,
  signal: AbortSignal,
): Promise<void> {
  const { heartbeat } = settings.alerts;
  if (heartbeat === undefined || !isAtWork(alarms)) return;
  const last = (await state.job(PING))?.slot ?? '';
  const isNews = standing.policies.some(({ lastSuccess = '' }) => lastSuccess > last);
  if (!isNews && now() - Date.parse(last) < HOUR_MS) return;
  await send({ channel: 'heartbeat', url: heartbeat.url, method: 'GET' }, signal);
  await state.transaction((t) => t.endJob(PING, new Date(now()).toISOString()));
}
