/** Rows inside files as records: what they tell, and that not one byte but theirs is touched. */
import { statSync } from 'node:fs';
import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Connector } from '../../../src/connectors/connector.ts';
import type { Facts, View } from '../../../src/policy/policy.ts';
import { ON, pagesOf, scanAll } from '../conformance/support.ts';
import { LONG_AGO, eraseKeys, keysOf, makeBed, viewOf } from './bed.ts';
import type { Bed } from './bed.ts';
import { DELETE, NDJSON, START, keyOf, row } from './ndjson.ts';

let bed: Bed;
let connector: Connector;
beforeEach(async () => {
  bed = await makeBed();
  connector = bed.connect();
});
afterEach(async () => {
  await bed.close();
});

const scan = async (view: View): Promise<readonly Facts[]> => await scanAll(connector, view);

describe('rows of JSON', () => {
  it('are those of every file that fits, with what they and their file tell', async () => {
    await bed.put('a/1.ndjson', `${row('anna@x')}\n\n${row('bo@x', { sent_at: null })}`);
    await bed.put('b/2.ndjson', `${row('c@x', { sent_at: 12345678901234567890n.toString() })}\n`);
    const view = viewOf(NDJSON, `${START}, where: { file.desk: [a, b] }, unless: { vip: { vip: true } }, action: delete`); // prettier-ignore
    const facts = await scan(view);
    expect(facts.map((one) => [one.key, one.starts, one.subjects])).toEqual([
      [keyOf('a/1.ndjson', row('anna@x')), ['2023-01-02T03:04:05Z'], ['anna@x']],
      [keyOf('a/1.ndjson', row('bo@x', { sent_at: null })), [null], ['bo@x']],
      [keyOf('b/2.ndjson', row('c@x', { sent_at: '12345678901234567890' })), ['12345678901234567890'], ['c@x']], // prettier-ignore
    ]);
    expect(await connector.count(view, ON)).toEqual({ population: 3, matching: 3 });
  });

  it('keep whole numbers as they are written, at any depth', async () => {
    await bed.put(
      'a/1.ndjson',
      '{"n":9007199254740993,"in":{"n":9007199254740993}}\n{"n":9007199254740992}\n',
    );
    const record = "{ files: 'a/*.ndjson', rows: ndjson, subject: { number: in/n } }";
    const view = viewOf(record, 'start: { column: n, as: epoch seconds, null: unknown }, where: { n: 9007199254740993, in/n: 9007199254740993 }, action: delete'); // prettier-ignore
    expect((await scan(view)).map((one) => [one.starts, one.subjects])).toEqual([
      [['9007199254740993'], ['9007199254740993']],
    ]);
  });

  it('go, and every other byte stays: endings, blank lines, marks, what is no row', async () => {
    const kept = [
      '﻿',
      `${row('b@x')}\r\n`,
      '\n',
      ' \t\r\n',
      'no json\n',
      '[1]\n',
      '{"a":1,"a":2}\n',
      row('c@x'),
    ];
    const text = `${kept[0]!}${row('gone@x')}\r\n${kept.slice(1, 4).join('')}${row('gone@x')}\n${kept.slice(4).join('')}`;
    await bed.put('a/1.ndjson', text);
    const view = viewOf(NDJSON, DELETE);
    const facts = await scan(view);
    expect(facts.map((one) => one.unreadable)).toEqual([undefined, undefined, ['row'], ['row'], ['row'], undefined]); // prettier-ignore
    const gone = keyOf('a/1.ndjson', row('gone@x'));
    const { outcomes } = await eraseKeys(connector, view, [
      gone,
      ...keysOf(facts.filter((one) => one.unreadable)),
    ]);
    expect(outcomes).toEqual(['erased', 'changed', 'changed', 'changed']);
    expect(await bed.text('a/1.ndjson')).toBe(kept.join(''));
    expect(await connector.verify(view, 0, [gone, keyOf('a/1.ndjson', row('c@x'))], ON)).toEqual(['gone', 'present']); // prettier-ignore
    expect((await eraseKeys(connector, view, [gone])).outcomes).toEqual(['already-absent']);
  });

  it('of the same bytes are one record, and go together', async () => {
    await bed.put('a/1.ndjson', `${row('a@x')}\n${row('b@x')}\n${row('a@x')}`);
    const view = viewOf(NDJSON, DELETE);
    expect(await scan(view)).toHaveLength(2);
    expect(await connector.count(view, ON)).toEqual({ population: 2, matching: 2 });
    expect((await eraseKeys(connector, view, [keyOf('a/1.ndjson', row('a@x'))])).outcomes).toEqual([
      'erased',
    ]);
    expect(await bed.text('a/1.ndjson')).toBe(`${row('b@x')}\n`);
  });

  it('go in whatever order they are named, those among them that stand there twice', async () => {
    await bed.put('a/1.ndjson', ['a@x', 'b@x', 'c@x', 'a@x', 'b@x'].map((who) => row(who)).join('\n'));
    const keys = ['b@x', 'a@x'].map((who) => keyOf('a/1.ndjson', row(who)));
    expect((await eraseKeys(connector, viewOf(NDJSON, DELETE), keys)).outcomes).toEqual(['erased', 'erased']);
    expect(await bed.text('a/1.ndjson')).toBe(`${row('c@x')}\n`);
  });

  it('of another record type in the same file are none', async () => {
    await bed.put('a/1.ndjson', `${row('a@x', { type: 'staff' })}\n${row('b@x', { type: 'guest' })}\n`);
    const guests = viewOf(NDJSON.replace('rows: ndjson', 'rows: ndjson, where: { type: guest }'), DELETE);
    expect(await connector.count(guests, ON)).toEqual({ population: 1, matching: 1 });
    const staff = keyOf('a/1.ndjson', row('a@x', { type: 'staff' }));
    expect((await eraseKeys(connector, guests, [staff])).outcomes).toEqual(['already-absent']);
    expect(await connector.verify(guests, 0, [staff], ON)).toEqual(['gone']);
    expect(await bed.text('a/1.ndjson')).toContain('staff');
  });

  it('take their file with them where its name may say who it was, and no other', async () => {
    await bed.put('a/1.ndjson', `${row('a@x')}\n\n`);
    await bed.put('b/1.ndjson', `${row('a@x')}\nno json\n`);
    await bed.put('c/fixed.ndjson', `${row('a@x')}\n`);
    const view = viewOf(NDJSON, DELETE);
    const facts = (await scan(view)).filter((one) => one.unreadable === undefined);
    await eraseKeys(connector, view, keysOf(facts).slice(0, 2));
    expect(await bed.names()).toEqual(['b', 'c']);
    expect(await bed.text('b/1.ndjson')).toBe('no json\n');
    const fixed = viewOf(NDJSON.replace('{desk}/*.ndjson', 'c/fixed.ndjson'), DELETE);
    await eraseKeys(connector, fixed, keysOf(facts).slice(2));
    expect(await bed.text('c/fixed.ndjson')).toBe('');
  });

  it('are read in pages, and on from any of them', async () => {
    const rows = Array.from({ length: 7 }, (_, i) => row(`${String(i)}@x`));
    await bed.put('a/1.ndjson', rows.slice(0, 4).join('\n'));
    await bed.put('a/2.ndjson', rows.slice(4).join('\n'));
    const view = viewOf(NDJSON, DELETE);
    const all = (await scan(view)).map((one) => one.subjects[0]);
    expect(all).toHaveLength(7);
    const seen: unknown[] = [];
    for await (const page of pagesOf(bed.connect(2), view)) {
      seen.push(...page.facts.map((one) => one.subjects[0]));
      const rest = await scanAll(connector, view, undefined, page.cursor);
      expect([...seen, ...rest.map((one) => one.subjects[0])]).toEqual(all);
    }
  });

  it('are missed by no scan whose file is written anew meanwhile', async () => {
    const rows = Array.from({ length: 6 }, (_, i) => row(`${String(i)}@x`));
    await bed.put('a/1.ndjson', rows.join('\n'));
    const view = viewOf(NDJSON, DELETE);
    const [page] = [await bed.connect(3).scan(view, undefined, ON)[Symbol.asyncIterator]().next()];
    await eraseKeys(connector, view, [keyOf('a/1.ndjson', rows[0]!), keyOf('a/1.ndjson', rows[1]!)]);
    const rest = await scanAll(connector, view, undefined, (page.value as { cursor: string }).cursor);
    expect(rest.map((one) => one.subjects[0])).toEqual(['2@x', '3@x', '4@x', '5@x']);
  });

  it('are found by their person', async () => {
    await bed.put('a/1.ndjson', `${row('Anna@X')}\n${row('bo@x')}\n${row('anna@x')}`);
    const view = viewOf(NDJSON, DELETE);
    expect(await connector.find(view.record, 'email', 'anna@x')).toBe(2);
    expect(await connector.lookup(view, 0, ['anna@x', ''], ON)).toHaveLength(2);
  });
});

