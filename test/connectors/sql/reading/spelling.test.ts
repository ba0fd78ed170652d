import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { spelling } from '../../../../src/connectors/sql/run/find.ts';
import { normalise } from '../../../../src/policy/subject.ts';

// A connector may not call the policy, so it has the rule a second time: whoever changes one must change the other.
it('makes of identifiers what the policy makes of them', () => {
  const hard = fc.constantFrom(
    'Å',
    'A\u030a',
    'İ',
    'ẞ',
    '\u212a',
    '\u00a0',
    '\t',
    '+',
    '(',
    ')',
    '-',
    '.',
    '/',
    ' ',
    '7',
    'x',
    '😀',
  );
  const value = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.array(hard).map((parts) => parts.join('')),
  );
  const how = fc.constantFrom('exact' as const, 'lowercase' as const, 'digits' as const);
  fc.assert(
    fc.property(value, how, (text, rule) => expect(spelling(text, rule)).toBe(normalise(text, rule))),
  );
});
