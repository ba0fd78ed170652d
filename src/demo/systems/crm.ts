/** A CRM that two companies share. Contacts go within 12 months of the last processing, unless they became customers. */
import { day, days, wall } from '../moment.ts';
import { HELD, person, remark, type Person } from '../people.ts';
import { createRandom, type Random } from '../random.ts';
import { builder } from './table.ts';
import type { EdgeCase, Part } from '../types.ts';

/** Ours, and the one whose rows nobody may touch. */
const OURS = 1;
const THEIRS = 2;
const CONTACTS: readonly (readonly [company: number, count: number])[] = [
  [OURS, 1500],
  [THEIRS, 600],
];

interface Contact {
  readonly company: number;
  readonly who: Person;
  readonly email?: null;
  readonly customer?: string;
  readonly contacted: string | null;
  /** When each activity happened. */
  readonly activities: readonly string[];
  /** Status of each deal. */
  readonly deals?: readonly string[];
  /** Day of each invoice. */
  readonly invoices?: readonly string[];
}

type Tried = Omit<EdgeCase, 'database' | 'table' | 'key'> & { readonly contact: Contact };

const OLD = '2024-11-05 10:00:00';

function tried(): readonly Tried[] {
  const contact = (name: string, contacted: string | null, activities: readonly string[] = []): Contact => ({
    company: OURS,
    who: { name, email: `${name.toLowerCase().replace(' ', '.')}@example.com`, phone: '+45 00 44 55 66' },
    contacted,
    activities,
  });
  return [
    {
      label: 'An old contact with an old activity',
      contact: contact('Glemt Kontakt', OLD, ['2024-12-01 09:00:00']),
      fate: 'goes',
      because: 'nothing has been processed for over 12 months',
    },
    {
      label: 'The other company has a contact of the same number and dates',
      contact: { ...contact('Nabo Kontakt', OLD, ['2024-12-01 09:00:00']), company: THEIRS },
      fate: 'stays',
      because: 'the scope stands in every statement',
    },
    {
      label: 'An old row whose last activity was this month',
      contact: contact('Nylig Aktiv', OLD, ['2024-12-01 09:00:00', '2026-06-12 13:30:00']),
      fate: 'stays',
      because: 'the latest of both counts',
    },
    {
      label: 'An old contact with an open deal',
      contact: { ...contact('Aaben Handel', OLD), deals: ['lost', 'open'] },
      fate: 'stays',
      because: 'exempt: "open deal"',
    },
    {
      label: 'An old contact whose only deal was lost',
      contact: { ...contact('Tabt Handel', OLD), deals: ['lost'] },
      fate: 'goes',
      because: 'a closed deal exempts nobody; the deal stays, without its contact',
    },
    {
      label: 'An old contact who was invoiced in 2019',
      contact: { ...contact('Gammel Faktura', OLD), invoices: ['2019-03-01'] },
      fate: 'stays',
      because: 'exempt: "invoiced"',
    },
    {
      label: 'An old contact with a customer number',
      contact: { ...contact('Fast Kunde', OLD), customer: 'K-1007' },
      fate: 'stays',
      because: 'exempt: "customer"',
    },
    {
      label: 'Last contacted in the year 2099',
      contact: contact('Frem Skrevet', '2099-01-01 00:00:00', ['2024-12-01 09:00:00']),
      fate: 'stays',
      because: 'one implausible part keeps the whole contact, and shows it',
    },
    {
      label: 'Never contacted, no activity',
      contact: contact('Helt Ukendt', null),
      fate: 'stays',
      because: 'no starting point is known: shown as undated, never erased',
    },
    {
      label: 'A hold on the contact',
      contact: { ...contact('', OLD), who: HELD },
      fate: 'stays',
      because: 'held: a hold wins over every period',
    },
    {
      label: 'Due, but without an address while there is a hold',
      contact: { ...contact('Ingen Adresse', OLD), email: null },
      fate: 'stays',
      because: 'subject unknown: this could be the person on hold',
    },
  ];
}

