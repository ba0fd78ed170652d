// The demo believes what it sees in the databases, so it must see what is there.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { demoData } from '../../src/demo/data.ts';
import { demoFile, lookAt, seedDemo } from '../../src/demo/seed.ts';
import { openSqlite } from '../support/servers/clients.ts';
import { cellText } from './oracle.ts';

const { databases, edgeCases } = demoData();
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'frist-demo-'));
  await seedDemo(folder);
});
afterAll(() => rm(folder, { recursive: true }));

it('the files hold the data, cell by cell', async () => {
  for (const { database, tables } of databases) {
    const client = openSqlite(demoFile(folder, database));
    for (const { name, columns, rows } of tables) {
      const found = await client.query(`select ${columns.join(', ')} from ${name}`);
      const cells = found.map((row) => columns.map((column) => cellText(row[column])).join('|'));
      const wanted = rows.map((row) => row.map(cellText).join('|'));
      expect([name, cells.sort()]).toEqual([name, wanted.sort()]);
    }
    await client.close();
  }
});

it('an edge case’s row is untouched, changed in these columns, or gone', async () => {
  expect(new Set((await lookAt(folder, edgeCases)).map((left) => left.is))).toEqual(new Set(['untouched']));
  const chat = openSqlite(demoFile(folder, 'chat'));
  const [first, second] = edgeCases.filter((edge) => edge.database === 'chat');
  await chat.query(`update conversations set page = '', visitor_name = null where id = ?`, first!.key);
  await chat.query('delete from messages where conversation_id = ?', second!.key);
  await chat.query('delete from conversations where id = ?', second!.key);
  await chat.close();
  expect(await lookAt(folder, [first!, second!])).toEqual([
    { is: 'changed', columns: ['visitor_name', 'page'] },
    { is: 'gone' },
  ]);
});
