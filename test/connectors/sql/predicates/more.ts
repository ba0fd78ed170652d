/** What is due, on tables of their own: bounds of a scan, keys that repeat, keys of any case, cascades. */
import assert from 'node:assert/strict';
import type { StartTree, View, Window } from '../../../../src/policy/policy.ts';
import type { Engine } from '../../../support/servers/index.ts';
import { scanAll, ON } from '../../conformance/support.ts';
import { is, stage, startAt } from '../../conformance/views.ts';
import { recordOf, relation, viewOf } from '../bed.ts';
import { erase, ids, inBed } from './bed.ts';
import type { Create, Scenario } from './bed.ts';

const OLD = 1_500_000_000;
const YOUNG = 1_700_000_000;
const AHEAD = 2_000_000_000;
/** Written where it has not come yet. */
const OPEN = 1_700_000_007;
const LONG_AGO = 86_400;
const WINDOWS: readonly Window[] = [0, 1].map((index) => ({ index, dueBefore: '1600000000', aheadAfter: '1900000000' })); // prettier-ignore

type Moment = number | null;
const PAIRS: readonly (readonly [Moment, Moment])[] = [
  [OLD, OLD], [OLD, YOUNG], [YOUNG, OLD], [YOUNG, YOUNG], [null, YOUNG], [YOUNG, null], [null, OLD], [YOUNG, AHEAD],
  [YOUNG, LONG_AGO], [OPEN, OLD], [OPEN, YOUNG], [null, null], [AHEAD, OLD], [0, YOUNG], [1_600_000_000, 1_600_000_000],
]; // prettier-ignore

const epoch = (column: string): View['starts'][number] =>
  startAt(column, { encoding: { kind: 'epoch seconds' }, notYet: [String(OPEN)] });
const both = (kind: 'latest of' | 'first known of'): StartTree => ({
  kind,
  of: [
    { kind: 'column', index: 0 },
    { kind: 'column', index: 1 },
  ],
});

async function bounding(engine: Engine, create: Create): Promise<void> {
  for (const index of ['', 'CREATE INDEX by_first ON visit (first_at)'])
    await inBed(
      engine,
      ({ big }) => [
        `CREATE TABLE visit (id ${big} PRIMARY KEY, first_at ${big}, last_at ${big})`,
        ...PAIRS.map((pair, i) => `INSERT INTO visit VALUES (${String(i + 1)}, ${pair.map(String).join(', ')})`),
        ...(index === '' ? [] : [index]),
      ],
      create,
      async (bed) => {
        const starts = [epoch('first_at'), epoch('last_at')];
        const found = async (startTree: StartTree): Promise<string> =>
          ids(await scanAll(bed.connect({ pageSize: 2 }), viewOf(recordOf('visit', ['id']), { starts, startTree }), WINDOWS)); // prettier-ignore
        // Left out: whose first is plainly young. A value that means "not yet" is let through, or by the index left out.
        assert.equal(await found({ kind: 'column', index: 0 }), '1 2 5 7 12 13 14 15');
        if (index !== '') return;
        assert.equal(await found(both('latest of')), '1 7 8 9 10 12 13 14 15');
        assert.equal(await found(both('first known of')), '1 2 7 10 11 12 13 14 15');
      },
    ); // prettier-ignore
}

async function repeating(engine: Engine, create: Create): Promise<void> {
  await inBed(
    engine,
    ({ time }) => [
      `CREATE TABLE visit (ip VARCHAR(20), page INT, kind VARCHAR(9), started_at ${time})`,
      "INSERT INTO visit VALUES ('a', 1, 'x', '2020-01-01'), ('a', 1, 'x', '2020-01-02'), ('b', 1, 'x', '2020-01-01'), ('b', 1, 'y', '2020-01-01'), ('d', 1, 'y', '2020-01-01'), ('d', 1, 'x', '2020-01-01'), (NULL, 1, 'x', '2020-01-01'), (NULL, 2, 'y', '2020-01-01')",
    ],
    create,
    async (bed) => {
      const view = viewOf(recordOf('visit', ['ip', 'page'], { repeats: true }), { where: is('kind', 'x') });
      const keys = [['a', '1'], ['b', '1'], ['d', '1'], ['\0', '1'], ['\0', '2'], ['a', '2']]; // prettier-ignore
      assert.equal((await scanAll(bed.connect({ pageSize: 1 }), view)).length, 4);
      assert.equal((await bed.connect().read(view, keys, ON)).length, 5);
      const { outcomes } = await erase(bed.connect(), view, keys);
      assert.deepEqual(outcomes, ['erased', 'changed', 'changed', 'erased', 'changed', 'already-absent']);
      const left = (await bed.rows('visit')).map((row) => row.split('|').slice(0, 3).join());
      assert.deepEqual(left, ['b,1,x', 'b,1,y', 'd,1,x', 'd,1,y', 'null,2,y']);
    },
  );
}