/** When the contact was last dealt with, by the row itself, by its activities, or by both. */
function processed(random: Random, seconds: number): Pick<Contact, 'contacted' | 'activities'> {
  const earlier = (): string => wall(seconds + random.int(1, days(400)));
  const by = random.weighted({ row: 40, activity: 25, 'activity alone': 10, 'row alone': 25 });
  switch (by) {
    case 'row':
      return { contacted: wall(seconds), activities: [earlier(), earlier()] };
    case 'activity':
      return { contacted: earlier(), activities: [earlier(), wall(seconds), earlier()] };
    case 'activity alone':
      return { contacted: null, activities: [wall(seconds)] };
    case 'row alone':
      return { contacted: wall(seconds), activities: [] };
  }
}

function invented(random: Random, company: number, serial: number): Contact {
  const kind = random.weighted({ pending: 865, due: 25, overdue: 70, unknown: 20, implausible: 20 });
  const times = {
    pending: () => processed(random, random.int(0, days(355))),
    due: () => processed(random, random.int(days(364), days(365))),
    overdue: () => processed(random, random.int(days(367), days(1500))),
    unknown: () => ({ contacted: random.pick([null, '1000-01-01 00:00:00']), activities: [] }),
    implausible: () => ({
      ...processed(random, days(700)),
      contacted: random.pick(['2099-01-01 00:00:00', wall(-1)]),
    }),
  }[kind]();
  const deals = random.chance(0.3)
    ? Array.from({ length: random.int(1, 2) }, () => random.weighted({ open: 30, won: 30, lost: 40 }))
    : [];
  const invoices = random.chance(0.15)
    ? Array.from({ length: random.int(1, 3) }, () => day(random.int(5, 3500)))
    : [];
  return {
    company,
    who: person(random, company * 100_000 + serial),
    ...(random.chance(0.05) ? { email: null } : {}),
    ...(random.chance(0.1) ? { customer: `K-${2000 + serial}` } : {}),
    ...times,
    deals,
    invoices,
  };
}

/** Numbers rows from 1 in each company. */
function numbering(): (company: number) => number {
  const last = new Map<number, number>();
  return (company) => {
    const id = (last.get(company) ?? 0) + 1;
    last.set(company, id);
    return id;
  };
}

/** The CRM. */
export function crm(seed: number): Part {
  const random = createRandom(seed);
  const contacts = builder('crm', 'contacts');
  const activities = builder('crm', 'activities');
  const deals = builder('crm', 'deals');
  const invoices = builder('crm', 'invoices');
  const ids = { contacts: numbering(), activities: numbering(), deals: numbering(), invoices: numbering() };
  const add = (one: Contact): readonly [company: number, id: number] => {
    const { company, who } = one;
    const id = ids.contacts(company);
    contacts.add({
      company_id: company,
      id,
      name: who.name,
      email: one.email === null ? null : who.email,
      phone: random.chance(0.7) ? who.phone : null,
      customer_number: one.customer ?? null,
      created_at: wall(random.int(days(1500), days(3000))),
      last_contacted_at: one.contacted,
      note: random.chance(0.4) ? remark(random, who) : null,
    });
    const base = { company_id: company, contact_id: id };
    for (const happened of one.activities) {
      const note = random.chance(0.6) ? remark(random, who) : null;
      const kind = random.pick(['call', 'mail', 'visit']);
      activities.add({ ...base, id: ids.activities(company), kind, happened_at: happened, note });
    }
    for (const status of one.deals ?? []) {
      deals.add({
        ...base,
        id: ids.deals(company),
        title: `Mailing ${random.int(1, 99)}`,
        status,
        amount: random.int(500, 90_000),
      });
    }
    for (const issued of one.invoices ?? []) {
      const amount = random.int(500, 90_000);
      const billing = one.email === null ? null : who.email;
      invoices.add({ ...base, id: ids.invoices(company), billing_email: billing, issued_on: issued, amount });
    }
    return [company, id];
  };
  const edgeCases = tried().map(({ contact, ...edge }): EdgeCase => {
    return { ...edge, database: 'crm', table: 'contacts', key: add(contact) };
  });
  for (const [company, count] of CONTACTS) {
    for (let serial = 1; serial <= count; serial += 1) add(invented(random, company, serial));
  }
  const tables = [contacts, activities, deals, invoices].map((one) => one.table());
  return { database: 'crm', tables, edgeCases };
}
