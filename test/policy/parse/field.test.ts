import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fieldName } from '../../../src/policy/model/condition.ts';
import type { Field } from '../../../src/policy/policy.ts';
import { readField } from '../../../src/policy/parse/build/names/field.ts';
import { ANYTHING, COLUMNS_ONLY } from '../../../src/policy/parse/build/names/sight.ts';
import type { Complaint, Report } from '../../../src/policy/parse/report.ts';

/** What a text is read as, or the code of what is wrong with it. */
function read(text: string, sight = ANYTHING): Field | string | undefined {
  const told: Complaint[] = [];
  const report = { add: (one: Complaint) => told.push(one) } as unknown as Report;
  return readField(text, [], sight, report) ?? told[0]?.code;
}

describe('columns', () => {
  it.each<[string, Field]>([
    ['email', { column: 'email' }],
    ['Fødsels dato', { column: 'Fødsels dato' }],
    ['person.email', { part: 'person', column: 'email' }],
    ['attribs/a', { column: 'attribs', path: ['a'] }],
    ['attribs/a.b/0', { column: 'attribs', path: ['a.b', '0'] }],
    ['attribs/a~1b/c~0d', { column: 'attribs', path: ['a/b', 'c~d'] }],
    ['person.attribs/a', { part: 'person', column: 'attribs', path: ['a'] }],
    ['`a.b`', { column: 'a.b' }],
    ['`a``b`', { column: 'a`b' }],
    ['person.`a/b`/c', { part: 'person', column: 'a/b', path: ['c'] }],
  ])('%s is read', (text, field) => {
    expect(read(text)).toEqual(field);
    expect(fieldName(field)).toBe(text);
  });

  it.each(['a.b.c', '.a', 'a.', '/a', 'a/', 'a//b', '`a', 'a`b', '``', 'a/~2', 'a/~'])(
    '%s is no column',
    (text) => {
      expect(read(text)).toBe('bad-column');
    },
  );

  it('have no parts among related rows', () => {
    expect(read('a.b', COLUMNS_ONLY)).toBe('unknown-part');
  });

  it('are read as they are told', () => {
    const name = fc.string({ minLength: 1 });
    const plain = name.filter((text) => !/[./`]/.test(text));
    const field = fc.record(
      { column: name, part: plain, path: fc.array(name, { minLength: 1, maxLength: 3 }) },
      { requiredKeys: ['column'] },
    );
    fc.assert(fc.property(field, (one) => expect(read(fieldName(one))).toEqual(one)));
  });
});
