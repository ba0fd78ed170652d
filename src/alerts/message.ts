/**
 * What is sent. A message holds names that the operator gave (controllers, policies), ids of frist's own, counts and
 * codes; nothing of a record or a person.
 *
 * The body of a webhook is one message as JSON:
 *
 *   { "frist": 1,
 *     "id": "01M8127CSP25QF5TMF0WH8NKYS.raised",   the same however often it is sent
 *     "event": "raised",                           or "reminder", "resolved", "test"
 *     "cause": "FristPlanWaiting",
 *     "about": { "controller": "Eksempel A/S", "policy": "applicants", "plan": "…" },
 *     "text": "…",
 *     "remedy": "…",                               empty in "resolved"
 *     "runbook": "deploy/RUNBOOK.md#fristplanwaiting",
 *     "since": "2026-01-31T03:15:00.000Z",         when frist first saw it
 *     "at": "2026-01-31T03:15:00.000Z",            when it was written; when it was over
 *     "installation": "01M8…", "controllers": ["Eksempel A/S"] }
 */
import type { About, Alarm } from './causes.ts';

export type Event = 'raised' | 'reminder' | 'resolved' | 'test';

export interface Message {
  readonly frist: 1;
  readonly id: string;
  readonly event: Event;
  readonly cause: string;
  readonly about: About;
  readonly text: string;
  readonly remedy: string;
  readonly runbook: string;
  readonly since: string;
  readonly at: string;
  readonly installation: string;
  readonly controllers: readonly string[];
}

/** Whose daemon it is that calls. */
export interface Sender {
  readonly installation: string;
  readonly controllers: readonly string[];
}

/** The first message about an alarm. `occurrence`: an id of this time that it stands. */
export function raised(alarm: Alarm, occurrence: string, at: string, sender: Sender): Message {
  const { cause, about, text, remedy } = alarm;
  const runbook = `deploy/RUNBOOK.md#${cause.toLowerCase()}`;
  const id = `${occurrence}.raised`;
  return { frist: 1, id, event: 'raised', cause, about, text, remedy, runbook, since: at, at, ...sender };
}

/** It still stands: the same again, with the numbers of now. */
export function reminder(alarm: Alarm, occurrence: string, at: string, first: Message): Message {
  const { text, remedy } = alarm;
  return { ...first, id: `${occurrence}.reminder.${at.slice(0, 10)}`, event: 'reminder', text, remedy, at };
}

/** It is over: nothing is to be done. `last`: the message about it that was sent last. */
export function resolved(occurrence: string, at: string, last: Message): Message {
  const text = `It is over since ${at}. It was: ${last.text}`;
  return { ...last, id: `${occurrence}.resolved`, event: 'resolved', text, remedy: '', at };
}

/** One that says nothing but that messages arrive. */
export function trial(occurrence: string, at: string, sender: Sender): Message {
  return {
    frist: 1,
    id: `${occurrence}.test`,
    event: 'test',
    cause: 'FristTest',
    about: {},
    text: 'This is a test of `frist check --alerts`: alerts of frist arrive here.',
    remedy: 'Nothing is wrong, and nothing is to be done.',
    runbook: 'deploy/RUNBOOK.md',
    since: at,
    at,
    ...sender,
  };
}
