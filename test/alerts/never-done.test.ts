// A daemon whose jobs have failed since the first day, or that began long after its installation was made.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { DAY, MIDNIGHT, MINUTE, openWorld, type World } from '../support/alerts/world.ts';
import { valueOf } from '../support/metrics.ts';

/** All of them have been due: the verification three days ago, the others on each day since today. */
const NOW = MIDNIGHT + 9 * DAY;
const ALL = ['FristJobBehind heads', 'FristTrailSilent heartbeat', 'FristVerificationMissing verification'];

let on: World;
beforeAll(async () => {
  on = await openWorld(MIDNIGHT, '/ping');
});
afterAll(() => on.end());

/** What was told of jobs. */
const told = (event: string): string[] =>
  on
    .posted()
    .filter((one) => one.event === event && one.about.job !== undefined)
    .map(({ cause, about }) => `${cause} ${about.job!}`)
    .sort();

const pings = (): number => on.receiver.received.filter(({ path }) => path === '/ping').length;

/** The days that the metrics say a job is missing. */
const missing = async (job: string): Promise<number> => {
  const seconds = valueOf(await on.daemon.metrics(), 'frist_job_missing_seconds', { daemon_job: job });
  return Math.floor(((seconds ?? NaN) * 1000) / DAY);
};

it('calls for jobs that were never done, after the minutes that catching up may take', async () => {
  on.now = NOW;
  await on.look();
  expect(told('raised')).toEqual([]);
  on.now += 6 * MINUTE;
  await on.look();
  expect(told('raised')).toEqual(ALL);
  expect(pings()).toBe(0);
  expect(await missing('verification')).toBe(2);
  for (const job of ['heartbeat', 'heads', 'keys', 'lookup']) expect(await missing(job)).toBeGreaterThan(5);
});

it('does them at once when it can', async () => {
  await on.daemon.tick();
  on.now += MINUTE;
  await on.look();
  on.now += 10 * MINUTE;
  await on.look();
  expect(told('resolved')).toEqual(ALL);
  expect(pings()).toBe(1);
  for (const job of ['verification', 'heartbeat', 'heads', 'keys', 'lookup', 'evidence'])
    expect(await missing(job)).toBe(0);
});