describe('rows that are anonymised', () => {
  const ANONYMISE = `${START}, action: anonymise, set: { name: null, from/address: { keep domain: gone }, text: { redact: [phone] }, born: { generalise: decade }, salary: { round to: 1000 }, zip: { keep first: 2 }, nick: { remove: true } }`; // prettier-ignore

  it('change where they say, and nowhere else', async () => {
    const line =
      '{ "name": "Anna", "from": {"address":"anna@x.dk", "n": 1.50},"text":"call 22345678","born":"1987-05-06T07:08:09+02:00","salary":-1500.5,"zip":8000, "nick":"A", "big":12345678901234567890}';
    await bed.put('a/1.ndjson', `${line}\r\n${row('b@x')}`);
    const view = viewOf(NDJSON, ANONYMISE);
    const key = keyOf('a/1.ndjson', line);
    expect((await eraseKeys(connector, view, [key])).outcomes).toEqual(['erased']);
    const done =
      '{ "name": null, "from": {"address":"gone@x.dk", "n": 1.50},"text":"call …","born":"1980-01-01T00:00:00+02:00","salary":-2000,"zip":"80", "big":12345678901234567890}';
    expect(await bed.text('a/1.ndjson')).toBe(`${done}\r\n${row('b@x')}`);
    const facts = await scan(view);
    expect(facts.map((one) => one.done)).toEqual([[true], [false]]);
    const again = keyOf('a/1.ndjson', done);
    expect(await connector.verify(view, 0, [key, again], ON)).toEqual(['gone', 'done']);
  });

  it('are those that the stage is meant for, under the last look too', async () => {
    const instead = '{ when: { owes: true }, set: { name: null } }';
    const view = viewOf(NDJSON, `${DELETE}, anonymise instead: ${instead}`);
    const rows = [row('a@x', { owes: true, name: 'A' }), row('b@x', { owes: false, name: 'B' })];
    await bed.put('a/1.ndjson', rows.join('\n'));
    const stage = view.stages.findIndex((one) => one.action.kind === 'anonymise');
    const keys = rows.map((one) => keyOf('a/1.ndjson', one));
    const { action } = view.stages[stage]!;
    expect((await eraseKeys(connector, view, keys, { stage, action })).outcomes).toEqual([
      'erased',
      'changed',
    ]);
    expect(await bed.text('a/1.ndjson')).toBe([row('a@x', { owes: true, name: null }), rows[1]].join('\n'));
    const other = view.stages.findIndex((one) => one.action.kind === 'delete');
    const left = keysOf(await scan(view));
    const deleting = { stage: other, action: view.stages[other]!.action };
    expect((await eraseKeys(connector, view, left, deleting)).outcomes).toEqual(['changed', 'erased']);
  });

  it('fail by their own where a value is nothing of the kind', async () => {
    const lines = ['{"born":"long ago"}', '{"born":"1987-05-06"}', '{"text":{"a":"b"}}', '{"salary":"much"}'];
    await bed.put('a/1.ndjson', lines.join('\n'));
    const view = viewOf(NDJSON.replace('{ email: from/address }', 'none'), ANONYMISE);
    const { outcomes } = await eraseKeys(connector, view, lines.map((line) => keyOf('a/1.ndjson', line))); // prettier-ignore
    expect(outcomes).toEqual([{ failed: 'NOT_A_DATE' }, 'erased', { failed: 'NOT_TEXT' }, { failed: 'NOT_A_NUMBER' }]); // prettier-ignore
    expect(await bed.text('a/1.ndjson')).toBe(lines.join('\n').replace('1987-05-06', '1980-01-01'));
  });
});

