/** Chats with visitors of a website. What was written goes within 12 months of the last message. */
import { days, utc } from '../moment.ts';
import { HELD, person, remark, type Person } from '../people.ts';
import { createRandom, type Random } from '../random.ts';
import { builder } from './table.ts';
import type { EdgeCase, Part } from '../types.ts';

const CONVERSATIONS = 1100;

interface Conversation {
  readonly who: Person;
  /** Null or blank: the visitor gave no address. */
  readonly email: string | null;
  readonly started: string | null;
  /** When each message was sent. */
  readonly sent: readonly string[];
  /** An earlier run has been here. */
  readonly erased?: boolean;
}

type Tried = Omit<EdgeCase, 'database' | 'table' | 'key'> & { readonly chat: Conversation };

function tried(): readonly Tried[] {
  const visitor = (name: string): Pick<Conversation, 'who' | 'email'> => {
    const email = `${name.toLowerCase().replace(' ', '.')}@example.net`;
    return { who: { name, email, phone: '+45 00 99 88 77' }, email };
  };
  return [
    {
      label: 'A chat without a single message, opened two years ago',
      chat: { ...visitor('Tavs Gæst'), started: utc(days(730)), sent: [] },
      fate: 'is anonymised',
      because: 'without a last message the opening counts',
    },
    {
      label: 'Opened two years ago, last message last week',
      chat: { ...visitor('Sen Svar'), started: utc(days(730)), sent: [utc(days(729)), utc(days(7))] },
      fate: 'stays',
      because: 'the last message counts, not the first',
    },
    {
      label: 'Last message on 29 February 2024',
      chat: { ...visitor('Skud Dag'), started: '2024-02-29 09:00:00', sent: ['2024-02-29 09:30:00'] },
      fate: 'is anonymised',
      because: '12 months later there is no 29 February: promised by the 28th',
    },
    {
      label: 'Old, but one message claims to be of 2099',
      chat: {
        ...visitor('Falsk Ur'),
        started: utc(days(800)),
        sent: [utc(days(800)), '2099-01-01 00:00:00'],
      },
      fate: 'stays',
      because: 'the last message is implausible: shown, never erased',
    },
    {
      label: 'Already anonymised by an earlier run',
      chat: { ...visitor('Alt Vaek'), started: utc(days(900)), sent: [], erased: true },
      fate: 'stays',
      because: 'there is nothing left to erase, and nothing is written twice',
    },
    {
      label: 'A hold on the visitor, who wrote her address in capitals',
      chat: {
        who: HELD,
        email: 'Karen.Lindholm@Example.ORG',
        started: utc(days(600)),
        sent: [utc(days(600))],
      },
      fate: 'stays',
      because: 'held: addresses are compared without regard to case',
    },
    {
      label: 'Due, but the visitor gave no address while there is a hold',
      chat: { ...visitor('Uden Navn'), email: null, started: utc(days(600)), sent: [utc(days(600))] },
      fate: 'stays',
      because: 'subject unknown: this could be the person on hold',
    },
  ];
}

function messageTimes(random: Random, last: number): readonly string[] {
  const count = random.int(1, 6);
  const earlier = Array.from({ length: count - 1 }, () => last + random.int(1, days(2)));
  return [last, ...earlier].map(utc);
}

function invented(random: Random, serial: number): Conversation {
  const who = person(random, 50_000 + serial);
  const email = random.weighted({ given: 88, blank: 4, none: 8 });
  const base = { who, email: { given: who.email, blank: '', none: null }[email] };
  const kind = random.weighted({
    pending: 84,
    due: 2,
    overdue: 5,
    silent: 5,
    unknown: 1,
    implausible: 1,
    erased: 2,
  });
  const last = {
    pending: () => random.int(0, days(355)),
    due: () => random.int(days(364), days(365)),
    overdue: () => random.int(days(367), days(900)),
    silent: () => random.int(days(100), days(800)),
    unknown: () => 0,
    implausible: () => -days(random.int(1, 30)),
    erased: () => random.int(days(400), days(900)),
  }[kind]();
  if (kind === 'erased') return { ...base, started: utc(last), sent: [], erased: true };
  if (kind === 'unknown') return { ...base, started: null, sent: [] };
  if (kind === 'silent') return { ...base, started: utc(last), sent: [] };
  return { ...base, started: utc(last + days(3)), sent: messageTimes(random, last) };
}

/** The chat logs. */
export function chat(seed: number): Part {
  const random = createRandom(seed);
  const conversations = builder('chat', 'conversations');
  const messages = builder('chat', 'messages');
  let messageId = 0;
  const add = (one: Conversation): string => {
    const id = random.uuid();
    conversations.add({
      id,
      visitor_name: one.erased === true ? null : one.who.name,
      visitor_email: one.erased === true ? `erased-${id}@invalid` : one.email,
      page:
        one.erased === true
          ? ''
          : `/contact?from=${random.pick(['mail', 'ad', 'search'])}&ref=${one.who.email}`,
      started_at: one.started,
    });
    for (const sent of one.sent) {
      messageId += 1;
      const sender = random.pick(['visitor', 'agent']);
      messages.add({
        id: messageId,
        conversation_id: id,
        sender,
        sent_at: sent,
        body: remark(random, one.who),
      });
    }
    return id;
  };
  const edgeCases = tried().map(({ chat: one, ...edge }): EdgeCase => {
    return { ...edge, database: 'chat', table: 'conversations', key: [add(one)] };
  });
  for (let serial = 1; serial <= CONVERSATIONS; serial += 1) add(invented(random, serial));
  return { database: 'chat', tables: [conversations.table(), messages.table()], edgeCases };
}
