/**
 * What the connector has to make of the world, one scenario for each way in which it asks or erases. A scenario throws
 * where something is not as it must be: so it can be tried on connectors that are wrong on purpose.
 */
import assert from 'node:assert/strict';
import type { BatchResult, Connector } from '../../../../src/connectors/connector.ts';
import { SourceFailure } from '../../../../src/connectors/connector.ts';
import type { FileRoot } from '../../../../src/connectors/files/root.ts';
import type { Condition, Dependent, View } from '../../../../src/policy/policy.ts';
import type { Engine } from '../../../support/servers/index.ts';
import { ON, scanAll } from '../../conformance/support.ts';
import { is, not, relatedRows, stage, startAt } from '../../conformance/views.ts';
import { viewOf } from '../bed.ts';
import type { Bed } from '../bed.ts';
import { erase, ids, inBed } from './bed.ts';
import type { Create, Scenario } from './bed.ts';
import { MORE } from './more.ts';
import { DEPENDENTS, ENTRY, EXEMPT, INSIDE, OF_KEY, TABLES, WHERE, tables } from './world.ts';

const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12', '99'].map((id) => [id]);

const ERASING = stage({ kind: 'delete' }, ...DEPENDENTS);
const PHOTOS = { root: '/photos', path: [{ column: 'photo' }] };

const VIEW: View = viewOf(ENTRY, {
  conditions: [INSIDE],
  where: WHERE,
  exempt: EXEMPT,
  stages: [{ ...ERASING, files: PHOTOS }],
});

const count = (related: string, op: '<' | '>=', number: number, where: Condition = { kind: 'all', of: [] }): Condition =>
  ({ kind: 'count', related, op, number, where }); // prettier-ignore

/** Each with the entries that meet it, of 1, 2 and 5 to 12. */
const TRUTHS: readonly (readonly [string, Condition, string])[] = [
  ['rows of rows, in scope, and of the kind', relatedRows('exists', 'history'), '1 2 12'],
  ['rows three steps away', relatedRows('exists', 'remarks', is('body', 'odd', 'voided', 'other site', 'other job')), '1'],
  ['no row', relatedRows('none', 'payments'), '2 6 7 8 9 10 11 12'],
  ['every row', relatedRows('every', 'history', is('job_id', 70)), '2 5 6 7 8 9 10 11'],
  ['rows of rows counted once', count('history', '>=', 3), ''],
  ['rows of rows that meet something, counted', count('history', '>=', 1, is('job_id', 70)), '1 2'],
  ['rows counted in their scope', count('memberships', '>=', 3), '1'],
  ['not a number, and NULL is not', not(is('score', 5)), '9'],
  ['not less than a number, and NULL is not', not({ kind: 'compare', column: 'score', op: '<', value: 9 }), '9'],
  ['NULL', is('status', null), '9'],
  ['a value or NULL', is('status', 'hired', null), '2 9'],
  ['in a part, in its scope', { kind: 'is', part: 'person', column: 'consent', values: ['yes'] }, '6'],
  ['not in a part', not({ kind: 'is', part: 'person', column: 'consent', values: ['yes'] }), '1 2 5 7 8 9 10 11 12'],
  ['in a part of a part, in its scope', { kind: 'is', part: 'address', column: 'street', values: ['Canary street', 'Office'] }, '1'],
  ['selected', { kind: 'selected', selection: 'dropped' }, '1'],
  ['not selected', not({ kind: 'selected', selection: 'dropped' }), '2 5 6 7 8 9 10 11 12'],
  ['all of two', { kind: 'all', of: [is('status', 'rejected'), relatedRows('exists', 'links')] }, '1'],
  ['any of two', { kind: 'any', of: [is('status', 'hired'), relatedRows('exists', 'links')] }, '1 2'],
  ['a filtered relation two steps away', relatedRows('exists', 'bookings', is('id', 1, 2)), '1'],
  ['every booking', relatedRows('every', 'bookings', is('cancelled', 0)), '1 2 5 6 7 8 9 10 11 12'],
  ['either of two columns', relatedRows('exists', 'messages', is('id', 2)), '1 2'],
  ['a number in a text', relatedRows('exists', 'log lines', is('id', 1, 3, 4, 5)), '1'],
  ['whatever the case', relatedRows('exists', 'optouts'), '1 2 10'],
  ['to the byte', relatedRows('exists', 'mails', is('id', 2)), ''],
  ['a constant to the byte', relatedRows('exists', 'mails', is('address', 'anna@x.dk')), ''],
  ['by its digits', relatedRows('exists', 'codes', is('id', 2, 3)), ''],
  ['a discriminator', relatedRows('exists', 'notes', is('id', 2)), ''],
  ['rows inside rows', relatedRows('exists', 'memberships', relatedRows('exists', 'history', is('job_id', 71))), '1'],
]; // prettier-ignore