describe('rows of CSV', () => {
  const CSV = "{ files: 'exports/*.csv', rows: csv, separator: ';', subject: { email: E-mail } }";
  const view = (): View => viewOf(CSV, 'start: { column: Sent, as: date, null: not yet }, action: delete');
  const HEAD = '﻿"E-mail";Sent;Text\r\n';

  it('are records with quotes, and line breaks within them', async () => {
    const rows = ['a@x;2023-01-02;"He said ""hi"";\nand left"', 'b@x;;', '"c@x";2023-01-03;""'];
    await bed.put('exports/1.csv', HEAD + rows.join('\r\n'));
    expect((await connector.check([view()], ON)).findings).toEqual([]);
    const facts = await scan(view());
    expect(facts.map((one) => [one.subjects[0], one.starts[0]])).toEqual([['a@x', '2023-01-02'], ['b@x', null], ['c@x', '2023-01-03']]); // prettier-ignore
    await eraseKeys(connector, view(), [keyOf('exports/1.csv', rows[0]!), keyOf('exports/1.csv', rows[1]!)]);
    expect(await bed.text('exports/1.csv')).toBe(HEAD + rows[2]!);
  });

  it('are kept where nobody can tell where one ends, or what it says', async () => {
    const text = `${HEAD}a@x;2023-01-02;fine\nb@x;2023-01-02\nc@x;2023-01-02;5" nail\nd@x;2023-01-02;lost`;
    await bed.put('exports/1.csv', text);
    await bed.put('exports/2.csv', 'E-mail;Other\na@x;1\n');
    await bed.put('exports/3.csv', 'E-mail;Sent;Sent\na@x;2023-01-02;2023-01-02\n');
    await bed.put('exports/4.csv', `${HEAD}a@x;2023-01-02;"never closed\nb@x;2023-01-02;x\n`);
    const facts = await scan(view());
    const of = (n: number) => facts.filter((one) => one.key[0] === `exports/${String(n)}.csv`).map((one) => one.unreadable); // prettier-ignore
    expect([of(1), of(2), of(3), of(4)]).toEqual([
      [undefined, ['row'], ['row']],
      [['Sent']],
      [['row'], ['row']],
      [['row']],
    ]);
    const { outcomes } = await eraseKeys(connector, view(), keysOf(facts));
    expect(outcomes.filter((one) => one === 'erased')).toHaveLength(1);
    expect(await bed.text('exports/1.csv')).toBe(text.replace('a@x;2023-01-02;fine\n', ''));
  });

  it('are anonymised cell by cell', async () => {
    const rows = ['"a@x";2023-01-02;"tel. 22345678; or ""so"""', 'b@x;2023-01-02;'];
    await bed.put('exports/1.csv', HEAD + rows.join('\n'));
    const asked = viewOf(CSV, "start: { column: Sent, as: date, null: not yet }, action: anonymise, set: { E-mail: '', Text: { redact: [phone], with: 'x;y' } }"); // prettier-ignore
    await eraseKeys(
      connector,
      asked,
      rows.map((one) => keyOf('exports/1.csv', one)),
    );
    expect(await bed.text('exports/1.csv')).toBe(`${HEAD}"";2023-01-02;"tel. x;y; or ""so"""\n;2023-01-02;`);
    expect((await scan(asked)).map((one) => one.done)).toEqual([[true], [true]]);
  });
});

