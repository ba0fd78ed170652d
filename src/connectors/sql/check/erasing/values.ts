/** Whether a column can hold what a replacement would write into it. */
import { redactor, isPattern } from '../../../text.ts';
import type { Field, Related, Replacement } from '../../../../policy/policy.ts';
import type { Column, Family } from '../../catalogue/catalogue.ts';
import { constant } from '../../compile/values.ts';
import type { Examined } from '../check.ts';
import { unfitness } from '../conditions.ts';
import type { Path } from '../findings.ts';

export interface Value {
  /** `table.column`, for messages. */
  readonly label: string;
  readonly column: Column;
  readonly field: Field;
  readonly by: Replacement;
  readonly path: Path;
  /** The relation of the rows; undefined: they are the record, or part of it. */
  readonly related: Related | undefined;
}

export function checkValue(one: Examined, value: Value): void {
  const { by, field, column } = value;
  if (field.path !== undefined) {
    checkInJson(one, value);
    return;
  }
  switch (by.kind) {
    case 'constant':
      checkConstant(one, value, by.value);
      return;
    case 'placeholder':
      checkTemplate(one, value, by.template);
      return;
    case 'keep domain':
      checkTemplate(one, value, by.local);
      return;
    case 'keep first':
      wants(one, value, isText(column), 'text of which the beginning can be kept');
      return;
    case 'redact':
      wants(one, value, isText(column), 'free text');
      checkPatterns(one, value, by);
      return;
    case 'generalise':
      wants(one, value, DATES.includes(column.family), 'a date or moment');
      return;
    case 'round':
      checkRound(one, value, by.to);
      return;
    case 'remove':
      refuse(
        one,
        value,
        'replacement-json',
        'is removed as if it were a member of JSON',
        'Name the member: column/member.',
      );
  }
}

const DATES: readonly Family[] = ['date', 'datetime', 'instant'];
const NUMBERS: readonly Family[] = ['integer', 'decimal', 'float'];

const isText = (column: Column): boolean => column.family === 'text' && column.enumValues === undefined;

function refuse(
  { findings }: Examined,
  { label, path }: Value,
  code: string,
  what: string,
  remedy: string,
): void {
  findings.error(code, path, `Column ${label} ${what}`, remedy);
}

function wants(one: Examined, value: Value, fits: boolean, what: string): void {
  if (fits) return;
  refuse(
    one,
    value,
    'replacement-type',
    `is ${value.column.type}, not ${what}`,
    'Replace it by a constant of the type of the column.',
  );
}

function checkInJson(one: Examined, value: Value): void {
  const { by, column, field, related } = value;
  if (column.family !== 'json' && !isText(column))
    refuse(
      one,
      value,
      'replacement-json',
      `is ${column.type} and holds no JSON`,
      'Replace the whole column.',
    );
  else if (by.kind !== 'constant' && by.kind !== 'placeholder' && by.kind !== 'remove')
    refuse(
      one,
      value,
      'replacement-json',
      `holds JSON, whose members cannot be replaced by "${by.kind}"`,
      'Use a constant, a placeholder, or { remove: true }.',
    );
  else if (by.kind === 'remove' && /^\d+$/.test(field.path?.at(-1) ?? ''))
    refuse(
      one,
      value,
      'replacement-json',
      'holds JSON: once a place of a list is removed, the next value stands there',
      'Remove the list, or a member of the object that stands at that place.',
    );
  else if (by.kind === 'placeholder') checkKey(one, value, by.template, related);
}

function checkPatterns(one: Examined, value: Value, by: Extract<Replacement, { kind: 'redact' }>): void {
  const own = by.patterns.flatMap((pattern) => ('matching' in pattern ? [pattern.matching] : []));
  const wrong = own.filter((pattern) => !isPattern(pattern));
  for (const pattern of wrong)
    refuse(
      one,
      value,
      'replacement-pattern',
      `is redacted by /${pattern}/, which is no expression of RE2 or finds nothing at all`,
      'See https://github.com/google/re2/wiki/Syntax.',
    );
  if (wrong.length === 0 && redactor(by.patterns, by.with)(by.with) !== by.with)
    refuse(
      one,
      value,
      'replacement-pattern',
      `is redacted by patterns that find "${by.with}" itself, so it would never be done`,
      'Change `with`.',
    );
}

function checkRound(one: Examined, value: Value, to: number): void {
  const { column } = value;
  wants(one, value, NUMBERS.includes(column.family), 'a number');
  if (column.family === 'integer' && !Number.isInteger(to))
    refuse(
      one,
      value,
      'replacement-range',
      `holds whole numbers, which cannot be rounded to ${String(to)}`,
      'Round to a whole number.',
    );
}

