/** The whole file. */
import { z } from 'zod';
import { guards, policyShape } from './policy.ts';
import { controllerShape, sourceShape } from './source.ts';
import { name, says } from './values.ts';

/** Version of the language that this program speaks. */
export const LANGUAGE_VERSION = 1;

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
};

export const policyFile = z.strictObject(fileShape);
