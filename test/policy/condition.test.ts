import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { holds, isReadable, valueOf, type Row, type Surroundings } from '../../src/policy/condition.ts';
import { ALWAYS, type Condition, type Scalar } from '../../src/policy/policy.ts';

const is = (column: string, ...values: Scalar[]): Condition => ({ kind: 'is', column, values });
const compare = (op: '<' | '<=' | '>' | '>=', value: string | number | bigint): Condition => ({
  kind: 'compare',
  column: 'x',
  op,
  value,
});
const NOWHERE: Surroundings = { related: () => [], part: () => undefined, selected: () => false };
const not = (of: Condition): Condition => ({ kind: 'not', of });

describe('holds', () => {
  it.each<[Scalar, Condition, boolean]>([
    ['open', is('x', 'open'), true],
    ['Open', is('x', 'open'), false],
    ['open', is('x', 'closed', 'open'), true],
    ['open', is('x'), false],
    [null, is('x', null), true],
    [null, is('x', 'open', null), true],
    [null, is('x', ''), false],
    ['', is('x', null), false],
    [null, not(is('x', 'hired')), true],
    ['hired', not(is('x', 'hired')), false],
    ['7', is('x', 7), true],
    ['7.0', is('x', 7), true],
    ['07', is('x', 7), false],
    ['7abc', is('x', 7), false],
    ['abc', is('x', 0), false],
    [7, is('x', '7'), true],
    ['9007199254740993', is('x', 9007199254740993n), true],
    ['9007199254740992', is('x', 9007199254740993n), false],
    ['1', is('x', true), true],
    ['t', is('x', true), true],
    ['0', is('x', false), true],
    ['yes', is('x', true), false],
    ['yes', is('x', false), false],
    [true, is('x', 1), true],
    ['2', compare('<', 10), true],
    ['2', compare('<', '10'), false],
    ['2024-01-01', compare('>=', '2024-01-01'), true],
    ['2024-01-01', compare('>', '2024-01-01'), false],
    ['2.5', compare('<=', 2.5), true],
    ['2.5', compare('>', 2), true],
    ['9007199254740993', compare('>', 9007199254740992n), true],
    [null, compare('<', 10), false],
    [null, compare('>=', 10), false],
    ['ten', compare('<', 10), false],
    [true, compare('<', 10), false],
  ])('%p meets %p: %p', (x, condition, expected) => {
    expect(holds(condition, { x })).toBe(expected);
  });

  it('reads a column that the row has not as NULL', () => {
    expect(holds(is('y', null), {})).toBe(true);
  });

  it('joins conditions', () => {
    const yes = is('x', 'a');
    const no = is('x', 'b');
    const row: Row = { x: 'a' };
    expect(
      [ALWAYS, { kind: 'all', of: [yes, yes] } as const, { kind: 'any', of: [no, yes] } as const].map((one) =>
        holds(one, row),
      ),
    ).toEqual([true, true, true]);
    expect(
      [
        { kind: 'any', of: [] } as const,
        { kind: 'all', of: [yes, no] } as const,
        { kind: 'any', of: [no] } as const,
      ].map((one) => holds(one, row)),
    ).toEqual([false, false, false]);
  });

  it('counts related rows', () => {
    const rows: Row[] = [{ status: 'open' }, { status: 'won' }];
    const related = (quantifier: 'exists' | 'none' | 'every', status: string, of: readonly Row[]): boolean =>
      holds(
        { kind: 'related', quantifier, related: 'deals', where: is('status', status) },
        {},
        { ...NOWHERE, related: (name) => (name === 'deals' ? of : []) },
      );
    expect([
      related('exists', 'open', rows),
      related('exists', 'lost', rows),
      related('exists', 'open', []),
    ]).toEqual([true, false, false]);
    expect([
      related('none', 'open', rows),
      related('none', 'lost', rows),
      related('none', 'open', []),
    ]).toEqual([false, true, true]);
    expect([
      related('every', 'open', rows),
      related('every', 'open', rows.slice(0, 1)),
      related('every', 'open', []),
    ]).toEqual([false, true, true]);
  });

  it('counts related rows that meet a condition', () => {
    const rows: Row[] = [{ status: 'open' }, { status: 'open' }, { status: 'won' }];
    const around = { ...NOWHERE, related: () => rows };
    const count = (op: '<' | '<=' | '>' | '>=', number: number): boolean =>
      holds({ kind: 'count', related: 'deals', where: is('status', 'open'), op, number }, {}, around);
    expect([count('>=', 2), count('>', 2), count('<', 3), count('<=', 1)]).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });

  it('asks rows of rows about the rows that they are of', () => {
    const deals: Row[] = [{ id: '1' }, { id: '2' }];
    const closings: Row[] = [{ deal: '1' }];
    const around: Surroundings = {
      ...NOWHERE,
      related: (name, row, within) => {
        if (name === 'deals') return deals;
        return within === 'deals' ? closings.filter((one) => one['deal'] === row['id']) : closings;
      },
    };
    const related = (quantifier: 'exists' | 'none' | 'every', name: string, where = ALWAYS): Condition => {
      return { kind: 'related', quantifier, related: name, where };
    };
    const open = related('none', 'closings');
    expect([
      holds(related('exists', 'deals', open), {}, around),
      holds(related('every', 'deals', open), {}, around),
      holds(related('exists', 'closings'), {}, around),
      holds({ kind: 'count', related: 'deals', where: open, op: '<', number: 2 }, {}, around),
    ]).toEqual([true, false, true, true]);
  });

  it('asks parts and selections', () => {
    const around: Surroundings = {
      ...NOWHERE,
      part: (name, record) =>
        record['person_id'] === '7' && name === 'person' ? { name: 'Ann' } : undefined,
      selected: (name, record) => name === 'drop' && record['person_id'] === '7',
    };
    const person: Condition = { kind: 'is', part: 'person', column: 'name', values: ['Ann'] };
    const none: Condition = { kind: 'is', part: 'person', column: 'name', values: [null] };
    const drop: Condition = { kind: 'selected', selection: 'drop' };
    const answers = ['7', '8'].map((id) =>
      [person, none, drop].map((one) => holds(one, { person_id: id }, around)),
    );
    expect(answers).toEqual([
      [true, false, true],
      [false, true, false],
    ]);
  });

  const JSON_TEXT = '{"a":{"b":[1,"x",null,true,{"c":2}]},"n":null,"":0,"length":3,"big":{}}';
  it.each<[readonly string[], Scalar]>([
    [['a', 'b', '0'], 1],
    [['a', 'b', '1'], 'x'],
    [['a', 'b', '2'], null],
    [['a', 'b', '3'], true],
    [['a', 'b', '4'], '{"c":2}'],
    [['a', 'b', '4', 'c'], 2],
    [['a', 'b', '5'], null],
    [['a', 'b', 'length'], null],
    [['a', 'b', '1', '0'], null],
    [['a', 'toString'], null],
    [['n'], null],
    [['n', 'x'], null],
    [['length'], 3],
    [['missing'], null],
    [['a', 'b'], '[1,"x",null,true,{"c":2}]'],
  ])('finds %j inside JSON: %j', (path, expected) => {
    expect(valueOf({ column: 'x', path }, { x: JSON_TEXT })).toEqual(expected);
    expect(isReadable({ column: 'x', path }, { x: JSON_TEXT })).toBe(true);
  });

  it.each(['{', ' ', 'nonsense', "{'a': 1}"])('cannot read %j as JSON', (text) => {
    const field = { column: 'x', path: ['a'] };
    expect([valueOf(field, { x: text }), isReadable(field, { x: text })]).toEqual([null, false]);
    expect(isReadable({ column: 'x' }, { x: text })).toBe(true);
  });

  it.each([null, ''])('takes %j for JSON without members', (nothing) => {
    const field = { column: 'x', path: ['a'] };
    expect([valueOf(field, { x: nothing }), isReadable(field, { x: nothing })]).toEqual([null, true]);
  });

  it('is two-valued: a condition and its negation never agree', () => {
    const value = fc.oneof(fc.constant(null), fc.string(), fc.integer(), fc.boolean(), fc.bigInt());
    const { condition } = fc.letrec<{ condition: Condition }>((tie) => ({
      condition: fc.oneof(
        { maxDepth: 3 },
        fc.record({
          kind: fc.constant('is' as const),
          column: fc.constant('x'),
          values: fc.array(value, { maxLength: 2 }),
        }),
        fc.record({
          kind: fc.constant('compare' as const),
          column: fc.constant('x'),
          op: fc.constantFrom('<' as const, '<=' as const, '>' as const, '>=' as const),
          value: fc.oneof(fc.string(), fc.integer(), fc.bigInt()),
        }),
        fc.record({
          kind: fc.constantFrom('all' as const, 'any' as const),
          of: fc.array(tie('condition'), { maxLength: 3 }),
        }),
        fc.record({ kind: fc.constant('not' as const), of: tie('condition') }),
      ),
    }));
    fc.assert(
      fc.property(condition, value, (one, x) => {
        expect(holds(not(one), { x })).toBe(!holds(one, { x }));
      }),
    );
  });
});
