/**
 * Cron expressions with five fields: minute, hour, day of month, month, day of week. Each field is a list of `*`, a
 * number or a range; `*` and ranges with an optional `/step`; months and weekdays also by their first three letters.
 */

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly names: readonly string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const FIELDS: readonly Field[] = [
  { name: 'minute', min: 0, max: 59, names: [] },
  { name: 'hour', min: 0, max: 23, names: [] },
  { name: 'day of month', min: 1, max: 31, names: [] },
  { name: 'month', min: 1, max: 12, names: MONTHS },
  { name: 'day of week', min: 0, max: 7, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
];
const LONGEST = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function readNumber(text: string, field: Field): number | undefined {
  const named = field.names.indexOf(text.toLowerCase());
  if (named >= 0) return named + field.min;
  const number = /^\d{1,2}$/.test(text) ? Number(text) : NaN;
  return number >= field.min && number <= field.max ? number : undefined;
}

/** The numbers that one item of a field stands for; undefined where it is no item. */
function readItem(text: string, field: Field): readonly number[] | undefined {
  const [, range = '', , stepText] = /^([^/]+)(\/(\d{1,2}))?$/.exec(text) ?? [];
  const [low = '', high, ...rest] = range.split('-');
  const step = stepText === undefined ? 1 : Number(stepText);
  const from = range === '*' ? field.min : readNumber(low, field);
  // A number with a step means different things to different programs.
  const single = stepText === undefined ? from : undefined;
  const to = range === '*' ? field.max : high === undefined ? single : readNumber(high, field);
  if (rest.length > 0 || step < 1 || from === undefined || to === undefined || to < from) return undefined;
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => from + index * step);
}

/** Why `text` is no cron expression that ever fires; undefined where it is one. */
export function cronFault(text: string): string | undefined {
  const parts = text.trim().split(/\s+/);
  if (parts.length !== FIELDS.length) return `it has ${String(parts.length)} fields instead of five`;
  const numbers: number[][] = [];
  for (const [index, field] of FIELDS.entries()) {
    const part = parts[index] ?? '';
    const items = part.split(',').map((item) => readItem(item, field));
    if (items.includes(undefined)) return `"${part}" is no ${field.name}`;
    numbers.push(items.flatMap((item) => item ?? []));
  }
  const [, , days = [], months = []] = numbers;
  const anyDay =
    parts[4] !== '*' || months.some((month) => days.some((day) => day <= (LONGEST[month - 1] ?? 0)));
  return anyDay ? undefined : 'it names a day that no month has';
}