const READ: View = viewOf(ENTRY, {
  starts: [
    startAt('started_at'),
    startAt('at', { maxOf: { related: 'history', where: is('job_id', 70, 74) } }),
    startAt('at', { maxOf: { related: 'history', where: is('job_id', 74) }, whenNull: 'not yet' }),
    startAt('at', { minOf: { related: 'history', where: is('job_id', 71, 74) } }),
  ],
  conditions: TRUTHS.map(([, condition]) => condition),
});

/** All rows of all tables. */
async function dump(bed: Bed): Promise<Readonly<Record<string, readonly string[]>>> {
  const found: [string, readonly string[]][] = [];
  for (const table of TABLES) found.push([table, await bed.rows(table)]);
  return Object.fromEntries(found);
}

/** What is removed is written down, and nothing is. */
function withFiles(create: Create, removed: string[]): Create {
  const openRoot = (): FileRoot => ({
    state: () => Promise.resolve('there'),
    remove: (paths) => {
      removed.push(...paths);
      return Promise.resolve(paths.map(() => 'removed'));
    },
  });
  return (context, options) => create(context, { ...options, openRoot });
}

async function inWorld(
  engine: Engine,
  create: Create,
  act: (bed: Bed) => Promise<void>,
  first: readonly string[] = [],
): Promise<void> {
  await inBed(engine, (types) => [...first, ...tables(engine)(types)], create, act);
}

const ERASED = 'changed absent erased';
const shown = ({ outcomes }: BatchResult): string =>
  outcomes
    .map((one) => (one === 'already-absent' ? 'absent' : one))
    .map((one) => (typeof one === 'string' && ERASED.includes(one) ? one : 'odd'))
    .join(' ');

const without = (rows: readonly string[] | undefined, ...gone: readonly number[]): readonly string[] =>
  (rows ?? []).filter((row) => !gone.map(String).includes(row.split('|')[0] ?? ''));

async function reading(engine: Engine, create: Create): Promise<void> {
  await inWorld(engine, create, async (bed) => {
    const connector = bed.connect({ pageSize: 3 });
    const facts = await scanAll(connector, READ);
    assert.equal(ids(facts), '1 2 5 6 7 8 9 10 11 12');
    for (const [i, [name, , met]] of TRUTHS.entries())
      assert.equal(ids(facts.filter((one) => one.truths[i] === true)), met, name);
    const days = facts.map((one) => [one.key[0], ...one.starts.slice(1).map((at) => at?.slice(0, 10) ?? '-')].join(' ')); // prettier-ignore
    assert.deepEqual(
      days.filter((one) => !one.endsWith(' - - -')),
      ['1 2020-01-01 - 2020-03-03', '2 2019-05-05 - -', '12 2021-01-01 - 2021-01-01'],
    );
    const people = facts.map(({ key, subjects }) => [key[0], ...subjects.map((one) => one ?? '-')].join(' '));
    assert.deepEqual(
      people.filter((one) => !/ p\d/.test(one)),
      ['1 Anna@x.dk -', '2 bo@x.dk 70', '10 bo@x.dk 73', '12 - 74'],
    );
    assert.equal(ids(await connector.read(READ, KEYS, ON)), '1 2 5 6 7 8 9 10 11 12');
    assert.deepEqual(await connector.read(READ, [['01'], ['1.0'], ['x'], ['']], ON), []);
  });
}

