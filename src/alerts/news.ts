/** What is new to a channel: one message when an alarm comes, one when it is over, and a reminder while it lasts. Pure. */
import { hash } from 'node:crypto';
import type { AlarmChanges, AlarmRow } from '../state/alarms.ts';
import type { Alarm } from './causes.ts';
import { raised, reminder, resolved, type Message, type Sender } from './message.ts';

export interface NewsInput {
  readonly channels: readonly string[];
  readonly alarms: readonly Alarm[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly reminderDays: number;
  readonly sender: Sender;
  readonly newId: () => string;
}

const DAY_MS = 86_400_000;
/** A cause that comes back within this time was never gone: what comes and goes is one thing to mend. */
const QUIET_MS = 10 * 60_000;

/** The rows that change. Nothing changes while everything that stands has been told. */
export function newsOf(rows: readonly AlarmRow[], input: NewsInput): AlarmChanges {
  const put: AlarmRow[] = [];
  const drop: AlarmRow[] = [];
  for (const channel of input.channels) {
    const known = new Map(rows.filter((row) => row.channel === channel).map((row) => [row.alarm, row]));
    // What a channel cannot take, only the others need to hear.
    const alarms = new Map(
      input.alarms.filter((one) => one.about.channel !== channel).map((one) => [digestOf(one), one]),
    );
    for (const [id, alarm] of alarms) {
      const row = known.get(id);
      const next = row === undefined ? firstOf(channel, id, alarm, input) : stillThere(row, alarm, input);
      if (next !== undefined) put.push(next);
    }
    for (const row of known.values()) {
      if (alarms.has(row.alarm) || row.event === 'resolved') continue;
      // Nobody was told of it.
      if (row.event === 'raised' && row.pending && row.attempts === 0) drop.push(row);
      else if (row.gone === 0) put.push({ ...row, gone: input.now });
      else if (input.now - row.gone >= QUIET_MS) put.push(over(row, input));
    }
  }
  return { put, drop };
}

/** What tells one alarm from another; as `AlarmRow` has it. */
export function digestOf({ cause, about }: Alarm): string {
  return hash('sha256', JSON.stringify([cause, Object.entries(about).sort()]), 'hex');
}

const at = (now: number): string => new Date(now).toISOString();
const messageOf = (row: AlarmRow): Message => JSON.parse(row.message) as Message;

function firstOf(channel: string, alarm: string, what: Alarm, input: NewsInput): AlarmRow {
  const { now, sender } = input;
  const occurrence = input.newId();
  return toSend(
    { channel, alarm, occurrence, event: 'raised', told: at(now) },
    raised(what, occurrence, at(now), sender),
    now + (what.patienceMs ?? 0),
  );
}

/** It lasts, or it came back before anybody was told that it was over. */
function stillThere(row: AlarmRow, alarm: Alarm, input: NewsInput): AlarmRow | undefined {
  const { now, reminderDays } = input;
  if (row.event === 'resolved') return again(row, alarm, input);
  if (row.pending || now - Date.parse(row.told) < reminderDays * DAY_MS)
    return row.gone === 0 ? undefined : { ...row, gone: 0 };
  const message = reminder(alarm, row.occurrence, at(now), messageOf(row));
  return toSend({ ...row, event: 'reminder', told: at(now) }, message, now);
}

/** It came back while it was still to be said that it was over: that may have arrived, if it was tried. */
function again(row: AlarmRow, alarm: Alarm, input: NewsInput): AlarmRow {
  if (row.attempts === 0) {
    const message = JSON.stringify(reminder(alarm, row.occurrence, at(input.now), messageOf(row)));
    return { ...row, event: 'reminder', message, pending: false, gone: 0 };
  }
  return inPlaceOf(row, firstOf(row.channel, row.alarm, alarm, input));
}

function over(row: AlarmRow, { now }: NewsInput): AlarmRow {
  const message = resolved(row.occurrence, at(row.gone), messageOf(row));
  const last = toSend({ ...row, event: 'resolved', told: at(now) }, message, now);
  return row.pending ? inPlaceOf(row, last) : last;
}

/** A channel that fails goes on failing, and since when, whatever there is to say by now. */
function inPlaceOf({ told, attempts, next }: AlarmRow, row: AlarmRow): AlarmRow {
  return { ...row, told, attempts, next };
}

function toSend(
  row: Omit<AlarmRow, 'message' | 'pending' | 'attempts' | 'next' | 'gone'>,
  message: Message,
  next: number,
): AlarmRow {
  return { ...row, message: JSON.stringify(message), pending: true, attempts: 0, next, gone: 0 };
}
