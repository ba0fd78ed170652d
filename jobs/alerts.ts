/** Alerts: every minute a look at what is wrong, and word of it to whoever the settings name. */
import { lookAround, spread } from '../src/alerts/watch.ts';
import { ping } from '../src/alerts/ping.ts';
import { openChannels } from '../src/alerts/send/open.ts';
import type { Behind } from '../src/alerts/causes.ts';
import { FristError } from '../src/errors.ts';
import type { App } from '../src/installation/app.ts';
import { latestSlot, slotsOf, type Job, type Slots } from './scheduler.ts';

const DAY_MS = 86_400_000;
/** What is older is found by the next slot. */
const LOOK_BACK_MS = 8 * DAY_MS;

/** None where nobody is to be told. `jobs`: all the others, of which those that fall behind are told of. */
export function alertsJob(app: App, jobs: readonly Job[]): Job[] {
  const { alerts } = app.settings;
  const channels = openChannels(alerts, app.now);
  if (channels.length === 0 && alerts.heartbeat === undefined) return [];
  const dayOld = createSlotsOfYesterday();
  const behindOf = async (): Promise<Behind> => {
    const before = app.now() - DAY_MS;
    return {
      slotOf: ({ schedule, zone }) => dayOld(schedule, zone, before),
      jobs: await behind(jobs, (job) => dayOld(job.schedule, job.zone, before)),
    };
  };
  const pinged = createTeller(app);
  return [
    {
      name: 'alerts',
      schedule: '* * * * *',
      zone: 'UTC',
      // It looks at what there is, not at a slot: there is nothing to catch up.
      lastSlot: () => Promise.resolve(undefined),
      run: async (_slot, signal) => {
        const look = await lookAround(app, behindOf);
        await Promise.all([
          spread(app, channels, look.alarms, signal),
          pinged(() => ping(app, look, signal)),
        ]);
        return 'done';
      },
    },
  ];
}

/** The latest slot of a schedule that is a day old, ISO. Each minute of the past is looked at once. */
function createSlotsOfYesterday(): (schedule: string, zone: string, before: number) => string | undefined {
  const known = new Map<string, { readonly isSlot: Slots; upTo: number; slot: number | undefined }>();
  return (schedule, zone, before) => {
    const name = `${schedule} ${zone}`;
    const one = known.get(name) ?? {
      isSlot: slotsOf(schedule, zone),
      upTo: before - LOOK_BACK_MS,
      slot: undefined,
    };
    known.set(name, one);
    one.slot = latestSlot(one.isSlot, one.upTo, before) ?? one.slot;
    one.upTo = Math.max(one.upTo, before);
    return one.slot === undefined ? undefined : new Date(one.slot).toISOString();
  };
}

/** Sweeps are told of by policy; a job that was never done has nothing to catch up. */
async function behind(
  jobs: readonly Job[],
  slotOf: (job: Job) => string | undefined,
): Promise<Behind['jobs']> {
  const found: { readonly name: string; readonly slot: string }[] = [];
  for (const job of jobs) {
    if (job.name.startsWith('sweep ')) continue;
    const [last, slot] = [await job.lastSlot(), slotOf(job)];
    if (last !== undefined && slot !== undefined && last < slot) found.push({ name: job.name, slot });
  }
  return found;
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
