/** Personal data in free text, found by patterns and replaced. The patterns are RE2's: no text makes them run for long. */
import { Matcher, RE2JS } from 're2js';
import type { Redaction } from '../policy/policy.ts';

type Named = Extract<Redaction, { readonly named: unknown }>['named'];

/**
 * What the named patterns find. They err to finding too much: a number of eight digits may be an order's as well as a
 * phone's. A date with hyphens is none of them.
 */
const NAMED: Readonly<Record<Named, readonly string[]>> = {
  email: ["[\\pL\\pN._%+'-]+@[\\pL\\pN-]+(?:\\.[\\pL\\pN-]+)+"],
  phone: [
    '(?:\\+|\\b00)\\d(?:[ ().-]{0,2}\\d){6,14}\\b',
    '\\b0\\d{1,3}[ /-]\\d{2,3}(?: \\d{2,3}){1,3}\\b',
    '\\b0\\d{8,10}\\b',
    '\\b\\d{2}(?:[ .]\\d{2}){3}\\b',
    '\\b\\d{4} \\d{4}\\b',
    '\\b[2-9]\\d{7}\\b',
  ],
  'ip address': [
    '\\b(?:(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)\\.){3}(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)\\b',
    '(?i)\\b(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}\\b',
    '(?i)\\b[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,6}::(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,6}\\b)?',
  ],
  cpr: ['\\b(?:0[1-9]|[12]\\d|3[01])(?:0[1-9]|1[0-2])\\d{2}[- ]?\\d{4}\\b'],
  // A day from 61 on is that of a coordination number.
  personnummer: ['\\b(?:19|20)?\\d{2}(?:0[1-9]|1[0-2])(?:[0-2]\\d|3[01]|[678]\\d|9[01])[-+ ]?\\d{4}\\b'],
};

/** How often what a replacement has brought together is looked through again. */
const ROUNDS = 5;

/** A function that replaces all that the patterns find. Redacting a redacted text changes nothing. */
export function redactor(patterns: readonly Redaction[], by: string): (text: string) => string {
  // What is part of a longer number goes last.
  const compiled = [...patterns.filter((one) => !isPhone(one)), ...patterns.filter(isPhone)]
    .flatMap((one) => ('named' in one ? NAMED[one.named] : [one.matching]))
    .map((pattern) => RE2JS.compile(pattern));
  const replacement = Matcher.quoteReplacement(by);
  const once = (text: string): string =>
    compiled.reduce((all, pattern) => pattern.matcher(all).replaceAll(replacement), text);
  return (text) => {
    let now = text;
    for (let round = 0; round < ROUNDS; round += 1) {
      const next = once(now);
      if (next === now) break;
      now = next;
    }
    return now;
  };
}

const isPhone = (one: Redaction): boolean => 'named' in one && one.named === 'phone';

/** Whether it is an expression in RE2's syntax that finds something other than the empty text. */
export function isPattern(text: string): boolean {
  try {
    return !RE2JS.compile(text).matcher('').find();
  } catch {
    return false;
  }
}