async function choosing(engine: Engine, create: Create): Promise<void> {
  await inWorld(engine, create, async (bed) => {
    const connector = bed.connect({ pageSize: 2 });
    // Who is exempt is handed out, to be counted; so is what cannot be read, whatever is asked of it.
    assert.equal(ids(await scanAll(connector, VIEW)), '1 5 6 7 10 12');
    const unreadable = (await scanAll(connector, VIEW)).filter((one) => one.unreadable !== undefined);
    assert.equal(ids(unreadable), '7');
    assert.deepEqual(await connector.count(VIEW, ON), { population: 10, matching: 6 });
    const inside: Condition = { kind: 'is', column: 'doc', path: ['b'], values: [9] };
    const around = viewOf(ENTRY, { conditions: ['memos', 'payments'].map((name) => relatedRows('exists', name, inside)) }); // prettier-ignore
    const broken = (await scanAll(connector, around)).filter((one) => one.unreadable !== undefined);
    assert.equal(ids(broken), '8');
    const hidden = viewOf(ENTRY, { where: { kind: 'all', of: [is('status', 'hired'), INSIDE] } });
    assert.equal(ids(await scanAll(connector, hidden)), '7');
    assert.deepEqual(await connector.count(hidden, ON), { population: 10, matching: 1 });
    assert.equal(ids(await connector.lookup(VIEW, 0, ['bo@x.dk', 'p3@x.dk', 'p4@x.dk'], ON)), '2 10');
    assert.equal(await connector.find(ENTRY, 'email', 'BO@x.dk'), 2);
    assert.equal(await connector.find(ENTRY, 'email', 'p4@x.dk'), 0);
  });
}

const COUNTS = {
  remarks: 2, history: 4, memberships: 5, notes: 1, memos: 2, messages: 3, points: 1, minutes: 1, events: 1, links: 4, 'log lines': 2, optouts: 2, mails: 1, codes: 1, invoices: 1,
}; // prettier-ignore

async function erasing(engine: Engine, create: Create, first: readonly string[] = []): Promise<void> {
  const removed: string[] = [];
  await inWorld(
    engine,
    withFiles(create, removed),
    async (bed) => {
      const connector = bed.connect();
      const before = await dump(bed);
      const foreseen = await connector.dependents(VIEW, 0, [['1'], ['10'], ['12']], ON);
      assert.deepEqual(Object.fromEntries(foreseen), COUNTS);
      const result = await erase(connector, VIEW, KEYS);
      assert.equal(shown(result), 'erased changed absent absent changed changed changed changed changed erased changed erased absent'); // prettier-ignore
      const sums = [...result.dependents].map(([name, one]) => [name, one.deleted + one.anonymised + one.detached + one.kept] as const); // prettier-ignore
      assert.deepEqual(Object.fromEntries(sums), { ...COUNTS, '': 0 });
      assert.deepEqual(result.dependents.get('')?.files, { removed: 1, missing: 0, shared: 1, refused: 0 });
      assert.deepEqual(removed, ['one.jpg']);
      const after = {
        ...before,
        entry: without(before['entry'], 1, 10, 12),
        person: without(before['person'], 1),
        address: without(before['address'], 1),
        membership: without(before['membership'], 1, 2, 14, 9, 11),
        history: without(before['history'], 1, 2, 9, 10),
        remark: without(before['remark'], 1, 6),
        note: without(before['note'], 1),
        memo: before['memo']?.map((row) => row.replace(/^(1)\|1\|words/, '$1|1|of 1').replace('4|10|words', '4|10|of 10')), // prettier-ignore
        message: ['1|null|2', '2|2|null', '3|null|null', '4|2|3'],
        link: without(before['link'], 1, 2, 4, 5),
        event: without(before['event'], 1),
        minute: without(before['minute'], 1),
        point: without(before['point'], 1),
        log: without(before['log'], 1, 2),
        optout: [],
        mail: without(before['mail'], 1),
        code: without(before['code'], 1),
      };
      assert.deepEqual(await dump(bed), after);
      await looking(bed, connector);
    },
    first,
  );
}

/** A look at what was erased, and at what comes after. */
async function looking(bed: Bed, connector: Connector): Promise<void> {
  const seen = await connector.verify(VIEW, 0, [['1'], ['10'], ['2'], ['99']], ON);
  assert.deepEqual(seen, ['gone', 'gone', 'present', 'gone']);
  await bed.query('INSERT INTO note VALUES (90, 1, 100, 0), (91, 10, 200, 0), (92, 12, 100, 1)');
  const again = await connector.verify(VIEW, 0, [['1'], ['10'], ['12']], ON);
  assert.deepEqual(again, ['present', 'gone', 'gone']);
}

