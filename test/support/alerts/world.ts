// A daemon over a real installation, its webhook and its mailbox, with a clock that the test sets.
import type { Message } from '../../../src/alerts/message.ts';
import { alertsJob } from '../../../jobs/alerts.ts';
import { headsJob } from '../../../jobs/upkeep/heads.ts';
import { heartbeatJob } from '../../../jobs/upkeep/heartbeat.ts';
import type { Job } from '../../../jobs/scheduler.ts';
import { createSlotSearch, type FirstSlot } from '../../../jobs/slots.ts';
import { verifyJob } from '../../../jobs/upkeep/verify.ts';
import type { App, Down } from '../../../src/installation/app.ts';
import { openMailbox, type Mailbox } from './mailbox.ts';
import { openReceiver, type Receiver } from './receiver.ts';
import { openDaemon, type Daemon } from '../bad-days/daemon.ts';
import { install, POLICIES, type Installation } from '../bad-days/installation.ts';
import { makePeople, type People } from '../bad-days/people.ts';

export const SECRET = 'known to both of them';
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
/** The last one that is four hours old: what other commands do at the real clock comes after the sweep of 03:15. */
export const MIDNIGHT = Math.floor((Date.now() - 4 * HOUR) / DAY) * DAY;

/** The first day on which the trail is verified. */
export const VERIFIED = MIDNIGHT + 6 * DAY;

/** A first run of more than five records waits for approval. */
export const CAREFUL = POLICIES.replace(
  /first run guards: .*/,
  'first run guards: { records: 5, percent: 100 }',
);

export interface World {
  readonly people: People;
  readonly on: Installation;
  readonly receiver: Receiver;
  readonly mailbox: Mailbox;
  readonly daemon: Daemon;
  now: number;
  /** What the webhook was told since the last question. */
  posted(): Message[];
  /** What stands in the mails since the last question: each heading. */
  mailed(): string[][];
  /** A look for alarms, while everything else of the daemon stands still. */
  look(missing?: readonly Down[]): Promise<void>;
  restart(): Promise<void>;
  end(): Promise<void>;
}

/** Forty people are due. */
export async function openWorld(start: number, heartbeat = ''): Promise<World> {
  const people = await makePeople('sqlite', 60);
  const [receiver, mailbox] = [await openReceiver(), await openMailbox()];
  const on = await install({
    env: { FRIST_CRM: people.db.url },
    policies: CAREFUL,
    settings: {
      schedule: '15 3 * * *',
      audit: {
        patience: 'PT1S',
        verify: { schedule: `15 5 * * ${String(new Date(VERIFIED).getUTCDay())}` },
      },
      alerts: {
        webhook: { url: `${receiver.url}/hook`, secret: SECRET },
        email: {
          to: 'ops@example.dk',
          from: 'frist@example.dk',
          smtp: `smtp://127.0.0.1:${String(mailbox.port)}?tls=off`,
        },
        ...(heartbeat === '' ? {} : { heartbeat: { url: receiver.url + heartbeat } }),
      },
    },
  });
  let [posts, mails] = [0, 0];
  const open = (): Promise<Daemon> => openDaemon(on, () => world.now);
  const world = { people, on, receiver, mailbox, now: start } as { -readonly [K in keyof World]: World[K] };
  world.posted = () => {
    const hooks = receiver.received.filter(({ path }) => path === '/hook');
    const fresh = hooks.slice(posts);
    posts = hooks.length;
    return fresh.map(({ body }) => JSON.parse(body) as Message);
  };
  world.mailed = () => {
    const fresh = mailbox.mails.slice(mails);
    mails = mailbox.mails.length;
    return fresh.map(({ text }) => text.match(/^(?:ALERT|STILL|OVER) \S+$/gm) ?? []);
  };
  const slots = createSlotSearch(() => world.now);
  world.look = (missing) => watchOf(world.daemon.app, slots, missing)();
  world.restart = async () => {
    await world.daemon.end();
    world.daemon = await open();
  };
  world.end = async () => {
    await world.daemon.end();
    await Promise.all([receiver.close(), mailbox.close(), people.db.drop()]);
    on.remove();
  };
  world.daemon = await open();
  return world;
}

/** A look for alarms of this process, and nothing else of it. */
export function watchOf(
  app: App,
  slots: FirstSlot = createSlotSearch(app.now),
  missing: readonly Down[] = [],
): () => Promise<void> {
  const others = [heartbeatJob, headsJob, verifyJob].flatMap((job): Job[] => job(app));
  const [job] = alertsJob({ ...app, missing }, others, slots);
  return async () => {
    await job?.run(new Date(app.now()).toISOString(), new AbortController().signal);
  };
}