function checkConstant(one: Examined, value: Value, scalar: string | number | bigint | boolean | null): void {
  const { column, label } = value;
  if (scalar === null) {
    if (!column.nullable)
      refuse(
        one,
        value,
        'replacement-null',
        'cannot be NULL',
        'Give a constant, or allow NULL in the column.',
      );
    return;
  }
  const shown = typeof scalar === 'string' ? `"${scalar}"` : String(scalar);
  if (column.family === 'json') {
    if (!isJson(scalar))
      refuse(
        one,
        value,
        'replacement-type',
        `is ${column.type} and cannot become ${shown}`,
        "Write JSON in quotes, such as '{}', or name its members: column/member.",
      );
    return;
  }
  const why = unfitness(one.dialect, column, scalar);
  const { maxLength, range } = column;
  if (why !== undefined || constant(one.dialect, column, scalar) === undefined)
    refuse(
      one,
      value,
      column.enumValues === undefined ? 'replacement-type' : 'replacement-enum',
      `is ${column.type} and cannot become ${shown}`,
      why ?? 'Write a value of the type of the column.',
    );
  else if (maxLength !== undefined && characters(String(scalar)) > maxLength)
    refuse(
      one,
      value,
      'replacement-length',
      `holds ${String(maxLength)} characters, fewer than ${shown}`,
      'Write a shorter value.',
    );
  else if (range !== undefined && !inRange(range, scalar))
    one.findings.error(
      'replacement-range',
      value.path,
      `Column ${label} is ${column.type} and cannot become ${shown}`,
      `Write a whole number from ${String(range[0])} to ${String(range[1])}.`,
    );
}

function isJson(scalar: string | number | bigint | boolean): boolean {
  if (typeof scalar !== 'string') return false;
  try {
    JSON.parse(scalar);
    return true;
  } catch {
    return false;
  }
}

/** As databases count them. */
const characters = (text: string): number => Array.from(text).length;

function inRange(
  [least, most]: readonly [bigint, bigint],
  value: string | number | bigint | boolean,
): boolean {
  const number = Number(value);
  if (!Number.isInteger(number)) return false;
  const exact = BigInt(value);
  return exact >= least && exact <= most;
}

/** Text that the key of the record is put into. */
function checkTemplate(one: Examined, value: Value, template: string): void {
  const { column, related } = value;
  if (!isText(column)) {
    refuse(
      one,
      value,
      'replacement-type',
      `is ${column.type}: a placeholder is text`,
      'Give a constant of the type of the column.',
    );
    return;
  }
  if (!checkKey(one, value, template, related)) return;
  const key = keyLength(one);
  const holes = template.split('{key}').length - 1;
  const length =
    holes > 0 && key === undefined
      ? undefined
      : characters(template.replaceAll('{key}', '')) + (key ?? 0) * holes;
  if (column.maxLength !== undefined && length !== undefined && length > column.maxLength)
    refuse(
      one,
      value,
      'replacement-length',
      `holds ${String(column.maxLength)} characters; the placeholder can have ${String(length)}`,
      'Write a shorter one.',
    );
}

/** Whether the rows can tell the key that the template names. */
function checkKey(
  { view, findings }: Examined,
  { path }: Value,
  template: string,
  related: Related | undefined,
): boolean {
  if (related === undefined || !template.includes('{key}')) return true;
  const { match, of, orMatch } = related;
  const straight = of === undefined && orMatch === undefined;
  const tells = (name: string): boolean =>
    match.some((pair) => pair.ours === name && pair.part === undefined && pair.inText === undefined);
  if (straight && view.record.key.every(tells)) return true;
  findings.error(
    'replacement-key',
    path,
    `Rows of "${related.name}" do not hold the key of their record, which the placeholder names`,
    'Use a constant.',
  );
  return false;
}

/** Most characters of a key as text; undefined where there is no bound. */
function keyLength({ catalogue, view }: Examined): number | undefined {
  const columns = view.record.key.map((name) => catalogue.tables.get(view.record.table)?.columns.get(name));
  const lengths = columns.map((column) => {
    if (column?.range !== undefined) return Math.max(...column.range.map((bound) => String(bound).length));
    if (column?.family === 'uuid') return 36;
    if (column?.maxLength !== undefined)
      return column.family === 'binary' ? column.maxLength * 2 : column.maxLength;
    return undefined;
  });
  return lengths.every((one) => one !== undefined)
    ? lengths.reduce((sum, one) => sum + one + 1, -1)
    : undefined;
}