async function deciding(engine: Engine, create: Create): Promise<void> {
  const removed: string[] = [];
  await inWorld(engine, withFiles(create, removed), async (bed) => {
    const before = await dump(bed);
    const result = await erase(bed.connect(), VIEW, KEYS, { stillDue: (facts) => facts.map(() => false) });
    assert.equal(result.outcomes.includes('erased'), false);
    assert.deepEqual(await dump(bed), before);
    // One of a record's rows is not due: none goes, and none that belongs to it.
    const some = await erase(bed.connect(), VIEW, KEYS, { stillDue: (facts) => facts.map((one) => one.key[0] === '12') }); // prettier-ignore
    assert.equal(some.outcomes.filter((one) => one === 'erased').length, 1);
    assert.equal((await bed.rows('entry')).length, 11);
    assert.deepEqual(removed, []);
    assert.equal((await bed.rows('note')).length, 4);
  });
}

const EMPTYING: View = viewOf(ENTRY, {
  where: is('status', 'rejected', 'hired'),
  stages: [
    {
      ...stage(
        {
          kind: 'anonymise',
          set: [
            { column: 'photo', with: { kind: 'constant', value: null } },
            { part: 'person', column: 'name', with: { kind: 'placeholder', template: 'P{key}' } },
          ],
        },
        { related: 'memos', kind: 'anonymise', set: OF_KEY, where: is('doc', null) },
        { related: 'notes', kind: 'delete', where: is('secret', 0) },
      ),
      when: relatedRows('exists', 'invoices'),
    },
  ],
});

async function emptying(engine: Engine, create: Create, first: readonly string[] = []): Promise<void> {
  await inWorld(
    engine,
    create,
    async (bed) => {
      const connector = bed.connect();
      const done = async (): Promise<string> =>
        ids((await scanAll(connector, EMPTYING)).filter((one) => one.done[0] === true));
      // Those that have no photo, no such memo and no such note, and no person in scope.
      assert.equal(await done(), '12');
      const before = await dump(bed);
      const result = await erase(connector, EMPTYING, KEYS);
      assert.equal(shown(result), 'erased erased absent absent changed changed changed changed changed changed changed changed absent'); // prettier-ignore
      assert.deepEqual(await dump(bed), {
        ...before,
        entry: before['entry']?.map((row) => row.replace('one.jpg', 'null').replace(/^(2\|.*)two\.jpg/, '$1null')), // prettier-ignore
        // The person of entry 2 is that of entry 10 too.
        person: before['person']?.map((row) => row.replace('Canary', 'P1')),
        note: without(before['note'], 1, 3),
        memo: before['memo']?.map((row) => row.replace(/^1\|1\|words/, '1|1|of 1').replace(/^2\|2\|words/, '2|2|of 2')), // prettier-ignore
      });
      assert.equal(await done(), '1 12');
      await bed.query("INSERT INTO memo VALUES (50, 1, 'more', '{}')");
      assert.equal(await done(), '1 12');
      await bed.query("UPDATE entry SET photo = 'new.jpg' WHERE id = 12");
      assert.equal(await done(), '1');
      await bed.query("INSERT INTO memo VALUES (51, 1, 'more', NULL)");
      assert.equal(await done(), '');
    },
    first,
  );
}

/** Something happens when the batch deletes from a table; nothing of the batch may stay. */
async function meanwhile(bed: Bed, view: View, on: string, happens: string, code: string): Promise<void> {
  await bed.query(`CREATE TRIGGER meanwhile AFTER DELETE ON ${on} WHEN OLD.id = 1 BEGIN ${happens}; END`);
  const before = await dump(bed);
  const failure = await erase(bed.connect(), view, [['1']]).catch((error: unknown) => error);
  assert.ok(failure instanceof SourceFailure, `${happens}: nobody minded`);
  assert.equal(failure.code, code, happens);
  assert.deepEqual(await dump(bed), before);
  await bed.query('DROP TRIGGER meanwhile');
}

const going = (...names: readonly string[]): readonly Dependent[] =>
  names.map((related) => ({ related, kind: 'delete' }));