describe('check of rows', () => {
  const codes = async (view: View): Promise<readonly string[]> =>
    (await connector.check([view], ON)).findings.map((one) => `${one.severity} ${one.code}`);

  it('refuses what rows and their files do not have, and what cannot be done', async () => {
    await bed.put('a/1.ndjson', row('a@x'));
    await bed.put('a/1.csv', 'email,sent_at\n');
    expect(await codes(viewOf(NDJSON, DELETE))).toEqual([]);
    expect(await codes(viewOf(NDJSON, 'start: sent_at, action: delete'))).toEqual(['error start-null', 'error start-type']); // prettier-ignore
    expect(await codes(viewOf(NDJSON, `${START}, where: { file.owner: x }, action: delete`))).toEqual(['error unknown-column']); // prettier-ignore
    expect(await codes(viewOf(NDJSON, `${START}, action: anonymise, set: { file.name: x, name: { placeholder: 'x-{key}' }, mail: { keep domain: 'x-{key}' } }`))).toEqual(['error delete-only', 'error no-key', 'error no-key']); // prettier-ignore
    const csv = "{ files: 'a/*.csv', rows: csv, subject: { email: email } }";
    expect(await codes(viewOf(csv, DELETE))).toEqual([]);
    expect(await codes(viewOf(csv, `${START}, where: { statsu: x, email/domain: y }, action: delete`))).toEqual(['error unknown-column', 'error unknown-column']); // prettier-ignore
  });
});

