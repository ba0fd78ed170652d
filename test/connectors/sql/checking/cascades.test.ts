/** What a cascade of the database may not take along unasked: rows under a `keep` policy, and rows of people. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Condition, Guarded, View } from '../../../../src/policy/policy.ts';
import { engines } from '../../../support/servers/index.ts';
import { ON } from '../../conformance/support.ts';
import { ALL, is, stage } from '../../conformance/views.ts';
import { makeBed, recordOf, relation, viewOf } from '../bed.ts';
import type { Bed } from '../bed.ts';

const FIRM = recordOf('firms', ['id'], {
  related: [
    relation('orders', { firm_id: 'id' }),
    relation('paid orders', { firm_id: 'id' }, { table: 'orders', where: is('paid', 1) }),
    relation('orders of a tenant', { firm_id: 'id' }, { table: 'orders', scope: [{ column: 'tenant', value: 1 }] }),
    relation('orders of this year', { firm_id: 'id', year: 'year' }, { table: 'orders' }),
    relation('order_lines', { order_id: 'id' }, { of: 'orders' }),
    relation('branches', { parent_id: 'id' }, { table: 'firms' }),
  ],
}); // prettier-ignore

const some = (related: string, where: Condition = ALL): Condition => ({
  kind: 'related',
  quantifier: 'exists',
  related,
  where,
});
const firm = (more: Partial<View>): View =>
  viewOf(FIRM, { acknowledgedCascades: ['bills', 'orders', 'order_lines'], ...more });
const UNIT = recordOf('units', ['id'], { related: [relation('badges', { unit_id: 'id' })] });
const unit = (more: Partial<View>): View =>
  viewOf(UNIT, { acknowledgedCascades: ['units', 'badges'], ...more });
const guard = (table: string, more: Partial<Guarded> = {}): Guarded => ({
  table,
  scope: [],
  record: 'order',
  ...more,
});
const BOOKS = [guard('orders', { keptBy: 'bookkeeping' })];

/** What is said of guarded rows, and of cascades at all. */
const CASES: readonly (readonly [string, View, readonly string[]])[] = [
  ['nothing of rows that nobody guards', firm({}), []],
  ['a statute', firm({ guarded: BOOKS }), ['keep-bypassed']],
  ['people', firm({ guarded: [guard('orders')] }), ['hold-bypassed']],
  ['people two cascades away', firm({ guarded: [guard('order_lines')] }), ['hold-bypassed']],
  ['people in a table of a pattern', firm({ guarded: [guard('order*')] }), ['hold-bypassed', 'hold-bypassed']],
  ['other records of the same type', unit({ guarded: [guard('units')] }), ['hold-bypassed']],
  ['a statute over rows of other records of the same type', unit({ guarded: [guard('badges', { keptBy: 'books' })], exempt: [some('badges')] }), ['keep-bypassed']],
  ['nothing where the record is exempt while it has such rows', firm({ guarded: BOOKS, exempt: [some('orders')] }), []],
  ['nothing further where the record is exempt', firm({ guarded: [guard('order_lines')], exempt: [some('orders')] }), []],
  ['nothing where it is anonymised instead', firm({ guarded: BOOKS, stages: [{ ...stage({ kind: 'delete' }), when: { kind: 'not', of: some('orders') } }] }), []],
  ['a statute, where the record is exempt for some of the rows', firm({ guarded: BOOKS, exempt: [some('paid orders')] }), ['keep-bypassed']],
  ['a statute, where it is exempt for rows of some kind', firm({ guarded: BOOKS, exempt: [some('orders', is('paid', 1))] }), ['keep-bypassed']],
  ['a statute, where it is exempt for rows found otherwise', firm({ guarded: BOOKS, exempt: [some('orders of this year')] }), ['keep-bypassed']],
  ['a statute, where it is exempt for rows of one tenant', firm({ guarded: BOOKS, exempt: [some('orders of a tenant')] }), ['keep-bypassed']],
  ['nothing where the kept rows are of that tenant', firm({ guarded: [guard('orders', { keptBy: 'books', scope: [{ column: 'tenant', value: 1 }] })], exempt: [some('orders of a tenant')] }), []],
  ['a statute, where rows of the same table go as dependents', firm({ guarded: BOOKS, exempt: [some('orders')], stages: [stage({ kind: 'delete' }, { related: 'branches', kind: 'delete' })] }), ['keep-bypassed']],
  ['nothing of rows that are named', firm({ guarded: [guard('orders')], stages: [stage({ kind: 'delete' }, { related: 'orders', kind: 'delete' })] }), []],
  ['an exempt record needs no acknowledgement', firm({ acknowledgedCascades: ['bills'], exempt: [some('orders')] }), []],
]; // prettier-ignore

describe.each(await engines())('cascades on %s', (engine) => {
  let bed: Bed;

  beforeAll(async () => {
    bed = await makeBed(engine, ({ big, time }) => [
      `CREATE TABLE firms (id ${big} PRIMARY KEY, parent_id ${big}, year INT, started_at ${time})`,
      `CREATE TABLE units (id ${big} PRIMARY KEY, parent_id ${big}, started_at ${time}, FOREIGN KEY (parent_id) REFERENCES units (id) ON DELETE CASCADE)`,
      `CREATE TABLE badges (id ${big} PRIMARY KEY, unit_id ${big}, FOREIGN KEY (unit_id) REFERENCES units (id) ON DELETE CASCADE)`,
      `CREATE TABLE orders (id ${big} PRIMARY KEY, firm_id ${big}, paid INT, tenant INT, year INT, FOREIGN KEY (firm_id) REFERENCES firms (id) ON DELETE CASCADE)`,
      `CREATE TABLE bills (id ${big} PRIMARY KEY, firm_id ${big}, FOREIGN KEY (firm_id) REFERENCES firms (id) ON DELETE CASCADE)`,
      `CREATE TABLE order_lines (id ${big} PRIMARY KEY, order_id ${big}, FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE)`,
    ]);
  });
  afterAll(async () => {
    await bed.close();
  });

  it('are one thing to do for each table that rows go from, and one name can stand for many', async () => {
    const messages = async (...acknowledgedCascades: readonly string[]): Promise<readonly string[]> =>
      (await bed.connect().check([viewOf(FIRM, { acknowledgedCascades })], ON)).findings
        .filter((one) => one.code === 'cascade')
        .map((one) => `${one.message} ${one.remedy}`);
    const [first, ...others] = await messages();
    expect(first).toMatch(
      /rows of bills \(firm_id\), orders \(firm_id\) with those of firms.*\[bills, orders\]/,
    );
    expect(others).toHaveLength(1);
    expect(await messages('b*', 'order*')).toEqual([]);
    expect(await messages('order#', 'orders', 'bills')).toHaveLength(1);
  });

  it.each(CASES)('%s', async (_, view, codes) => {
    const { findings } = await bed.connect().check([view], ON);
    const told = findings.map((one) => one.code).filter((code) => /bypassed|cascade/.test(code));
    expect(told).toEqual(codes);
  });
});
