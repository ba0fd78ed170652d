import { FristError } from '../../errors.ts';

/** The one instant by which a run decides. */
export interface Moment {
  /** Milliseconds since the epoch, whole seconds. */
  readonly asOf: number;
  /** Whether it was given by hand. */
  readonly set: boolean;
}

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/;

/** Whether a text is a day of the calendar, YYYY-MM-DD. (`Date.parse` takes 30 February for 2 March.) */
export function isDay(text: string): boolean {
  const midnight = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  return !Number.isNaN(midnight) && new Date(midnight).toISOString().startsWith(text);
}

/** Reads `--as-of`; without it, the clock. Refuses what is no instant with a zone. */
export function momentOf(text: string | undefined, now: number): Moment {
  if (text === undefined) return { asOf: wholeSecond(now), set: false };
  const asOf = INSTANT.test(text) && isDay(text.slice(0, 10)) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(asOf)) {
    throw new FristError('USAGE', {
      what: `--as-of ${text} is no instant; write it as 2026-06-30T03:15:00Z`,
    });
  }
  return { asOf: wholeSecond(asOf), set: true };
}

/** As `momentOf`, for commands that erase: only where the settings allow a set clock, and never ahead of the clock. */
export function momentToErase(text: string | undefined, now: number, settable: boolean): Moment {
  const moment = momentOf(text, now);
  if (!moment.set) return moment;
  if (!settable) {
    throw new FristError('USAGE', {
      what: '--as-of is for `plan`; to erase by it, the setting `clock.settable` must be on',
    });
  }
  if (moment.asOf > now)
    throw new FristError('USAGE', {
      what: `--as-of ${text ?? ''} lies ahead of the clock: nothing is erased before it is due; \`frist plan\` may look ahead`,
    });
  return moment;
}

function wholeSecond(milliseconds: number): number {
  return Math.floor(milliseconds / 1000) * 1000;
}
