/** Job applications, with the notes of interviews. Erased within 3 months of the rejection, unless a dialogue began. */
import { days, wall } from '../moment.ts';
import { HELD, person, remark, type Person } from '../people.ts';
import { createRandom, type Random } from '../random.ts';
import { builder } from './table.ts';
import type { EdgeCase, Part } from '../types.ts';

const APPLICATIONS = 520;

interface Application {
  readonly who: Person;
  readonly status: 'new' | 'interview' | 'hired' | 'rejected';
  readonly applied: string;
  readonly rejected: string | null;
  readonly dialogue?: boolean;
  readonly notes: number;
}

type Tried = Omit<EdgeCase, 'database' | 'table' | 'key'> & { readonly application: Application };

const nobody = (name: string): Person => ({
  name,
  email: `${name.toLowerCase().replace(' ', '.')}@example.net`,
  phone: '+45 00 11 22 33',
});

const rejected = (who: Person, at: string | null): Application => ({
  who,
  status: 'rejected',
  applied: '2025-09-01 08:00:00',
  rejected: at,
  notes: 1,
});

const TRIED: readonly Tried[] = [
  {
    label: 'Rejected on 30 November: 3 months end in February',
    application: rejected(nobody('Tove Skytte'), '2025-11-30 14:00:00'),
    fate: 'goes',
    because: 'the last day of February, the 28th, is the promised day: not 2 March',
  },
  {
    label: 'Rejected at a moment that is due this very second',
    application: rejected(nobody('Bo Precht'), '2026-04-02 05:15:00'),
    fate: 'goes',
    because: '3 months less the margin of 2 days end at the moment of the run',
  },
  {
    label: 'The same, one second later',
    application: rejected(nobody('Bo Senere'), '2026-04-02 05:15:01'),
    fate: 'stays',
    because: 'due one second after the run began; it goes next time',
  },
  {
    label: 'Rejected at 02:30 in the night when the clocks went forward',
    application: rejected(nobody('Nat Uhr'), '2026-03-29 02:30:00'),
    fate: 'goes',
    because: 'a time that never was is read early, and its 3 months are over',
  },
  {
    label: 'Rejected long ago, but a dialogue on employment began',
    application: { ...rejected(nobody('Dia Log'), '2025-05-05 09:00:00'), dialogue: true },
    fate: 'stays',
    because: 'exempt: "dialogue began"',
  },
  {
    label: 'Rejected once, hired later',
    application: { ...rejected(nobody('Hired After'), '2025-05-05 09:00:00'), status: 'hired' },
    fate: 'stays',
    because: 'the promise is about rejected applications',
  },
  {
    label: 'Marked as rejected, without a date',
    application: rejected(nobody('Undated Rasch'), null),
    fate: 'stays',
    because: 'no rejection has been given yet: the period has not begun',
  },
  {
    label: 'Rejected on 1 January 1000',
    application: rejected(nobody('Ejlif Gammel'), '1000-01-01 00:00:00'),
    fate: 'stays',
    because: 'that date stands for "unknown": shown as undated',
  },
  {
    label: 'Applied twice: the old application',
    application: rejected(nobody('Ida Igen'), '2025-10-01 10:00:00'),
    fate: 'goes',
    because: 'each application has its own period',
  },
  {
    label: 'Applied twice: the new application',
    application: rejected(nobody('Ida Igen'), '2026-06-20 10:00:00'),
    fate: 'stays',
    because: 'each application has its own period',
  },
  {
    label: 'A hold on the applicant',
    application: rejected(HELD, '2025-10-01 10:00:00'),
    fate: 'stays',
    because: 'held: a hold wins over every period',
  },
];

function invented(random: Random, serial: number): Application {
  const who = person(random, serial);
  const notes = random.chance(0.5) ? random.int(1, 3) : 0;
  const status = random.weighted({ new: 20, interview: 12, hired: 6, rejected: 62 });
  if (status !== 'rejected')
    return { who, status, applied: wall(random.int(0, days(300))), rejected: null, notes };
  const kind = random.weighted({ pending: 80, due: 5, overdue: 9, unknown: 2, implausible: 1, 'not yet': 3 });
  const rejected = {
    pending: () => wall(random.int(0, days(86))),
    due: () => wall(random.int(days(90), days(91))),
    overdue: () => wall(random.int(days(94), days(500))),
    unknown: () => '1000-01-01 00:00:00',
    implausible: () => random.pick(['2099-12-31 00:00:00', '1970-01-01 01:00:00', wall(-days(20))]),
    'not yet': () => null,
  }[kind]();
  return {
    who,
    status,
    applied: wall(random.int(days(500), days(700))),
    rejected,
    dialogue: random.chance(0.15),
    notes,
  };
}

/** The applicant tracking system. */
export function ats(seed: number): Part {
  const random = createRandom(seed);
  const applications = builder('ats', 'applications');
  const interviewNotes = builder('ats', 'interview_notes');
  let id = 1000;
  let noteId = 0;
  const add = (one: Application): number => {
    id += 1;
    applications.add({
      id,
      name: one.who.name,
      email: one.who.email,
      phone: random.chance(0.8) ? one.who.phone : null,
      position: random.pick(['Developer', 'Printer', 'Sales assistant', 'Warehouse worker']),
      letter: `Dear all, I am ${one.who.name} and can start on the first. Call ${one.who.phone}.`,
      status: one.status,
      in_dialogue: one.dialogue === true ? 1 : 0,
      applied_at: one.applied,
      rejected_at: one.rejected,
    });
    for (let n = 0; n < one.notes; n += 1) {
      noteId += 1;
      const note = remark(random, one.who);
      interviewNotes.add({ id: noteId, application_id: id, written_at: one.applied, note });
    }
    return id;
  };
  const edgeCases = TRIED.map(({ application, ...edge }): EdgeCase => {
    return { ...edge, database: 'ats', table: 'applications', key: [add(application)] };
  });
  for (let serial = 1; serial <= APPLICATIONS; serial += 1) add(invented(random, serial));
  return { database: 'ats', tables: [applications.table(), interviewNotes.table()], edgeCases };
}