const NOTES = viewOf(ENTRY, {
  where: is('status', 'rejected'),
  exempt: EXEMPT,
  conditions: [INSIDE],
  stages: [{ ...stage({ kind: 'delete' }, ...going('notes')), when: relatedRows('exists', 'invoices') }],
});
/** The record had memberships, and the batch deletes them: what else was asked is asked again all the same. */
const TURNED = viewOf(ENTRY, {
  ...NOTES,
  where: WHERE,
  stages: [{ ...stage({ kind: 'delete' }, ...going('notes', 'memberships')), when: relatedRows('exists', 'invoices') }],
}); // prettier-ignore
const CHAIN = viewOf(ENTRY, { stages: [stage({ kind: 'delete' }, ...going('notes', 'bookings', 'remarks', 'history', 'memberships'))] }); // prettier-ignore

const CHANGES: readonly (readonly [string, string])[] = [
  ['the status', "UPDATE entry SET status = 'hired' WHERE id = 1"],
  ['the tenant', 'UPDATE entry SET site = 8 WHERE id = 1'],
  ['the kind', "UPDATE entry SET kind = 'contact' WHERE id = 1"],
  ['an exemption', 'INSERT INTO payment VALUES (9, 7, 1, 1, NULL)'],
  ['an exemption in a part', "UPDATE person SET consent = 'yes' WHERE id = 1"],
  ['what the stage demands', 'DELETE FROM invoice WHERE entry_id = 1'],
  ['broken JSON', "UPDATE entry SET doc = '{' WHERE id = 1"],
];

async function changing(_: Engine, create: Create): Promise<void> {
  await inWorld('sqlite', create, async (bed) => {
    for (const view of [NOTES, TURNED])
      for (const [, happens] of CHANGES) await meanwhile(bed, view, 'note', happens, 'CHANGED_MEANWHILE');
    // What the batch itself has made untrue was answered before.
    assert.deepEqual((await erase(bed.connect(), TURNED, [['1']])).outcomes, ['erased']);
  });
}

/** Rows on the way to those that are deleted are given to somebody else. */
async function givingAway(_: Engine, create: Create): Promise<void> {
  const away = [
    ['note', 'UPDATE membership SET entry_id = 2 WHERE id = 2'],
    ['note', 'UPDATE membership SET site = 8 WHERE id = 2'],
    ['note', 'UPDATE membership SET job_id = 99 WHERE id = 2'],
    ['note', 'UPDATE history SET voided = 1 WHERE id = 2'],
    ['note', 'UPDATE link SET entry_id = 2 WHERE id = 4'],
    ['remark', 'UPDATE membership SET entry_id = 2 WHERE id = 2'],
    ['remark', 'UPDATE membership SET site = 8 WHERE id = 2'],
    ['remark', 'UPDATE membership SET job_id = 99 WHERE id = 2'],
  ] as const;
  await inWorld('sqlite', create, async (bed) => {
    for (const [on, happens] of away) await meanwhile(bed, CHAIN, on, happens, 'DEPENDENTS_ARRIVED');
  });
}

async function arriving(_: Engine, create: Create): Promise<void> {
  const late = 'INSERT INTO note VALUES (90, 1, 100, 0)';
  await inWorld('sqlite', withFiles(create, []), async (bed) => {
    await meanwhile(bed, VIEW, 'entry', late, 'DEPENDENTS_ARRIVED');
    await meanwhile(bed, VIEW, 'entry', 'DELETE FROM invoice WHERE entry_id = 1', 'KEPT_ROWS_CHANGED');
    // Of another kind, and so none of the batch's business.
    await bed.query('CREATE TRIGGER meanwhile AFTER DELETE ON entry BEGIN INSERT INTO note VALUES (90, 1, 200, 0); END'); // prettier-ignore
    assert.deepEqual((await erase(bed.connect(), VIEW, [['1']])).outcomes, ['erased']);
  });
}

export const SCENARIOS: readonly Scenario[] = [
  { name: 'what is read of a record', run: reading },
  { name: 'which records are handed out, counted and found', run: choosing },
  { name: 'what is deleted with everything that belongs to it', run: erasing },
  { name: 'what somebody says is not due', run: deciding },
  { name: 'what is emptied', run: emptying },
  { name: 'what changes in the midst of a batch', only: 'sqlite', run: changing },
  { name: 'what is given away in the midst of a batch', only: 'sqlite', run: givingAway },
  { name: 'what arrives in the midst of a batch', only: 'sqlite', run: arriving },
  ...MORE,
];
