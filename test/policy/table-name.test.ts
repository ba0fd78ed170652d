import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isTablePattern, mayBeOneTable } from '../../src/policy/table-name.ts';

describe('mayBeOneTable', () => {
  it.each([
    ['answers', 'Answers', true],
    ['answers', 'answer', false],
    ['answers_#', 'answers_12', true],
    ['answers_#', 'answers_', false],
    ['answers_#', 'answers_12a', false],
    ['answers_#', 'answers_#_times', false],
    ['answers_*', 'answers_#_times', true],
    ['answers_*', 'answers_', false],
    ['a#', '#1', false],
    ['1#', '#2', true],
    ['old_#_#', 'old_5_2024', true],
    ['old_#_#', 'old_*', true],
    ['old_#_#', 'old_#', false],
    ['*_x', 'x_*', true],
  ])('%s and %s: %s', (one, other, expected) => {
    expect(mayBeOneTable(one, other)).toBe(expected);
    expect(mayBeOneTable(other, one)).toBe(expected);
  });

  it('knows every name that a pattern was made into, under any other pattern of it', () => {
    const part = fc.constantFrom('a', '1', '_', '*', '#', '12');
    const made = (text: string): string => text.replaceAll('*', 'a1').replaceAll('#', '12');
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
        const pattern = parts.join('');
        expect(mayBeOneTable(pattern, made(pattern))).toBe(true);
        expect(isTablePattern(made(pattern))).toBe(false);
      }),
    );
  });
});
