/**
 * Promises about what lies in files: IM-1 (statistics of the website, 26 weeks), IM-2 (enquiries by chat, 12 months) and
 * CL-2 (what is left of a customer's chats). Every line of every file is compared with what a loop over the lines leaves.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdirSync, readFileSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { install, ON_THE_DAY, type Installation } from './installation.ts';

const POLICIES = `
frist: 1
controller: { name: Eksempel A/S, timezone: Europe/Copenhagen }
guards: { records: 10000, percent: 100 }
first run guards: { records: 10000, percent: 100 }
sources:
  chats:
    kind: files
    connection: file:\${FRIST_CHATS}
    records:
      enquiry:
        files: 'enquiries/*.ndjson'
        rows: ndjson
        subject: { email: visitor/email }
      conversation:
        files: 'support/{desk}/*.ndjson'
        rows: ndjson
        where: { file.desk: [sales, support] }
        subject: { email: visitor/email }
      visit: { files: 'visits-*.csv', rows: csv, separator: ';', subject: none }
policies:
  IM-2:
    promise: Enquiries are erased within 12 months of the last processing, unless a cooperation began.
    records: chats.enquiry
    start: { column: handled_at, as: local Europe/Copenhagen, null: unknown }
    within: 12 months
    unless:
      cooperation began: { customer: true }
    action: delete
  CL-2:
    promise: What customers wrote is made anonymous 24 months after the end of the relationship.
    records: chats.conversation
    start: { column: ended_on, as: date, null: not yet }
    after: 24 months
    action: anonymise
    set:
      visitor/name: null
      visitor/email: { keep domain: erased }
      text: { redact: [email] }
      phone: { remove: true }
  IM-1:
    promise: Statistics are erased after 26 weeks.
    records: chats.visit
    start: { column: Day, as: date, null: unknown }
    after: 26 weeks
    action: delete
`;

const HELD = 'person-7@example.org';
/** In Copenhagen; the run is on 2026-06-30 at 05:15, and two days before the promised end a record is due. */
const HANDLED = [
  '2024-01-10 09:00:00',
  '2025-07-02 05:15:00',
  '2025-07-02 05:15:01',
  '2026-06-01 10:00:00',
  '2031-01-01 00:00:00',
  null,
] as const;
const ENDED = ['2020-02-29', '2024-06-29', '2024-06-30', null] as const;
const DAYS = ['2025-12-28', '2025-12-29', '2025-12-30', '2026-06-29', ''] as const;

/** What stands in a file, and what is to be left of it: nothing, or other text. */
type Line = readonly [before: string, after: string];

const stays = (line: string): Line => [line, line];

function enquiry(i: number): Line {
  const handled = HANDLED[i % HANDLED.length] ?? null;
  const email = i % 11 === 5 ? undefined : `Person-${String(i)}@Example.org`;
  const customer = i % 13 === 0;
  const line = `${JSON.stringify({ visitor: { name: `Person ${String(i)}`, email }, handled_at: handled, customer, text: 'Hej "Anna"' })}${i % 5 === 0 ? '\r\n' : '\n'}`;
  const due = handled !== null && handled <= '2025-07-02 05:15:00';
  // Of whom it is not known who he is, it is not known either whether the hold is his.
  const held = email === undefined || email.toLowerCase() === HELD;
  return due && !customer && !held ? [line, ''] : stays(line);
}

function conversation(i: number, isMeant: boolean): Line {
  const ended = ENDED[i % ENDED.length] ?? null;
  const person = `person-${String(i)}@example.org`;
  const line = (name: string | null, email: string, text: string, phone: string): string =>
    `{"visitor": {"name": ${JSON.stringify(name)}, "email":"${email}"}, "n": ${String(i)}.50,"ended_on":${JSON.stringify(ended)}, "text":"${text}"${phone}}\n`;
  const before = line(`Person ${String(i)}`, person, `Skriv til ${person}!`, ',"phone":"+45 12 34 56 78"');
  const due = ended !== null && ended <= '2024-06-29' && isMeant && person !== HELD;
  return due ? [before, line(null, 'erased@example.org', 'Skriv til …!', '')] : stays(before);
}

function visit(i: number): Line {
  const day = DAYS[i % DAYS.length] ?? '';
  const line = `${day};10.0.0.${String(i)};"/a;""b""\n${String(i)}"\r\n`;
  return day !== '' && day <= '2025-12-29' ? [line, ''] : stays(line);
}

const range = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from }, (_, i) => from + i);

