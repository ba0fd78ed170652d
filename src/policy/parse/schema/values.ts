/**
 * The small parts of the language: names, constants, conditions. Descriptions are what editors show and what error
 * messages give as the remedy, so they say what to write.
 */
import { z } from 'zod';
import type { Scalar } from '../../policy.ts';
import type { Mapping } from '../document.ts';

/** Names of sources, records, policies: a letter first, no dot and no slash (both join names). */
export const NAME = /^[\p{L}_][\p{L}\p{N}_ -]{0,79}$/u;

/** Gives a schema the words that editors and errors show. */
export function says<T extends z.ZodType>(schema: T, description: string): T {
  return schema.meta({ description });
}

export const name = z.string().regex(NAME);
export const text = z.string().min(1);

function isScalar(value: unknown): value is Scalar {
  return value === null || ['string', 'number', 'bigint', 'boolean'].includes(typeof value);
}

/** JSON Schema has no word for "any constant", so it is spelled out for the editors. */
export const scalar = z
  .custom<Scalar>(isScalar, { error: 'Must be text, a number, true, false or null' })
  .meta({ id: 'constant', type: ['string', 'number', 'integer', 'boolean', 'null'] });

const scalars = z.array(scalar).min(1);
const comparable = z
  .custom<string | number | bigint>(
    (value) => isScalar(value) && value !== null && typeof value !== 'boolean',
    {
      error: 'Must be text or a number',
    },
  )
  .meta({ id: 'comparable', type: ['string', 'number', 'integer'] });

/** What is asked of one column. */
const columnTest = z.union([
  scalar,
  scalars,
  z.strictObject({
    not: says(z.union([scalar, scalars]).optional(), 'Anything but this value, or these.'),
    'less than': says(comparable.optional(), 'Below this value; false for NULL.'),
    'at most': says(comparable.optional(), 'This value or below; false for NULL.'),
    'more than': says(comparable.optional(), 'Above this value; false for NULL.'),
    'at least': says(comparable.optional(), 'This value or above; false for NULL.'),
  }),
]);

/** How a number of rows is bounded. */
const BOUNDS = ['at least', 'at most', 'more than', 'less than'] as const;

/** Words that are about related rows. */
export const RELATED_WORDS = ['exists', 'none', 'every', 'count', 'where', ...BOUNDS] as const;

/** Words that are no columns in a condition; `columns:` holds columns with such a name. */
export const CONDITION_WORDS = [
  ...RELATED_WORDS,
  'selected',
  'elsewhere',
  'all of',
  'any of',
  'not',
  'columns',
] as const;

const number = z.int().min(0);
const bound = (what: string) => says(number.optional(), `With \`count\`: ${what} so many rows.`);

export const condition: z.ZodType<Mapping> = z
  .object({
    exists: says(text.optional(), 'Name of related rows, of which there must be at least one (see `where`).'),
    none: says(text.optional(), 'Name of related rows, of which there must be none (see `where`).'),
    every: says(text.optional(), 'Name of related rows that must all meet `where`.'),
    count: says(
      text.optional(),
      'Name of related rows that are counted, beside `at least`, `at most`, `more than` or `less than` (and `where`).',
    ),
    'at least': bound('at least'),
    'at most': bound('at most'),
    'more than': bound('more than'),
    'less than': bound('fewer than'),
    get where() {
      return says(
        condition.optional(),
        'Condition on the related rows that `exists`, `none`, `every` or `count` names.',
      );
    },
    selected: says(text.optional(), 'Name of a selection of the record type; its keys meet the condition.'),
    elsewhere: says(
      text.optional(),
      'Stands alone, as a whole exemption below `unless`, or in `start`; a column of this name goes into `columns`.',
    ),
    get 'all of'() {
      return says(z.array(condition).min(1).optional(), 'List of conditions that must all be met.');
    },
    get 'any of'() {
      return says(z.array(condition).min(1).optional(), 'List of conditions of which one must be met.');
    },
    get not() {
      return says(condition.optional(), 'A condition that must not be met.');
    },
    columns: says(
      z.record(z.string(), columnTest).optional(),
      'Tests of columns whose names are words of this language, e.g. `columns: { exists: 1 }`.',
    ),
  })
  .catchall(
    says(
      columnTest,
      'A column: a value, a list of values, or { not / less than / at most / more than / at least: … }.',
    ),
  )
  .meta({
    id: 'condition',
    description: 'A mapping of columns to values, e.g. { status: open }; all its entries must be met.',
  });

export const scope = z.record(z.string().min(1), scalar);

const REDACTED = ['email', 'phone', 'ip address', 'cpr', 'personnummer'] as const;

export const replacementShape = {
  placeholder: says(
    text.optional(),
    'Text with {key} in it, which becomes the key of the row, so that it stays unique.',
  ),
  'keep first': says(z.int().min(1).optional(), 'How many characters of the text stay.'),
  generalise: says(
    z.enum(['year', 'month', 'decade']).optional(),
    'A date becomes the first day of its year, month or decade.',
  ),
  'round to': says(z.int().min(1).optional(), 'A number is rounded down to a multiple of this one.'),
  'keep domain': says(
    text.optional(),
    "What stands before the @ of an e-mail address instead, e.g. 'erased-{key}'.",
  ),
  redact: says(
    z
      .array(
        z.union([
          z.enum(REDACTED),
          z.strictObject({ matching: says(text, 'A regular expression in RE2 syntax.') }),
        ]),
      )
      .min(1)
      .optional(),
    `What is replaced in free text: ${REDACTED.join(', ')}, or { matching: 'a regular expression' }.`,
  ),
  with: says(z.string().optional(), "With `redact`: what stands there instead. Left out: '…'."),
  remove: says(z.literal(true).optional(), 'true: the member of the JSON is removed (column/member: …).'),
};

/** Columns and what they become. */
export const replacements = z
  .record(z.string().min(1), z.union([scalar, z.strictObject(replacementShape)]))
  .meta({ id: 'set' });

/** Where another source is asked about the person. */
export const elsewhereShape = {
  elsewhere: says(text, 'The records that are asked for, as source.record.'),
  by: says(text, 'Kind of identifier that both record types declare as `subject`, e.g. email.'),
  where: says(condition.optional(), 'Only these of the records found there.'),
  'if unreachable': says(
    z.literal('keep').optional(),
    'keep: while the source cannot be asked, the record is kept and reported. There is no other choice.',
  ),
};
