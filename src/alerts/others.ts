/**
 * Controllers with installations of their own that this daemon cannot open: they have no state to remember in, so that
 * another installation of the daemon calls for them, and remembers it in its own. Pure.
 */
import type { Down, Others } from '../installation/app.ts';
import type { AlarmRow } from '../state/alarms.ts';
import { controllerDown } from './alarms.ts';
import type { Alarm } from './causes.ts';
import { CATCH_UP_MS } from './facts.ts';
import type { Message } from './message.ts';
import { digestOf } from './news.ts';

/**
 * What it is to call for: those that it is the one to call for, and those that it has told of already, whoever is the
 * one now. So nobody is told that something is over which is not.
 */
export function ofOthers(others: Others, rows: readonly AlarmRow[]): Alarm[] {
  const told = rows.filter(isTold);
  const known = new Set(told.map(({ alarm }) => alarm));
  const down = others
    .down()
    .map(outOfReach)
    .filter((alarm) => others.isOurs() || known.has(digestOf(alarm)));
  // A daemon that has just begun does not know yet whether it is over.
  const opening = others.opening();
  const perhaps = told
    .map(({ message }) => JSON.parse(message) as Message)
    .filter(
      ({ cause, about: { controller } }) =>
        cause === 'FristControllerDown' && opening.includes(controller ?? ''),
    )
    .map(({ about, text, remedy }): Alarm => ({ cause: 'FristControllerDown', about, text, remedy }));
  return [...down, ...perhaps];
}

/** A database that is away for a moment when the daemon starts is nothing to call for. */
function outOfReach(down: Down): Alarm {
  return { ...controllerDown(down), patienceMs: CATCH_UP_MS };
}

function isTold({ event, pending, attempts }: AlarmRow): boolean {
  return event !== 'resolved' && !(event === 'raised' && pending && attempts === 0);
}
