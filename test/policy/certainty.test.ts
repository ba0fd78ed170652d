import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { certainty, type Domain } from '../../src/policy/certainty.ts';
import { holds } from '../../src/policy/condition.ts';
import type { Condition, Scalar } from '../../src/policy/policy.ts';

const is = (column: string, ...values: Scalar[]): Condition => ({ kind: 'is', column, values });
const not = (of: Condition): Condition => ({ kind: 'not', of });
const any = (...of: Condition[]): Condition => ({ kind: 'any', of });
const all = (...of: Condition[]): Condition => ({ kind: 'all', of });
const compare = (column: string, op: '<' | '<=' | '>' | '>=', value: number | string): Condition => ({
  kind: 'compare',
  column,
  op,
  value,
});
const count = (op: '<' | '<=' | '>' | '>=', number: number): Condition => ({
  kind: 'count',
  related: 'deals',
  where: is('open', 1),
  op,
  number,
});

describe('what is certain of a condition', () => {
  it.each<[string, Condition, 'always' | 'never' | undefined]>([
    ['one value', is('a', 1), undefined],
    [
      'either side of a number: NULL is on neither',
      any(compare('a', '<', 5), compare('a', '>=', 5)),
      undefined,
    ],
    [
      'either side of a number, and NULL',
      any(compare('a', '<', 5), compare('a', '>=', 5), is('a', null)),
      'always',
    ],
    [
      'either side of a number in JSON, where a text may stand',
      any(
        { kind: 'compare', column: 'a', path: ['n'], op: '<', value: 5 },
        { kind: 'compare', column: 'a', path: ['n'], op: '>=', value: 5 },
        { kind: 'is', column: 'a', path: ['n'], values: [null] },
      ),
      undefined,
    ],
    ['overlapping numbers', all(compare('a', '>', 5), compare('a', '<', 4)), 'never'],
    ['touching numbers', all(compare('a', '>=', 5), compare('a', '<=', 5)), undefined],
    ['between two numbers', all(compare('a', '>', 4), compare('a', '<', 5)), undefined],
    ['between two fractions', all(compare('a', '>', 0.2), compare('a', '<', 0.4)), undefined],
    ['no more than all', any(is('a', 'x'), not(is('a', 'x', 'y'))), undefined],
    [
      'two texts, which each database sorts its way',
      any(compare('a', '<', 'b'), compare('a', '>=', 'A')),
      undefined,
    ],
    ['a number and its text', all(is('a', 1), not(is('a', '1'))), 'never'],
    ['rows', any(count('>=', 1), count('<', 1)), 'always'],
    ['numbers of rows with a gap', any(count('>', 3), count('<', 3)), undefined],
    ['numbers of rows that exclude each other', all(count('>', 3), count('<', 3)), 'never'],
    [
      'other rows',
      any(count('>=', 1), { kind: 'related', quantifier: 'none', related: 'deals', where: is('open', 2) }),
      undefined,
    ],
    [
      'the same rows',
      any(count('>=', 1), { kind: 'related', quantifier: 'none', related: 'deals', where: is('open', 1) }),
      'always',
    ],
    [
      'a selection',
      all({ kind: 'selected', selection: 's' }, not({ kind: 'selected', selection: 's' })),
      'never',
    ],
    [
      'another part of the record',
      any(is('a', 1), not({ kind: 'is', column: 'a', part: 'person', values: [1] })),
      undefined,
    ],
    [
      'more columns than are tried',
      all(...Array.from({ length: 12 }, (_, i) => is(`c${String(i)}`, 1)), not(is('c0', 1))),
      undefined,
    ],
  ])('%s', (_, condition, sure) => {
    expect(certainty(condition)).toBe(sure);
  });

  it.each<[string, Domain, Condition, 'always' | 'never' | undefined]>([
    ['a column that is never NULL', { nullable: false }, not(is('a', null)), 'always'],
    ['a column that may be', { nullable: true }, not(is('a', null)), undefined],
    ['all of an enum', { nullable: false, values: ['x', 'y'] }, is('a', 'x', 'y'), 'always'],
    ['all of an enum but NULL', { nullable: true, values: ['x', 'y'] }, is('a', 'x', 'y'), undefined],
    ['all of an enum and NULL', { nullable: true, values: ['x', 'y'] }, is('a', 'x', 'y', null), 'always'],
    ['both of a boolean', { nullable: false, values: ['true', 'false'] }, is('a', true, false), 'always'],
    [
      'either side of a number',
      { nullable: false, numeric: true },
      any(compare('a', '<', 5), compare('a', '>=', 5)),
      'always',
    ],
  ])('with a catalogue: %s', (_, domain, condition, sure) => {
    expect(certainty(condition, () => domain)).toBe(sure);
  });

  // a is a column of numbers, b one of texts.
  const leaf = fc.oneof(
    fc.array(fc.constantFrom<Scalar>(null, 1, 2, '3'), { minLength: 1 }).map((some) => is('a', ...some)),
    fc.array(fc.constantFrom<Scalar>(null, 'x', 'y'), { minLength: 1 }).map((some) => is('b', ...some)),
    fc
      .tuple(fc.constantFrom('<', '<=', '>', '>='), fc.integer({ min: 0, max: 3 }))
      .map(([op, value]) => compare('a', op, value)),
  );
  const { condition } = fc.letrec<{ condition: Condition }>((tie) => ({
    condition: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie('condition'), { minLength: 1, maxLength: 3 }).map((of) => all(...of)),
      fc.array(tie('condition'), { minLength: 1, maxLength: 3 }).map((of) => any(...of)),
      tie('condition').map(not),
    ),
  }));
  const numbers: readonly Scalar[] = [null, -1, 0, 0.5, 1, 1.5, '2', 2.5, '3', 4];
  const texts: readonly Scalar[] = [null, '', 'x', 'y', 'z'];
  const domainOf = ({ column }: { readonly column: string }): Domain | undefined =>
    column === 'a' ? { nullable: true, numeric: true } : undefined;

  it('is what every row says', () => {
    const sure = { always: 0, never: 0 };
    fc.assert(
      fc.property(condition, (one) => {
        const said = new Set(numbers.flatMap((a) => texts.map((b) => holds(one, { a, b }))));
        const expected = said.size === 2 ? undefined : said.has(true) ? 'always' : 'never';
        if (expected !== undefined) sure[expected] += 1;
        expect(certainty(one, domainOf)).toBe(expected);
      }),
      { numRuns: 500 },
    );
    expect(Math.min(sure.always, sure.never)).toBeGreaterThan(5);
  });
});
