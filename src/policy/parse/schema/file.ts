/** The whole file. */
import { z } from 'zod';
import { approval, guards, policyShape, span } from './policy.ts';
import { controllerShape, sourceShape } from './source.ts';
import { name, says } from './values.ts';

/** Version of the language that this program speaks. */
export const LANGUAGE_VERSION = 1;

const holds = z.strictObject({
  grace: says(
    span.optional(),
    'How long a released hold goes on keeping what it covered, e.g. 14 days, or 0. Left out: 7 days.',
  ),
  review: says(z.literal('required').optional(), 'Every hold names a day on which it is looked at again.'),
});
export type HoldsText = z.output<typeof holds>;

export const fileShape = {
  frist: says(z.literal(LANGUAGE_VERSION), 'Version of the language: 1.'),
  controller: says(z.strictObject(controllerShape), 'Who is responsible for the data, and their calendar.'),
  sources: says(
    z.record(name, z.strictObject(sourceShape)),
    'The systems that hold the data, each with a name of your own.',
  ),
  policies: says(
    z.record(name, z.strictObject(policyShape)),
    'The promises, each with a name of your own, in the order in which they are run.',
  ),
  guards: says(guards.optional(), 'Guards of all policies that have none of their own.'),
  'first run guards': says(guards.optional(), 'The same while a policy is new or changed.'),
  approval: says(
    approval.optional(),
    'Whether a person lets plans go, of all policies that do not say it themselves: always, never, or { above: 50 }.',
  ),
  holds: says(holds.optional(), 'What goes for holds.'),
};

export const policyFile = z.strictObject(fileShape);
