import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { SubjectIdentifier } from '../../src/policy/policy.ts';
import { createHoldTest, normalise, type Hold } from '../../src/policy/subject.ts';

const email: SubjectIdentifier = { kind: 'email', column: 'email', normalise: 'lowercase' };
const phone: SubjectIdentifier = { kind: 'phone', column: 'phone', normalise: 'digits' };
const hold = (id: string, subjects: Hold['subjects'], sources?: string[]): Hold => ({
  id,
  kind: 'hold',
  subjects,
  ...(sources === undefined ? {} : { sources }),
});

function reach(
  holds: readonly Hold[],
  identifiers: readonly SubjectIdentifier[],
  subjects: (string | null)[],
): unknown {
  const { by, unknownTo } = createHoldTest(holds, identifiers, 'crm')(subjects);
  return { by: by.map((one) => one.id), unknownTo: unknownTo.map((one) => one.id) };
}

describe('normalise', () => {
  it.each([
    ['  Ann@X.dk ', 'exact', 'Ann@X.dk'],
    ['  Ann@X.DK ', 'lowercase', 'ann@x.dk'],
    ['A\u030Asa@x.se', 'lowercase', '\u00E5sa@x.se'],
    ['+45 (20) 12-34.56/7', 'digits', '45201234567'],
    ['SE-ab 12', 'digits', 'SEab12'],
  ] as const)('makes %p, %s, %p', (value, how, expected) => {
    expect(normalise(value, how)).toBe(expected);
  });

  it('changes nothing more the second time', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.constantFrom('exact' as const, 'digits' as const),
        (value, how) => {
          expect(normalise(normalise(value, how), how)).toBe(normalise(value, how));
        },
      ),
    );
  });
});

describe('createHoldTest', () => {
  it('finds the person whatever the spelling, on either side', () => {
    expect(reach([hold('h', [['email', 'ANN@x.dk']])], [email], [' ann@X.dk '])).toEqual({
      by: ['h'],
      unknownTo: [],
    });
    expect(reach([hold('h', [['phone', '4520123456']])], [email, phone], [null, '+45 20 12 34 56'])).toEqual({
      by: ['h'],
      unknownTo: [],
    });
  });

  it('leaves other people alone', () => {
    expect(reach([hold('h', [['email', 'ann@x.dk']])], [email], ['bob@x.dk'])).toEqual({
      by: [],
      unknownTo: [],
    });
  });

  it.each([[null], [''], ['  ']])('cannot tell whose a record is without a value (%p)', (value) => {
    expect(reach([hold('h', [['email', 'ann@x.dk']])], [email], [value])).toEqual({
      by: [],
      unknownTo: ['h'],
    });
  });

  it('cannot tell whose a record is when it knows no kind of the hold', () => {
    expect(reach([hold('h', [['phone', '123']])], [email], ['ann@x.dk'])).toEqual({
      by: [],
      unknownTo: ['h'],
    });
  });

  it('compares no value with one of another kind', () => {
    expect(reach([hold('h', [['phone', '123']])], [email], ['123'])).toEqual({ by: [], unknownTo: ['h'] });
  });

  it('needs one comparable kind only', () => {
    const both = hold('h', [
      ['email', 'ann@x.dk'],
      ['phone', '123'],
    ]);
    expect(reach([both], [email, phone], ['bob@x.dk', null])).toEqual({ by: [], unknownTo: [] });
    expect(reach([both], [email, phone], ['bob@x.dk', '123'])).toEqual({ by: ['h'], unknownTo: [] });
  });

  it('compares with nothing a hold whose value is empty once normalised', () => {
    expect(reach([hold('h', [['phone', ' - ']])], [phone], ['123'])).toEqual({ by: [], unknownTo: ['h'] });
    expect(reach([hold('h', [['phone', ' - ']])], [phone], ['--'])).toEqual({ by: [], unknownTo: ['h'] });
  });

  it('ignores holds on other sources, and rows that are about nobody', () => {
    expect(reach([hold('h', [['email', 'ann@x.dk']], ['ats'])], [email], ['ann@x.dk'])).toEqual({
      by: [],
      unknownTo: [],
    });
    expect(reach([hold('h', [['email', 'ann@x.dk']], ['ats', 'crm'])], [email], ['ann@x.dk'])).toEqual({
      by: ['h'],
      unknownTo: [],
    });
    expect(reach([hold('h', [['email', 'ann@x.dk']])], [], [])).toEqual({ by: [], unknownTo: [] });
  });

  it('names every hold that reaches the record, once', () => {
    const holds = [
      hold('h1', [
        ['email', 'ann@x.dk'],
        ['phone', '1'],
      ]),
      hold('h2', [['phone', '1']]),
      hold('h3', [['phone', '2']]),
    ];
    expect(reach(holds, [email, phone], ['ann@x.dk', '1'])).toEqual({ by: ['h1', 'h2'], unknownTo: [] });
    expect(reach(holds, [email, phone], ['ann@x.dk', null])).toEqual({ by: ['h1'], unknownTo: ['h2', 'h3'] });
  });
});