describe('advice on rows', () => {
  it('tells of names that no row has', async () => {
    const asked = viewOf(NDJSON, `${START}, unless: { vip: { vpi: true } }, where: { from/adress: { not: x } }, action: anonymise, set: { name: null, from/address: '' }`); // prettier-ignore
    expect(await connector.advise([asked], ON)).toEqual([]);
    await bed.put('a/1.ndjson', `no json\n${row('a@x', { vip: true })}\n${row('b@x', { name: 'B' })}`);
    const told = (await connector.advise([asked], ON)).map((one) => [one.code, /"([^"]*)"$/.exec(one.message)?.[1]]); // prettier-ignore
    expect(told).toEqual([
      ['unseen-column', 'from/adress'],
      ['unseen-column', 'vpi'],
    ]);
  });
});

describe('a hostile file', () => {
  it('of a row without an end, of no text, of deep JSON, is kept and costs no memory', async () => {
    const long = `{"a":"${'x'.repeat(17 * 1024 * 1024)}"}\n`;
    const deep = `${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}\n`;
    await bed.put('a/1.ndjson', Buffer.concat([Buffer.from(long + deep), Buffer.from([0xff, 0xfe, 0x0a]), Buffer.from(row('a@x'))])); // prettier-ignore
    const view = viewOf(NDJSON, DELETE);
    const facts = await scan(view);
    expect(facts.map((one) => one.unreadable)).toEqual([['row'], ['row'], ['row'], undefined]);
    const size = statSync(join(bed.root, 'a/1.ndjson')).size;
    expect((await eraseKeys(connector, view, keysOf(facts))).outcomes).toEqual(['changed', 'changed', 'changed', 'erased']); // prettier-ignore
    expect(statSync(join(bed.root, 'a/1.ndjson')).size).toBe(size - row('a@x').length);
    await utimes(join(bed.root, 'a/1.ndjson'), LONG_AGO, LONG_AGO);
  });
});