/** Every file with its lines. */
const FILES: Readonly<Record<string, readonly Line[]>> = {
  'enquiries/2025-01.ndjson': [
    ...range(0, 90).map(enquiry),
    stays('\n'),
    stays('no json\n'),
    stays('{"handled_at":"2024-01-10 09:00:00","handled_at":"2024-01-10 09:00:00"}\n'),
  ],
  'enquiries/2026-06.ndjson': [...range(90, 180).map(enquiry), ['{"visitor":{"email":"last@x.dk"},"handled_at":"2024-01-10"}', '']],
  'enquiries/notes.txt': [stays('{"handled_at":"2024-01-10 09:00:00"}\n')],
  'support/sales/a.ndjson': [
    ...range(0, 40).map((i) => conversation(i, true)),
    // Due, but its text is none: nobody can look for addresses in it.
    stays('{"visitor":{"email":"odd@example.org"},"ended_on":"2020-02-29","text":{"a":1}}\n'),
  ],
  'support/private/a.ndjson': range(0, 40).map((i) => conversation(i, false)),
  'visits-1.csv': [stays('﻿Day;Address;Page\r\n'), ...range(0, 60).map(visit)],
  'visits-2.csv': [stays('Address;Page\r\n'), stays('10.0.0.1;/\r\n')],
}; // prettier-ignore

const textOf = (path: string, side: 0 | 1): string => (FILES[path] ?? []).map((line) => line[side]).join('');
const count = (pattern: RegExp): number =>
  Object.entries(FILES)
    .filter(([path]) => pattern.test(path))
    .flatMap(([, lines]) => lines)
    .filter(([before, after]) => before !== after).length;

let installation: Installation;
let root: string;

const now = (): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.keys(FILES).map((path) => [path, readFileSync(join(root, path), 'utf8')]));
const side = (which: 0 | 1): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.keys(FILES).map((path) => [path, textOf(path, which)]));

beforeAll(async () => {
  const sources: Record<string, string> = {};
  installation = await install(sources, [POLICIES]);
  root = join(installation.folder, 'chats');
  sources['FRIST_CHATS'] = root;
  for (const folder of ['enquiries', 'support/sales', 'support/private'])
    mkdirSync(join(root, folder), { recursive: true });
  for (const path of Object.keys(FILES)) {
    writeFileSync(join(root, path), textOf(path, 0));
    utimesSync(join(root, path), 1_750_000_000, 1_750_000_000);
  }
}, 60_000);
afterAll(async () => {
  await installation.remove();
});

describe('promises about what lies in files', () => {
  it('are planned without a change, carried out to the line, and then there is nothing left to do', async () => {
    const expected = [count(/^enquiries/), count(/^support/), count(/^visits/)];
    expect(Math.min(...expected)).toBeGreaterThan(15);
    for (const words of [
      ['state', 'init'],
      ['check'],
      ['hold', 'add', '--subject', `email=${HELD}`, '--why', 'Dispute'],
    ]) {
      const { status, stdout, stderr } = await installation.frist(words);
      expect([words, status, status === 0 ? '' : stdout + stderr]).toEqual([words, 0, '']);
    }
    const selected = (document: {
      policies?: readonly { found?: { by: Readonly<Record<string, number>> } }[];
    }): unknown => document.policies?.map((one) => one.found?.by['erase'] ?? 0);
    const plan = await installation.json(['plan', ...ON_THE_DAY]);
    const [enquiries, conversations, visits] = expected as [number, number, number];
    expect(selected(plan.document)).toEqual([enquiries, conversations + 1, visits]);
    expect(now()).toEqual(side(0));

    const run = await installation.json(['run', ...ON_THE_DAY]);
    expect(run.document.policies?.map((one) => one.outcomes)).toEqual([
      { erased: enquiries },
      { erased: conversations, failed: 1 },
      { erased: visits },
    ]);
    expect(run.document).toMatchObject({ exit: 2, policies: [{}, { error: { code: 'RECORD_FAILED' } }, {}] });
    expect(now()).toEqual(side(1));
    expect(readdirSync(join(root, 'enquiries')).sort()).toEqual([
      '2025-01.ndjson',
      '2026-06.ndjson',
      'notes.txt',
    ]);

    const again = await installation.json(['run', ...ON_THE_DAY]);
    expect(selected(again.document)).toEqual([0, 1, 0]);
    expect(now()).toEqual(side(1));
    expect(await installation.frist(['audit', 'verify'])).toMatchObject({ status: 0 });
  }, 180_000);

  it('leave no line in what frist itself keeps, nor in what it prints', async () => {
    const ended = await installation.frist(['audit', 'list']);
    expect(ended.status).toBe(0);
    expect(ended.stdout + ended.stderr).not.toMatch(/person-|10\.0\.0/i);
  }, 60_000);
});
