/**
 * What must be left of the demo's data after a run, found by brute force from the promises alone: this file shares no
 * code with src/policy or the connectors, and its dates are schoolbook arithmetic on text. Slow and plain on purpose.
 *
 * It reads the promises of config/policies.example.yaml as a lawyer would write them down:
 *   applicants    rejected, no dialogue: gone 3 months after the rejection
 *   contacts      ours, no customer, no open deal, no invoice: gone 12 months after the last contact or activity
 *   unsubscribed  gone 5 days after
 *   chats         name, address, page and messages gone 12 months after the last message, or the opening without one
 */
import type { DatabaseName, DemoDatabase } from '../../src/demo/data.ts';

/** A row as text by column; integers as their digits. */
export type TextRow = Readonly<Record<string, string | null>>;

export type Verdict =
  'erase' | 'pending' | 'undated' | 'implausible' | 'exempt' | 'held' | 'subject unknown' | 'done';

export interface Expected {
  /** What must be left, by `database.table`. */
  readonly tables: ReadonlyMap<string, readonly TextRow[]>;
  /** Policy → key of the record → what must be decided about it. Records that the policy is not about are missing. */
  readonly verdicts: ReadonlyMap<string, ReadonlyMap<string, Verdict>>;
}

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const ZONE = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'Europe/Copenhagen',
  dateStyle: 'short',
  timeStyle: 'medium',
});

/** `2026-06-30 05:15:00` read as if it were UTC. */
function asUtc(text: string): number {
  return Date.parse(`${text.replace(' ', 'T')}Z`);
}

/** What the wall clock in Copenhagen shows. */
function wallIn(instant: number): string {
  return ZONE.format(instant);
}

/** The instant at which the wall clock shows this: the first of two, and before the jump where it never does. */
function instantOf(wall: string): number {
  const tried = [2, 1].map((hours) => asUtc(wall) - hours * HOUR);
  return tried.find((instant) => wallIn(instant) === wall) ?? tried[0]!;
}

const pad = (n: number): string => String(n).padStart(2, '0');

/** Months later on the same day of the month, or on the last day of a shorter month. */
function addMonths(wall: string, months: number): string {
  const count = Number(wall.slice(0, 4)) * 12 + Number(wall.slice(5, 7)) - 1 + months;
  const [year, month] = [Math.floor(count / 12), (count % 12) + 1];
  for (let day = Number(wall.slice(8, 10)); ; day -= 1) {
    const text = `${year}-${pad(month)}-${pad(day)}${wall.slice(10)}`;
    const exists = new Date(asUtc(text)).getUTCDate() === day;
    if (exists) return text;
  }
}

function addDays(wall: string, days: number): string {
  const day = new Date(asUtc(`${wall.slice(0, 10)} 00:00:00`) + days * 24 * HOUR).toISOString().slice(0, 10);
  return day + wall.slice(10);
}

type Start = number | 'not yet' | 'unknown' | 'implausible';

/** A moment as a start: 1 January 1000 stands for nothing known, before 1971 and after now nothing is believed. */
function believed(instant: number, now: number): Start {
  const first = instantOf('1971-01-01 00:00:00');
  return instant < first || instant > now ? 'implausible' : instant;
}

function moment(cell: string | null, read: (text: string) => number, now: number): Start {
  if (cell === null || cell.startsWith('1000-01-01')) return 'unknown';
  return believed(read(cell), now);
}

function latest(starts: readonly Start[]): Start {
  if (starts.includes('implausible')) return 'implausible';
  const known = starts.filter((start) => typeof start === 'number');
  return known.length === 0 ? 'unknown' : Math.max(...known);
}

function biggest(cells: readonly (string | null)[]): string | null {
  return cells.reduce((max, cell) => (max === null || (cell !== null && cell > max) ? cell : max), null);
}

interface Hold {
  readonly email: string | undefined;
}

interface Question {
  readonly start: Start;
  /** From when it is due. */
  readonly due: (wall: string) => number;
  readonly exempt?: boolean;
  readonly done?: boolean;
  readonly email: string | null;
}

function decide(question: Question, hold: Hold, now: number): Verdict {
  const { start } = question;
  if (start === 'implausible') return 'implausible';
  if (start === 'unknown') return 'undated';
  if (start === 'not yet' || question.due(wallIn(start)) > now) return 'pending';
  if (question.done === true) return 'done';
  if (hold.email !== undefined) {
    if (question.email === null || question.email === '') return 'subject unknown';
    if (question.email.toLowerCase() === hold.email.toLowerCase()) return 'held';
  }
  return question.exempt === true ? 'exempt' : 'erase';
}

type Tables = Readonly<Record<string, readonly TextRow[]>>;

/** A cell as every database would print it. */
export function cellText(cell: unknown): string | null {
  if (typeof cell === 'number' || typeof cell === 'bigint') return cell.toString();
  return typeof cell === 'string' ? cell : null;
}

function textTables(database: DemoDatabase): Tables {
  return Object.fromEntries(
    database.tables.map((table) => [
      table.name,
      table.rows.map((row) =>
        Object.fromEntries(table.columns.map((column, i) => [column, cellText(row[i])])),
      ),
    ]),
  );
}

type Judged = readonly { readonly row: TextRow; readonly verdict: Verdict }[];

function group(rows: readonly TextRow[], column: string): ReadonlyMap<string | null, readonly TextRow[]> {
  return Map.groupBy(rows, (row) => row[column] ?? null);
}

