/**
 * Raw bounds by which a source leaves out records that are plainly not due, so that a scan grows with what is due and
 * not with the table. Only a pre-filter: it errs on the side of reading too much, and addition decides (deadline.ts).
 *
 * The interval (dueBefore, aheadAfter) of a leaf holds no value that would make the record due or implausible, and none
 * that the file calls unknown. Both bounds stand three days further out than they need to: values are compared as the
 * source holds them, in their own zone and with or without a time. With `latest of`, one leaf in its interval is enough
 * to leave the record out (it is not due before its latest part is); with `first known of`, all must be.
 *
 * That holds for columns that can hold nothing but dates or numbers. A text that does not read as the leaf's encoding is
 * unknown to the judge, yet may sort into the interval: beside a `latest of` that skips it, the record is then found
 * only when the interval has moved on. So a source compares text columns with the bounds only where that is acceptable.
 */
import type { Encoding, ResolvedStart, Window } from '../policy.ts';
import { DAY_MS, dayNumber, formatDay } from './day.ts';
import { lastDueDay } from './deadline.ts';
import { leavesOf } from './start.ts';
import { readDateTime } from './text.ts';
import type { Task } from '../view.ts';

const SLACK_DAYS = 3;

/** Where a start may lie ahead, nothing up to here is of interest. Fits the integer columns that hold epoch seconds. */
const FAR_DAY: Readonly<Record<Encoding['kind'], number>> = {
  instant: dayNumber(9999, 12, 31),
  local: dayNumber(9999, 12, 31),
  date: dayNumber(9999, 12, 31),
  'epoch seconds': dayNumber(2038, 1, 19),
  'epoch milliseconds': dayNumber(9999, 12, 31),
};

/**
 * The windows of the task's own starting point at `asOf` (ms since the epoch), one per leaf that has one. The task must
 * have its encodings.
 */
export function windows(task: Task, asOf: number): Window[] {
  // Rows with equal keys are judged together, so none of them may be left out.
  if (task.view.record.repeats === true) return [];
  const lastDue = Math.max(...task.view.stages.map((stage) => lastDueDay(stage.rule, task.controller, asOf)));
  const today = Math.floor(asOf / DAY_MS);
  return leavesOf(task.own.start).flatMap(({ kind, index }) => {
    const leaf = kind === 'column' ? task.starts[index] : undefined;
    return leaf === undefined ? [] : windowOf(leaf, index, lastDue, today);
  });
}

function windowOf(leaf: ResolvedStart, index: number, lastDue: number, today: number): Window[] {
  const earliest = readDateTime(leaf.earliest)?.day ?? today;
  let from = Math.max(lastDue, earliest) + SLACK_DAYS;
  let to = leaf.mayLieAhead ? FAR_DAY[leaf.encoding.kind] : today - SLACK_DAYS;
  for (const day of leaf.unknown.flatMap((text) => dayOf(text, leaf.encoding) ?? [])) {
    // A value that the file calls unknown is to be seen: the interval gives way on its shorter side.
    if (day - SLACK_DAYS > to || day + SLACK_DAYS < from) continue;
    if (day - from < to - day) from = day + SLACK_DAYS;
    else to = day - SLACK_DAYS;
  }
  if (from >= to) return [];
  return [{ index, dueBefore: formatBound(from, leaf.encoding), aheadAfter: formatBound(to, leaf.encoding) }];
}

function dayOf(text: string, encoding: Encoding): number | undefined {
  if (encoding.kind === 'epoch seconds') return numberOf(text, DAY_MS / 1000);
  if (encoding.kind === 'epoch milliseconds') return numberOf(text, DAY_MS);
  return readDateTime(text)?.day;
}

function numberOf(text: string, unit: number): number | undefined {
  const value = text.trim() === '' ? NaN : Number(text);
  return Number.isFinite(value) ? Math.floor(value / unit) : undefined;
}

/** The beginning of the day, in the form of the encoding. */
function formatBound(day: number, encoding: Encoding): string {
  switch (encoding.kind) {
    case 'instant':
    case 'local':
      return `${formatDay(day)} 00:00:00`;
    case 'date':
      return formatDay(day);
    case 'epoch seconds':
      return String((day * DAY_MS) / 1000);
    case 'epoch milliseconds':
      return String(day * DAY_MS);
  }
}
