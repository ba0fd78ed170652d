/** Alerts: every minute a look at what is wrong, and word of it to whoever the settings name. */
import { lookAround, namesOf, spread } from '../src/alerts/watch.ts';
import { createOutage } from '../src/alerts/outage.ts';
import type { Sender } from '../src/alerts/message.ts';
import { ping } from '../src/alerts/ping.ts';
import { openChannels } from '../src/alerts/send/open.ts';
import type { Behind } from '../src/alerts/facts.ts';
import { HEARTBEAT } from '../src/audit/watch/heartbeat.ts';
import { FristError } from '../src/errors.ts';
import type { App, Others } from '../src/installation/app.ts';
import type { Job } from './scheduler.ts';
import { missedSlots, type FirstSlot } from './slots.ts';

const HOUR_MS = 3_600_000;
/** How long after its moment something must have been done: a sweep has run.deadline, a job until the next night. */
const SWEEP_MS = 12 * HOUR_MS;
const JOB_MS = 24 * HOUR_MS;
/** The day's sign of life has two hours to come back. */
const HEARTBEAT_MS = 2 * HOUR_MS;
/**
 * One of several daemons calls, and stays the one as long as it lives: they may see different policy files for a while,
 * and would take each other's alarms back.
 */
const LEASE = 'alerts';
const LEASE_MS = 180_000;
const LONG_AGO = new Date(0).toISOString();
const ALONE: Others = { down: () => [], opening: () => [], isOurs: () => true };

/** None where nobody is to be told. `jobs`: all the others, of which those that fall behind are told of. */
export function alertsJob(
  app: App,
  jobs: readonly Job[],
  firstSlot: FirstSlot,
  others: Others = ALONE,
): Job[] {
  const { alerts } = app.settings;
  const channels = openChannels(alerts, app.now);
  if (channels.length === 0 && alerts.heartbeat === undefined) return [];
  const behindOf = async (): Promise<Behind> => ({
    slotOf: ({ schedule, zone, lastSuccess, firstRun }) => {
      const since = lastSuccess ?? firstRun;
      return since === undefined
        ? undefined
        : overdueSlot(firstSlot(schedule, zone, Date.parse(since)), app.now() - SWEEP_MS);
    },
    jobs: Object.entries(await missedSlots(jobs, firstSlot)).flatMap(([name, missed]) => {
      const slot = overdueSlot(missed, app.now() - (name === HEARTBEAT ? HEARTBEAT_MS : JOB_MS));
      return slot === undefined ? [] : [{ name, slot }];
    }),
  });
  const pinged = createTeller(app);
  let sender: Sender = { installation: '', controllers: namesOf(app) };
  const outage = createOutage({ ...app, channels, sender: () => sender });
  const lookAndTell = async (signal: AbortSignal): Promise<void> => {
    if ((await app.state.lease(LEASE, app.replica, LEASE_MS)) === undefined) {
      await outage.over(signal);
      return;
    }
    const look = await lookAround(app, behindOf, others);
    ({ sender } = look);
    await outage.over(signal);
    const told = { ...look, alarms: [...look.alarms, ...look.ofOthers] };
    await Promise.all([spread(app, channels, told, signal), pinged(() => ping(app, look, signal))]);
  };
  return [
    {
      name: 'alerts',
      schedule: '* * * * *',
      zone: 'UTC',
      // It looks at what there is, not at a slot; a daemon that has just begun does so at once.
      lastSlot: () => Promise.resolve(LONG_AGO),
      run: async (_slot, signal) => {
        await lookAndTell(signal).catch((error: unknown) => outage.found(error, signal));
        return 'done';
      },
    },
  ];
}

/** A slot (ms since the epoch) as ISO, where it should have been done by a moment. */
function overdueSlot(slot: number | undefined, by: number): string | undefined {
  return slot === undefined || slot > by ? undefined : new Date(slot).toISOString();
}

/** The watch outside is tried again every minute; what fails is told of once. */
function createTeller({ logger }: App): (work: () => Promise<void>) => Promise<void> {
  let told = false;
  return async (work) => {
    try {
      await work();
      told = false;
    } catch (error) {
      if (!(error instanceof FristError) || error.code !== 'ALERT_UNSENT') throw error;
      if (!told) logger.error('heartbeat not sent', { error });
      told = true;
    }
  };
}
