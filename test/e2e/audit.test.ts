// After a real sweep the trail answers about every applicant what became of the application, and about nobody else.
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { auditFind } from '../../src/cli/audit/find.ts';
import { loadSettings } from '../../src/config.ts';
import { demoData, HELD } from '../../src/demo/data.ts';
import { demoFile, seedDemo } from '../../src/demo/seed.ts';
import { openInquiry, type Inquiry } from '../../src/installation/inquiry.ts';
import { createLogger } from '../../src/logger.ts';
import { parsePolicies } from '../../src/policy/parse/parse.ts';
import { openSqlite } from '../support/servers/clients.ts';
import { install, ON_THE_DAY, type Ended, type Installation } from './installation.ts';
import { cellText } from './oracle.ts';
import { headOf } from './trail.ts';

const { databases } = demoData();
const applications = databases
  .find(({ database }) => database === 'ats')!
  .tables.find(({ name }) => name === 'applications')!;
const STRANGER = 'never.heard.of.her@example.com';

let place: Installation;
let policies: string;
const printed: Ended[] = [];
const frist = async (words: readonly string[]): Promise<Ended> => {
  const ended = await place.frist(words);
  printed.push(ended);
  return ended;
};

/** Every file below a folder. */
function bytesBelow(folder: string): Buffer {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
  return Buffer.concat(files.map((path) => readFileSync(path)));
}

async function openDesk(): Promise<Inquiry> {
  const settings = { file: join(place.folder, 'settings.json'), env: {} };
  const readFile = (path: string): string => readFileSync(path, 'utf8');
  return openInquiry(loadSettings({ ...settings, readFile }).settings, {
    now: Date.now,
    random: Math.random,
    randomBytes: (n) => randomBytes(n),
    sleep: () => Promise.resolve(),
    logger: createLogger({ level: 'error', format: 'json', stream: process.stderr, now: Date.now }),
    version: '0',
  });
}

interface Answer {
  readonly found: boolean;
  readonly entries: readonly { readonly entry: { readonly source?: string; readonly outcome?: string } }[];
}

beforeAll(async () => {
  const urls: Record<string, string> = {};
  place = await install(urls);
  await seedDemo(place.folder);
  for (const { database } of databases)
    urls[`FRIST_${database.toUpperCase()}`] = `sqlite:${demoFile(place.folder, database)}`;
  policies = readFileSync(join(import.meta.dirname, '../../config/policies.example.yaml'), 'utf8');
  await frist(['state', 'init']);
  await frist(['hold', 'add', '--subject', `email=${HELD.email}`, '--why', 'Case 17']);
  const { document } = await place.json(['run', ...ON_THE_DAY]);
  for (const { plan } of document.policies!) {
    const approved = await frist(['approve', plan!, '--why', 'Seen', ...ON_THE_DAY]);
    expect(approved.status).toBe(0);
  }
});
afterAll(() => place.remove());

describe('after a sweep', () => {
  it('the trail answers about each application what became of its row', async () => {
    const client = openSqlite(demoFile(place.folder, 'ats'));
    const left = new Set(
      (await client.query('select id from applications')).map((row) => cellText(row['id'])),
    );
    await client.close();
    const file = parsePolicies(policies, {
      file: 'policies',
      resolve: () => 'sqlite:x',
      kinds: ['sql'],
    }).file;
    const desk = await openDesk();
    const ask = async (asked: { subject?: string; record?: string }): Promise<Answer> => {
      let text = '';
      const [subject, record] = [asked.subject, asked.record].map((one) => (one === undefined ? [] : [one]));
      const options = { subject: subject!, record: record!, files: [file], json: true };
      await auditFind(desk, options, { out: (more) => void (text += more), err: () => undefined });
      return JSON.parse(text) as Answer;
    };
    const cell = (row: readonly unknown[], column: string): string =>
      cellText(row[applications.columns.indexOf(column)]) ?? '';
    const gone = new Map<string, number>();
    const wrong: string[] = [];
    for (const row of applications.rows) {
      const [id, email] = [cell(row, 'id'), cell(row, 'email').trim().toLowerCase()];
      const { entries } = await ask({ record: `ats.application=${id}` });
      const outcomes = entries.map(({ entry }) => entry.outcome);
      if (outcomes.join() !== (left.has(id) ? '' : 'erased')) wrong.push(`${id}: ${outcomes.join()}`);
      if (!left.has(id) && email !== '') gone.set(email, (gone.get(email) ?? 0) + 1);
    }
    expect(wrong).toEqual([]);
    expect(gone.size).toBeGreaterThan(20);
    for (const [email, count] of gone) {
      const { entries } = await ask({ subject: `email=${email.toUpperCase()}` });
      expect(entries.filter(({ entry }) => entry.source === 'ats')).toHaveLength(count);
    }
    await desk.close();
  });

  it('a search leaves nothing of what was searched, and can be repeated without the index', async () => {
    const words = ['audit', 'find', '--subject', `email=${STRANGER}`];
    const first = await frist(words);
    expect([first.status, first.stdout]).toEqual([0, expect.stringMatching(/^Nothing: /)]);
    const desk = await openDesk();
    await desk.index.drop();
    await desk.close();
    expect(await frist(words)).toEqual(first);
    const below = bytesBelow(place.folder);
    expect(below.includes(STRANGER)).toBe(false);
    expect(below.includes('never.heard')).toBe(false);
    for (const { stdout, stderr } of printed) expect(`${stdout}${stderr}`).not.toContain(STRANGER);
  });

  it('a receipt is checked with nothing but the public key', async () => {
    const [, , email] = applications.rows[0]!;
    const file = join(place.folder, 'receipt.json');
    const proving = ['audit', 'prove', '--subject', `email=${String(email)}`, '--out', file];
    const { verifierKey } = JSON.parse((await frist([...proving, '--json'])).stdout) as {
      readonly verifierKey: string;
    };
    const bare = await install({});
    const check = (key: string): Promise<Ended> =>
      bare.frist(['audit', 'prove', '--check', file, '--key', key]);
    const checked = await check(verifierKey);
    expect([checked.status, checked.stderr]).toEqual([0, '']);
    expect(checked.stdout).toContain(`who     email=${String(email)}`);
    const other = await check(`${verifierKey.slice(0, -8)}AAAAAAA=`);
    expect([other.status, other.stdout]).toEqual([1, '']);
    await bare.remove();
  });

  it('the list has as many entries as the trail, and those of a run', async () => {
    const all = (await frist(['audit', 'list', '--format', 'ndjson'])).stdout.split('\n').slice(0, -1);
    expect(all).toHaveLength(headOf(join(place.folder, 'data/audit')).size);
    const records = all.filter((line) => line.includes('"type":"record"'));
    const openings = all.filter((line) => line.includes('"type":"batch-opened"'));
    const runs = new Set(openings.map((line) => /"run":"([^"]+)"/.exec(line)![1]!));
    let listed = 0;
    for (const run of runs) {
      const { stdout } = await frist([
        'audit',
        'list',
        '--run',
        run,
        '--kind',
        'record',
        '--format',
        'ndjson',
      ]);
      listed += stdout.split('\n').length - 1;
    }
    expect(records.length).toBeGreaterThan(100);
    expect(listed).toBe(records.length);
  });
});
