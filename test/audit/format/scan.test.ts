import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { checkAnyEntry, parseAnyEntry } from '../../../src/audit/entry.ts';
import { canonical, parseCanonical } from '../../../src/audit/format/canonical.ts';
import { scanCanonical } from '../../../src/audit/format/scan.ts';
import { entries } from '../../support/trail.ts';

const accepts = (check: (text: string) => unknown, text: string): boolean => {
  try {
    check(text);
    return true;
  } catch {
    return false;
  }
};

const plain = fc.object({
  key: fc.stringMatching(/^[ -~]{0,4}$/),
  maxDepth: 4,
  values: [
    fc.stringMatching(/^[ !#-[\]-~]{0,6}$/),
    fc.integer({ min: 0, max: 999_999 }),
    fc.boolean(),
    fc.constant(null),
  ],
});

const ODD = ' ,:"{}[]0-1.eE+tfn\\\u0000\u007fé\ud800'.split('');

/** JSON with one character put in, taken out or replaced: nearly canonical, as a forger would have it. */
const nearly = fc
  .tuple(plain, fc.nat(), fc.constantFrom(...ODD), fc.nat(2))
  .map(([value, place, character, how]) => {
    const text = canonical(value);
    const at = place % (text.length + 1);
    return text.slice(0, at) + (how === 1 ? '' : character) + text.slice(how === 0 ? at : at + 1);
  });

describe('the quick look at an entry', () => {
  it('knows plain entries', () => {
    for (const text of entries(300)) {
      expect(scanCanonical(text)?.get('v')).toBe('1');
    }
  });

  it('calls nothing canonical that the parser refuses, and knows every plain object', () => {
    fc.assert(
      fc.property(fc.oneof(nearly, fc.json(), fc.string()), (text) => {
        if (scanCanonical(text) !== undefined) expect(canonical(parseCanonical(text))).toBe(text);
      }),
      { numRuns: 5000 },
    );
    fc.assert(
      fc.property(plain, (value) => {
        const text = canonical(value);
        if (!text.includes('\\')) expect(scanCanonical(text)).toBeDefined();
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['{"a":1,"a":1}', 'a key twice'],
    ['{"b":1,"a":1}', 'keys out of order'],
    ['{"a":01}', 'a leading zero'],
    ['{"a":-0}', 'a negative zero'],
    ['{"a":9007199254740993}', 'an integer that is not safe'],
    ['{"a":1}x', 'something behind it'],
    ['{"a":1 }', 'white space'],
    ['{"a":[1,]}', 'a comma too many'],
    ['{"a":"\u0001"}', 'a control character'],
    ['['.repeat(99) + ']'.repeat(99), 'no object'],
    [`{"a":${'['.repeat(16)}${']'.repeat(16)}}`, 'too deep'],
    ['', 'nothing'],
  ])('does not know %s (%s)', (text) => {
    expect(scanCanonical(text)).toBeUndefined();
  });

  it('agrees with the parser on what an entry is, field by field', () => {
    const [good = ''] = entries(1);
    const { at, eid, type } = JSON.parse(good) as { at: string; eid: string; type: string };
    const spoilt = [
      good.replace('"v":1', '"v":2'),
      good.replace('"v":1', '"v":"1"'),
      good.replace(at, '2026-02-30T07:23:43.820Z'),
      good.replace(at, '2026-11-22'),
      good.replace(eid, eid.toLowerCase()),
      good.replace(`"${eid}"`, '7'),
      good.replace(`"type":"${type}"`, '"type":""'),
      good.replace(`,"type":"${type}"`, ''),
      good.replace('{', `{"a":"${'x'.repeat(16_384)}",`),
    ];
    expect(accepts(checkAnyEntry, good)).toBe(true);
    for (const text of spoilt) {
      expect(text).not.toBe(good);
      expect([text, accepts(checkAnyEntry, text)]).toEqual([text, false]);
      expect(accepts(parseAnyEntry, text)).toBe(false);
    }
  });
});
