/** Subscribers of a newsletter, and when they opened an issue. Erased within 5 days of their unsubscription. */
import { days, epoch } from '../moment.ts';
import { HELD, person, type Person } from '../people.ts';
import { createRandom, type Random } from '../random.ts';
import { builder } from './table.ts';
import type { EdgeCase, Part } from '../types.ts';

const SUBSCRIBERS = 1500;
/** Beyond 2^53: a key that passes through a JavaScript number would come back as its neighbour's. */
const FIRST_ID = 7_100_000_000_000_000_001n;

interface Subscriber {
  readonly who: Person;
  readonly unsubscribed: number | null;
  readonly opens: number;
}

type Tried = Omit<EdgeCase, 'database' | 'table' | 'key'> & { readonly subscriber: Subscriber };

const HOUR_S = 3600;
/** 5 days less the margin, which is a quarter of so short a period: 30 hours. */
const DUE_S = days(5) - 30 * HOUR_S;

function tried(): readonly Tried[] {
  const left = (name: string, unsubscribed: number | null): Subscriber => ({
    who: { name, email: `${name.toLowerCase().replace(' ', '.')}@example.com`, phone: '' },
    unsubscribed,
    opens: 2,
  });
  return [
    {
      label: 'Never unsubscribed (NULL)',
      subscriber: left('Nulla Signe', null),
      fate: 'stays',
      because: 'the period has not begun',
    },
    {
      label: 'Unsubscribed at 0, which some systems write for "never"',
      subscriber: left('Zero Holt', 0),
      fate: 'stays',
      because: '0 is not 1 January 1970 but unknown: shown as undated',
    },
    {
      label: 'Unsubscribed in the year 2099',
      subscriber: left('Frem Tid', 4_090_000_000),
      fate: 'stays',
      because: 'a start that lies ahead is implausible: shown, never erased',
    },
    {
      label: 'Unsubscribed 5 days less 30 hours ago, to the second',
      subscriber: left('Nu Just', epoch(DUE_S)),
      fate: 'goes',
      because: 'the margin of so short a period is 30 hours',
    },
    {
      label: 'The same, one second later',
      subscriber: left('Lidt Senere', epoch(DUE_S - 1)),
      fate: 'stays',
      because: 'due one second after the run began',
    },
    {
      label: 'A hold on the subscriber',
      subscriber: { who: HELD, unsubscribed: epoch(days(40)), opens: 3 },
      fate: 'stays',
      because: 'held: a hold wins over every period',
    },
  ];
}

function invented(random: Random, serial: number): Subscriber {
  const kind = random.weighted({
    active: 860,
    pending: 40,
    due: 25,
    overdue: 60,
    unknown: 10,
    implausible: 5,
  });
  const unsubscribed = {
    active: () => null,
    pending: () => epoch(random.int(0, days(3))),
    due: () => epoch(random.int(DUE_S + HOUR_S, days(5) - HOUR_S)),
    overdue: () => epoch(random.int(days(7), days(300))),
    unknown: () => 0,
    implausible: () => random.pick([4_102_444_800, 86_400, epoch(-days(3))]),
  }[kind]();
  return { who: person(random, 10_000 + serial), unsubscribed, opens: random.int(0, 4) };
}

/** The newsletter list. */
export function newsletter(seed: number): Part {
  const random = createRandom(seed);
  const subscribers = builder('newsletter', 'subscribers');
  const opens = builder('newsletter', 'opens');
  let id = FIRST_ID;
  let openId = 0;
  const add = (one: Subscriber): bigint => {
    const key = id;
    id += 1n;
    subscribers.add({
      id: key,
      email: one.who.email,
      name: random.chance(0.9) ? one.who.name : null,
      signed_up_at: epoch(random.int(days(400), days(2000))),
      unsubscribed_at: one.unsubscribed,
    });
    for (let n = 0; n < one.opens; n += 1) {
      openId += 1;
      const opened = epoch(random.int(days(10), days(400)));
      opens.add({
        id: openId,
        subscriber_id: key,
        opened_at: opened,
        client: random.pick(['phone', 'web', 'desktop']),
      });
    }
    return key;
  };
  const edgeCases = tried().map(({ subscriber, ...edge }): EdgeCase => {
    return { ...edge, database: 'newsletter', table: 'subscribers', key: [add(subscriber)] };
  });
  for (let serial = 1; serial <= SUBSCRIBERS; serial += 1) add(invented(random, serial));
  return { database: 'newsletter', tables: [subscribers.table(), opens.table()], edgeCases };
}
