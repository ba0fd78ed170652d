/** Every kind of replacement: what stands there afterwards, that it is known again, and that nothing else has moved. */
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Replacement, Replacements, View } from '../../../../src/policy/policy.ts';
import { engines } from '../../../support/servers/index.ts';
import { ON, batchOf, inSession, scanAll } from '../../conformance/support.ts';
import { is, stage } from '../../conformance/views.ts';
import { makeBed, recordOf, relation, viewOf } from '../bed.ts';
import type { Bed } from '../bed.ts';

let bed: Bed;
afterEach(async () => {
  await bed.close();
});

const at = (column: string, by: Replacement, ...path: readonly string[]): Replacements[number] => ({
  column,
  with: by,
  ...(path.length === 0 ? {} : { path }),
});

const SET: Replacements = [
  at('phone', { kind: 'keep first', characters: 3 }),
  at('email', { kind: 'keep domain', local: 'erased-{key}' }),
  at('email2', { kind: 'keep domain', local: 'x' }),
  at('born', { kind: 'generalise', to: 'decade' }),
  at('seen', { kind: 'generalise', to: 'month' }),
  at('joined', { kind: 'generalise', to: 'year' }),
  at('salary', { kind: 'round', to: 1000 }),
  at('debt', { kind: 'round', to: 500 }),
  at('share', { kind: 'round', to: 10 }),
];

const anonymise = async (view: View, ...keys: readonly string[]): Promise<void> => {
  const result = await inSession(
    bed.connect(),
    view,
    (session) =>
    session.erase(batchOf(view, keys.map((key) => [key])), ON), // prettier-ignore
  );
  expect(result.outcomes).toEqual(keys.map(() => 'erased'));
};

const done = async (view: View): Promise<readonly boolean[]> =>
  [...(await scanAll(bed.connect(), view))]
    .sort((a, b) => Number(a.key[0]) - Number(b.key[0]))
    .map((one) => one.done[0] === true);

const errors = async (view: View): Promise<readonly string[]> =>
  (await bed.connect().check([view], ON)).findings
    .filter((one) => one.severity === 'error')
    .map((one) => `${one.code}: ${one.message}`);

