import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonical, NotCanonical, parseCanonical } from '../../../src/audit/format/canonical.ts';

const scalar = fc.oneof(
  fc.boolean(),
  fc.constant(null),
  fc.maxSafeInteger(),
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()),
);
const key = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('__proto__', 'constructor', '10', '9', 'é', '\u{1f600}', '\ufb33'),
);
const value = fc.letrec((tie) => ({
  any: fc.oneof({ depthSize: 'small' }, scalar, tie('list'), tie('object')),
  list: fc.array(tie('any'), { maxLength: 4 }),
  object: fc.dictionary(key, tie('any'), { maxKeys: 5, noNullPrototype: false }),
})).any;

/** RFC 8785 spelt out: for comparison only. */
function reference(input: unknown): string {
  if (Array.isArray(input)) return `[${input.map(reference).join(',')}]`;
  if (typeof input !== 'object' || input === null) return JSON.stringify(input);
  const sorted = Object.entries(input).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([name, item]) => `${JSON.stringify(name)}:${reference(item)}`).join(',')}}`;
}

describe('canonical JSON', () => {
  it('is what RFC 8785 says, and reads back', () => {
    fc.assert(
      fc.property(value, (input) => {
        const text = canonical(input);
        expect(text).toBe(reference(input));
        expect(canonical(parseCanonical(text))).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });

  it('sorts keys by UTF-16 code units, as the example of RFC 8785 does', () => {
    const input = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\u{1f600}': 5, '\u0080': 6, '\u00f6': 7 };
    expect(Object.keys(JSON.parse(canonical(input)) as object)).toHaveLength(7);
    expect(canonical(input)).toBe('{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"\u{1f600}":5,"\ufb33":3}');
  });

  it.each([
    ['a fraction', 1.5],
    ['an integer over 2^53 - 1', 2 ** 53],
    ['NaN', Number.NaN],
    ['undefined', undefined],
    ['undefined in an object', { a: undefined }],
    ['a hole in an array', new Array<number>(1)],
    ['a bigint', 1n],
    ['a function', () => 1],
    ['half of a surrogate pair', '\ud83d'],
    ['half of a surrogate pair in a key', { '\ude00': 1 }],
    ['a date', new Date(0)],
    ['a map', new Map()],
  ])('refuses %s', (_, input) => {
    expect(() => canonical(input)).toThrow(NotCanonical);
    expect(() => canonical({ z: 1, a: [input] })).toThrow(NotCanonical);
  });

  it('refuses to nest without end', () => {
    const loop: Record<string, unknown> = {};
    loop['self'] = loop;
    expect(() => canonical(loop)).toThrow(NotCanonical);
  });

  it.each([
    ['white space', '{"a": 1}'],
    ['white space around', ' {"a":1}'],
    ['keys out of order', '{"b":1,"a":2}'],
    ['a key twice', '{"a":1,"a":1}'],
    ['an exponent', '{"a":1e3}'],
    ['minus zero', '[-0]'],
    ['a fraction of zero', '[1.0]'],
    ['an escape too many', '["\\u0061"]'],
    ['an escaped slash', '["\\/"]'],
    ['upper case in an escape', '["\\u001F"]'],
    ['a surrogate without its other half', '["\\ud83d"]'],
    ['a byte order mark', '\ufeff[]'],
    ['no JSON', '{'],
    ['nothing', ''],
  ])('refuses text with %s', (_, text) => {
    expect(() => parseCanonical(text)).toThrow(NotCanonical);
  });

  it('says nothing of the text that it refuses', () => {
    expect(() => parseCanonical('{"mail":"ada@example.com"')).toThrow(/^it is not JSON$/);
  });
});
