/** The starting point of a period. */
import { z } from 'zod';
import type { Mapping } from '../document.ts';
import { condition, elsewhereShape, says, scalar, text } from './values.ts';

const values = z.union([scalar, z.array(scalar).min(1)]);

/** A starting point, as text (a column) or as a mapping. */
export type StartText = string | Mapping;

export const start: z.ZodType<StartText> = z
  .union([
    text,
    z.strictObject({
      column: says(text.optional(), 'The column that holds the starting point.'),
      max: says(
        text.optional(),
        'The largest value over related rows, as related.column, e.g. messages.sent_at.',
      ),
      min: says(text.optional(), 'The smallest value over related rows, as related.column.'),
      where: says(
        condition.optional(),
        'With `max` or `min`: only these related rows. With `elsewhere`: only these of the records found.',
      ),
      elsewhere: says(
        elsewhereShape.elsewhere.optional(),
        'The starting point stands in another source: the records that are asked for, as source.record.',
      ),
      by: says(
        elsewhereShape.by.optional(),
        'With `elsewhere`: kind of identifier that both record types declare as `subject`.',
      ),
      get start() {
        return says(
          start.optional(),
          'With `elsewhere`: a starting point of the records there: column, max or min.',
        );
      },
      'if unreachable': elsewhereShape['if unreachable'],
      'if none': says(
        z.enum(['keep', 'unknown']).optional(),
        'With `elsewhere`, where there is no such record of the person: keep and report, or unknown, so that another start of a list can stand in. Left out: keep.',
      ),
      'if several': says(
        z.enum(['keep', 'latest']).optional(),
        'With `elsewhere`, where there are several that start differently: keep and report, or the latest counts. Left out: keep.',
      ),
      get 'latest of'() {
        return says(z.array(start).min(1).optional(), 'List of starting points; the latest one counts.');
      },
      get 'first known of'() {
        return says(
          z.array(start).min(1).optional(),
          'List of starting points; the first one that is known counts.',
        );
      },
      time: says(text.optional(), 'A text column with the time of day, where `column` holds a date alone.'),
      as: says(
        text.optional(),
        'How it is stored: instant, date, epoch seconds, epoch milliseconds, local, or local with an IANA zone. Left out: told by the type of the column.',
      ),
      null: says(
        z.enum(['not yet', 'unknown']).optional(),
        'What NULL means: not yet (it has not happened) or unknown. Needed where the column can be NULL.',
      ),
      'not yet': says(values.optional(), 'Values that mean "it has not happened", e.g. [0].'),
      unknown: says(
        values.optional(),
        'Values that mean "nobody knows", besides 0, \'\', 0000-00-00 and 1000-01-01.',
      ),
      'may lie ahead': says(
        z.boolean().optional(),
        'true where a start in the future is normal, e.g. the end of an agreement.',
      ),
      earliest: says(
        text.optional(),
        'Day (YYYY-MM-DD) before which a start is not believed. Left out: 1971-01-01.',
      ),
    }),
  ])
  .meta({
    id: 'start',
    description:
      'A column, or a mapping with one of: column, max, min, latest of, first known of, elsewhere.',
  });