/** A key whose column takes capitals for small letters. */
async function spelling(_: Engine, create: Create): Promise<void> {
  const made = [
    'CREATE TABLE tag (name VARCHAR(9) COLLATE NOCASE PRIMARY KEY, started_at DATETIME)',
    'CREATE TABLE tagged (id INTEGER PRIMARY KEY, tag VARCHAR(9), other VARCHAR(9))',
    "INSERT INTO tag (name) VALUES ('abc'), ('DEF')",
    "INSERT INTO tagged VALUES (1, 'abc', 'x'), (2, 'ABC', 'x'), (3, 'def', 'x')",
  ];
  await inBed(
    'sqlite',
    () => made,
    create,
    async (bed) => {
      const record = recordOf('tag', ['name'], { related: [relation('tagged', { tag: 'name' })] });
      const view = viewOf(record, { stages: [stage({ kind: 'delete' }, { related: 'tagged', kind: 'delete' })] }); // prettier-ignore
      assert.deepEqual(await bed.connect().read(view, [['def'], ['ABC']], ON), []);
      const { outcomes } = await erase(bed.connect(), view, [['abc'], ['def']]);
      assert.deepEqual(outcomes, ['erased', 'already-absent']);
      assert.deepEqual(await bed.rows('tagged'), ['2|ABC|x', '3|def|x']);
    },
  );
}

async function cascading(engine: Engine, create: Create): Promise<void> {
  await inBed(
    engine,
    ({ big, time }) => [
      `CREATE TABLE people (id ${big} PRIMARY KEY, status VARCHAR(9), started_at ${time})`,
      `CREATE TABLE orders (id ${big} PRIMARY KEY, person_id ${big}, FOREIGN KEY (person_id) REFERENCES people (id) ON DELETE CASCADE)`,
      `CREATE TABLE items (id ${big} PRIMARY KEY, order_id ${big}, FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE SET NULL)`,
      "INSERT INTO people VALUES (1, 'lead', NULL), (2, 'hired', NULL), (3, 'lead', NULL)",
      'INSERT INTO orders VALUES (1, 1), (2, 1), (3, 2), (4, 3)',
      'INSERT INTO items VALUES (1, 1), (2, 2), (3, 3), (4, 4)',
    ],
    create,
    async (bed) => {
      const view = viewOf(recordOf('people', ['id']), {
        where: is('status', 'lead'),
        acknowledgedCascades: ['orders', 'items'],
      });
      const { dependents } = await erase(bed.connect(), view, [['1'], ['2']]);
      const told = [...dependents].map(([name, { deleted, detached }]) => `${name} ${String(deleted)} ${String(detached)}`); // prettier-ignore
      assert.deepEqual(told.sort(), ['items 0 2', 'orders 2 0']);
      assert.deepEqual(await bed.rows('items'), ['1|null', '2|null', '3|3', '4|4']);
    },
  );
}

/** A part that is found by a piece of the key, so that several records have it. */
async function sharing(engine: Engine, create: Create): Promise<void> {
  await inBed(
    engine,
    ({ big, time }) => [
      `CREATE TABLE seat (org ${big}, id ${big}, started_at ${time}, PRIMARY KEY (org, id))`,
      `CREATE TABLE chair (id ${big} PRIMARY KEY, colour VARCHAR(9))`,
      'INSERT INTO seat (org, id) VALUES (1, 1), (2, 1), (1, 2), (1, 3)',
      "INSERT INTO chair VALUES (1, 'red'), (2, 'red'), (3, 'red')",
    ],
    create,
    async (bed) => {
      const parts = [{ name: 'chair', table: 'chair', match: [{ theirs: 'id', ours: 'id' }], scope: [] }];
      const view = viewOf(recordOf('seat', ['org', 'id'], { parts }));
      const keys = [['1', '1'], ['1', '2']]; // prettier-ignore
      assert.deepEqual((await erase(bed.connect(), view, keys)).outcomes, ['erased', 'erased']);
      assert.deepEqual(await bed.rows('chair'), ['1|red', '3|red']);
      assert.deepEqual(await bed.connect().verify(view, 0, keys, ON), ['gone', 'gone']);
      await bed.query("INSERT INTO chair VALUES (2, 'blue')");
      assert.deepEqual(await bed.connect().verify(view, 0, keys, ON), ['gone', 'present']);
    },
  );
}

export const MORE: readonly Scenario[] = [
  { name: 'what a scan leaves out by its bounds', run: bounding },
  { name: 'several rows that are one record', run: repeating },
  { name: 'keys in another spelling', only: 'sqlite', run: spelling },
  { name: 'a part that several records have', run: sharing },
  { name: 'rows that the database itself deletes', run: cascading },
];