describe.each(await engines())('replacements on %s', (engine) => {
  it('are derived from what was there', async () => {
    bed = await makeBed(engine, ({ big, time }) => [
      `CREATE TABLE people (id ${big} PRIMARY KEY, phone VARCHAR(20), email VARCHAR(80), email2 VARCHAR(80), born DATE, seen ${time}, joined ${time}, salary ${big}, debt INT, share DECIMAL(9,2), started_at ${time})`,
      "INSERT INTO people VALUES (1, '+4520123456', 'jens@odd@mail.dk', 'none', '1987-06-05', '2024-05-31 23:59:59', '2024-02-29 10:00:00', 9007199254740993, -1, 19.99, NULL)",
      "INSERT INTO people VALUES (2, 'ø😀åx', '', 'a@b.dk', '1980-01-01', '2024-05-01 00:00:00', '2024-01-01 00:00:00', 1000, 0, -0.5, NULL)",
      'INSERT INTO people (id) VALUES (3)',
      "INSERT INTO people VALUES (4, '12', 'x@y.z', 'x@y.z', '1999-12-31', '2024-05-31 10:00:00', '2024-02-29 10:00:00', 1999, 999, 5, NULL)",
    ]);
    const view = viewOf(recordOf('people', ['id']), { stages: [stage({ kind: 'anonymise', set: SET })] });
    expect(await errors(view)).toEqual([]);
    // What is NULL everywhere has nothing to be derived from: it is done from the start.
    expect(await done(view)).toEqual([false, false, true, false]);
    const untouched = await bed.query('SELECT * FROM people WHERE id = 4');
    await anonymise(view, '1', '2', '3');
    const rows = (await bed.rows('people')).map((row) =>
      row.replaceAll('.00|', '|').replace(/\|(-?\d+)\.00\b/, '|$1'),
    );
    expect(rows.slice(0, 3)).toEqual([
      '1|+45|erased-1@mail.dk|x|1980-01-01|2024-05-01 00:00:00|2024-01-01 00:00:00|9007199254740000|-500|10|null',
      '2|ø😀å|erased-2|x@b.dk|1980-01-01|2024-05-01 00:00:00|2024-01-01 00:00:00|1000|0|-10|null',
      '3|null|null|null|null|null|null|null|null|null|null',
    ]);
    expect(await bed.query('SELECT * FROM people WHERE id = 4')).toEqual(untouched);
    expect(await done(view)).toEqual([true, true, true, false]);
  });

  it('look through free text, of the record and of what goes with it', async () => {
    bed = await makeBed(engine, ({ big, time, now }) => {
      const moving = engine === 'mariadb' ? `, moved TIMESTAMP DEFAULT ${now} ON UPDATE ${now}` : '';
      return [
        `CREATE TABLE people (id ${big} PRIMARY KEY, note TEXT, started_at ${time}${moving})`,
        `CREATE TABLE mails (id ${big} PRIMARY KEY, person ${big}, kind ${big}, subject VARCHAR(80), body TEXT${moving})`,
        "INSERT INTO people (id, note) VALUES (1, 'ring 20 12 34 56 or a@b.dk'), (2, NULL), (3, 'ring 20 12 34 56 or a@b.dk')",
        "INSERT INTO mails (id, person, kind, subject, body) VALUES (1, 1, 1, 'x', 'from a@b.dk'), (2, 1, 1, 'y', 'from a@b.dk and A@b.dk'), (3, 1, 2, 'z', 'c@d.dk'), (4, 2, 1, 'æ', 'nothing'), (5, 3, 1, 's', 'from a@b.dk'), (6, 1, 1, 'n', NULL)",
        ...(engine === 'mariadb' ? ["UPDATE mails SET moved = '2020-01-01 00:00:00'"] : []),
      ];
    });
    const redact: Replacement = {
      kind: 'redact',
      patterns: [{ named: 'email' }, { named: 'phone' }],
      with: '[…]',
    };
    const nothing: Replacement = { kind: 'constant', value: null };
    const related = [relation('mails', { person: 'id' })];
    const view = viewOf(recordOf('people', ['id'], { related }), {
      stages: [
        stage(
          { kind: 'anonymise', set: [at('note', redact)] },
          {
            related: 'mails',
            kind: 'anonymise',
            set: [at('subject', nothing), at('body', redact)],
            where: is('kind', 1),
          },
        ),
      ],
    });
    expect(await errors(view)).toEqual([]);
    await anonymise(view, '1', '2');
    const mails = await bed.query('SELECT id, subject, body FROM mails ORDER BY id');
    expect(mails.map((row) => Object.values(row).join('|'))).toEqual([
      '1||from […]',
      '2||from […] and […]',
      '3|z|c@d.dk',
      '4||nothing',
      '5|s|from a@b.dk',
      '6||',
    ]);
    expect((await bed.query('SELECT note FROM people ORDER BY id')).map((row) => row['note'])).toEqual([
      'ring […] or […]',
      null,
      'ring 20 12 34 56 or a@b.dk',
    ]);
    if (engine === 'mariadb')
      expect(await bed.query("SELECT id FROM mails WHERE moved <> '2020-01-01 00:00:00'")).toEqual([]);
    expect(await done(view)).toEqual([true, true, false]);
    // One address that came later is seen.
    await bed.query("UPDATE mails SET body = 'and e@f.dk' WHERE id = 6");
    expect(await done(view)).toEqual([false, true, false]);
    await anonymise(view, '1');
    expect(await done(view)).toEqual([true, true, false]);
  });

  it.each(engine === 'postgres' ? ['TEXT', 'JSON', 'JSONB'] : ['TEXT', 'JSON'])(
    'change members of JSON in a column of %s where they are',
    async (type) => {
      const documents = {
        1: '{"name": "Anna", "tags": [{"id": 7, "x": 1}, {"id": 8}], "n": {"0": {"x": 1}, "big": 1234567890123456}, "flag": true}',
        2: '{"other": 1}',
        3: null,
        4: '{"name": null, "tags": []}',
        5: '{"name": "Bo"}',
        ...(type === 'TEXT' ? { 6: 'no json {' } : {}),
      };
      const quoted = (text: string | null): string => (text === null ? 'NULL' : `'${text}'`);
      bed = await makeBed(engine, ({ big, time }) => [
        `CREATE TABLE people (id ${big} PRIMARY KEY, attribs ${type}, started_at ${time})`,
        ...Object.entries(documents).map(
          ([id, text]) => `INSERT INTO people (id, attribs) VALUES (${id}, ${quoted(text)})`,
        ),
      ]);
      const set: Replacements = [
        at('attribs', { kind: 'placeholder', template: 'erased "{key}"' }, 'name'),
        at('attribs', { kind: 'remove' }, 'tags', '0', 'id'),
        at('attribs', { kind: 'remove' }, 'n', '0', 'x'),
        at('attribs', { kind: 'constant', value: false }, 'flag'),
      ];
      const view = viewOf(recordOf('people', ['id']), { stages: [stage({ kind: 'anonymise', set })] });
      expect(await errors(view)).toEqual([]);
      expect((await done(view)).slice(0, 5)).toEqual([false, true, true, false, false]);
      await anonymise(view, '1', '2', '3', '4');
      const after = await bed.query('SELECT attribs FROM people ORDER BY id');
      const texts = after.map(({ attribs }) => (typeof attribs === 'object' && attribs !== null ? JSON.stringify(attribs) : attribs)); // prettier-ignore
      const parsed = texts
        .slice(0, 5)
        .map((text) => (typeof text === 'string' ? (JSON.parse(text) as unknown) : null));
      expect(parsed).toEqual([
        { name: 'erased "1"', tags: [{ x: 1 }, { id: 8 }], n: { 0: {}, big: 1234567890123456 }, flag: false },
        { other: 1 },
        null,
        { name: 'erased "4"', tags: [] },
        { name: 'Bo' },
      ]);
      expect((await done(view)).slice(0, 4)).toEqual([true, true, true, true]);
    },
  );

  it.each(engine === 'postgres' ? ['TEXT', 'JSON', 'JSONB'] : ['TEXT', 'JSON'])(
    'JSON for the whole of a column of %s',
    async (type) => {
      bed = await makeBed(engine, ({ big, time }) => [
        `CREATE TABLE people (id ${big} PRIMARY KEY, attribs ${type} NOT NULL, started_at ${time})`,
        `INSERT INTO people (id, attribs) VALUES (1, '{"name": "Anna"}'), (2, '[]'), (3, '{"kept":[1,"x"]}'), (4, '{"kept":"no"}')`,
      ]);
      const stages = [
        stage({ kind: 'anonymise', set: [at('attribs', { kind: 'constant', value: '{"kept":[1,"x"]}' })] }),
      ];
      const view = viewOf(recordOf('people', ['id']), { stages });
      expect(await errors(view)).toEqual([]);
      expect(await done(view)).toEqual([false, false, true, false]);
      await anonymise(view, '1', '2', '3');
      const after = await bed.query('SELECT attribs FROM people ORDER BY id');
      const parsed = after.map(({ attribs }) => (typeof attribs === 'string' ? (JSON.parse(attribs) as unknown) : attribs)); // prettier-ignore
      const kept = { kept: [1, 'x'] };
      expect(parsed).toEqual([kept, kept, kept, { kept: 'no' }]);
      expect(await done(view)).toEqual([true, true, true, false]);

      const wrong = [at('attribs', { kind: 'constant', value: '{' })] as const;
      const refused = viewOf(view.record, { stages: [stage({ kind: 'anonymise', set: wrong })] });
      // JSON of MariaDB is a text with a constraint.
      expect(await errors(refused)).toHaveLength(type === 'TEXT' || engine === 'mariadb' ? 0 : 1);
    },
  );
});