function applicants(tables: Tables, hold: Hold, now: number): Judged {
  const rejected = tables['applications']!.filter((row) => row['status'] === 'rejected');
  return rejected.map((row) => ({
    row,
    verdict: decide(
      {
        start: row['rejected_at'] === null ? 'not yet' : moment(row['rejected_at']!, instantOf, now),
        due: (wall) => instantOf(addMonths(wall, 3)) - 48 * HOUR,
        exempt: row['in_dialogue'] === '1',
        email: row['email']!,
      },
      hold,
      now,
    ),
  }));
}

function contacts(tables: Tables, hold: Hold, now: number): Judged {
  const ours = (name: string): readonly TextRow[] => tables[name]!.filter((row) => row['company_id'] === '1');
  const activities = group(ours('activities'), 'contact_id');
  const deals = group(ours('deals'), 'contact_id');
  const invoices = group(ours('invoices'), 'contact_id');
  return ours('contacts').map((row) => {
    const id = row['id']!;
    const lastActivity = biggest((activities.get(id) ?? []).map((one) => one['happened_at']!));
    const start = latest(
      [row['last_contacted_at']!, lastActivity].map((cell) => moment(cell, instantOf, now)),
    );
    const exempt =
      row['customer_number'] !== null ||
      (deals.get(id) ?? []).some((deal) => deal['status'] === 'open') ||
      invoices.has(id);
    const due = (wall: string): number => instantOf(addMonths(wall, 12)) - 48 * HOUR;
    return { row, verdict: decide({ start, due, exempt, email: row['email']! }, hold, now) };
  });
}

function unsubscribed(tables: Tables, hold: Hold, now: number): Judged {
  return tables['subscribers']!.map((row) => {
    const cell = row['unsubscribed_at']!;
    const start = cell === null ? 'not yet' : cell === '0' ? 'unknown' : believed(Number(cell) * SECOND, now);
    const due = (wall: string): number => instantOf(addDays(wall, 5)) - 30 * HOUR;
    return { row, verdict: decide({ start, due, email: row['email']! }, hold, now) };
  });
}

function chats(tables: Tables, hold: Hold, now: number): Judged {
  const messages = group(tables['messages']!, 'conversation_id');
  return tables['conversations']!.map((row) => {
    const own = messages.get(row['id']!) ?? [];
    const last = moment(biggest(own.map((one) => one['sent_at']!)), asUtc, now);
    const start = last === 'unknown' ? moment(row['started_at']!, asUtc, now) : last;
    const blank = row['visitor_name'] === null && row['page'] === '' && own.length === 0;
    const done = blank && row['visitor_email'] === `erased-${row['id']!}@invalid`;
    const due = (wall: string): number => instantOf(addMonths(wall, 12)) - 48 * HOUR;
    return { row, verdict: decide({ start, due, done, email: row['visitor_email']! }, hold, now) };
  });
}

function keysErased(judged: Judged): ReadonlySet<string | null> {
  return new Set(judged.filter((one) => one.verdict === 'erase').map((one) => one.row['id']!));
}

function afterwards(database: DatabaseName, before: Tables, judged: Judged): Tables {
  const erased = keysErased(judged);
  const without = (table: string, column: string): readonly TextRow[] =>
    before[table]!.filter((row) => !erased.has(row[column]!));
  switch (database) {
    case 'ats':
      return {
        applications: without('applications', 'id'),
        interview_notes: without('interview_notes', 'application_id'),
      };
    case 'newsletter':
      return { subscribers: without('subscribers', 'id'), opens: without('opens', 'subscriber_id') };
    case 'crm': {
      const theirs = (row: TextRow): boolean => row['company_id'] !== '1';
      const deals = before['deals']!.map((row) =>
        theirs(row) || !erased.has(row['contact_id']!) ? row : { ...row, contact_id: null },
      );
      return {
        contacts: before['contacts']!.filter((row) => theirs(row) || !erased.has(row['id']!)),
        activities: before['activities']!.filter((row) => theirs(row) || !erased.has(row['contact_id']!)),
        deals,
        invoices: before['invoices']!,
      };
    }
    case 'chat': {
      const conversations = before['conversations']!.map((row) =>
        erased.has(row['id']!)
          ? { ...row, visitor_name: null, visitor_email: `erased-${row['id']!}@invalid`, page: '' }
          : row,
      );
      return { conversations, messages: without('messages', 'conversation_id') };
    }
  }
}

const PROMISES = {
  crm: { policy: 'contacts', judge: contacts },
  newsletter: { policy: 'unsubscribed', judge: unsubscribed },
  ats: { policy: 'applicants', judge: applicants },
  chat: { policy: 'chats', judge: chats },
} as const;

/** What must be left of the demo's databases after a run at `asOf` (ms since the epoch) under one hold, or none. */
export function expected(databases: readonly DemoDatabase[], asOf: number, heldEmail?: string): Expected {
  const tables = new Map<string, readonly TextRow[]>();
  const verdicts = new Map<string, ReadonlyMap<string, Verdict>>();
  for (const one of databases) {
    const before = textTables(one);
    const { policy, judge } = PROMISES[one.database];
    const judged = judge(before, { email: heldEmail }, asOf);
    verdicts.set(policy, new Map(judged.map(({ row, verdict }) => [row['id']!, verdict])));
    for (const [name, rows] of Object.entries(afterwards(one.database, before, judged))) {
      tables.set(`${one.database}.${name}`, rows);
    }
  }
  return { tables, verdicts };
}

/** Names of the policies that an oracle's database is judged by, in the order of the policy file. */
export const POLICIES = ['applicants', 'contacts', 'unsubscribed', 'chats'] as const;
