// Somebody has the whole trail of an installation, knows everybody who was in its databases, and tries them all.
import { spawn } from 'node:child_process';
import { createHmac, hash, randomBytes } from 'node:crypto';
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createCommitter, recordParts, sourceIn, type Label, type Part } from '../../src/audit/commitment.ts';
import { createUlids } from '../../src/audit/format/ulid.ts';
import { createKeyRing, type KeyRing } from '../../src/audit/keys/ring.ts';
import { loadWrappingKey, wrapperOf } from '../../src/audit/keys.ts';
import { demoData, DEMO_AS_OF } from '../../src/demo/data.ts';
import { openState } from '../../src/state/open.ts';
import type { State } from '../../src/state/state.ts';
import { entriesOf, headOf, type TrailEntry } from './trail.ts';

const ROOT = join(import.meta.dirname, '../..');
const CONTROLLER = 'Eksempel A/S';
const DAY = 86_400_000;
/** What the policy file says, which nobody keeps secret. */
const RECORDS = [
  ['crm', 'contact'],
  ['crm', 'invoice'],
  ['newsletter', 'subscriber'],
  ['ats', 'application'],
  ['chat', 'conversation'],
] as const;
const REASONS = ['ok', 'test', 'x', '', 'Looked at with the data-protection officer'];

let folder = '';
let entries: readonly TrailEntry[] = [];
let state: State;
const data = (name: string): string => join(folder, 'data', name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'frist-stolen-'));
  const words = [join(ROOT, 'bin/frist'), 'demo', '--folder', join(folder)];
  const status = await new Promise((resolve) => {
    spawn(process.execPath, words, { stdio: 'ignore' }).on('close', resolve);
  });
  expect(status).toBe(0);
  entries = entriesOf(data('audit'));
  state = await openState(`sqlite:${data('state.db')}`, { clock: Date.now });
}, 120_000);
afterAll(async () => {
  await state.close();
  await rm(folder, { recursive: true });
});

/** Keys, addresses and names of everybody, the small numbers, and short reasons. */
function values(): readonly string[] {
  const columns = /^(?:id|.*email|.*name|phone)$/;
  const cells = demoData().databases.flatMap(({ tables }) =>
    tables.flatMap((table) => {
      const places = [...table.columns.entries()].filter(([, name]) => columns.test(name));
      return table.rows.flatMap((row) => places.map(([i]) => row[i] ?? null));
    }),
  );
  const texts = cells.flatMap((cell) => (cell === null ? [] : [String(cell).toLowerCase()]));
  return [...new Set([...texts, ...Array.from({ length: 1000 }, (_, n) => String(n)), ...REASONS])];
}

/** Every hash that the entries hold, but those of the policies' texts: they are of no person. Plan ids by their digits. */
function hashes(): ReadonlySet<string> {
  const texts = entries.map((entry) => {
    const ofPolicy = entry['type'] === 'policy' || entry['type'] === 'plan';
    return JSON.stringify(ofPolicy ? { ...entry, digest: '' } : entry);
  });
  return new Set(texts.join('\n').match(/(?<![0-9a-f])(?:[0-9a-f]{64}|[0-9a-f]{24})(?![0-9a-f])/g));
}

type Guess = readonly [label: Label, parts: readonly Part[]];

/** Who and what the trail may be about. */
function guesses(all: readonly string[]): readonly Guess[] {
  return all.flatMap((value): Guess[] => [
    ['subject', ['email', value]],
    ...RECORDS.map(([source, type]): Guess => [
      'record',
      recordParts(sourceIn(CONTROLLER, source), type, [value]),
    ]),
  ]);
}

/** The commitments under this key that stand in the trail. */
function foundWith(key: Uint8Array, all: readonly Guess[], there: ReadonlySet<string>): readonly string[] {
  const names = createCommitter(key);
  const made = all.map(([label, parts]) => {
    const { r, m } = names.open(label, parts);
    return hash('sha256', Buffer.concat([r, m]), 'hex');
  });
  return made.filter((one) => there.has(one));
}

/** What is public, or lies in the trail, and might have been taken for a key. */
function knownKeys(): readonly Buffer[] {
  const { origin } = headOf(data('audit'));
  const words = entries.slice(0, 3).flatMap((entry) => [entry['installation'], entry['epoch'], entry['eid']]);
  const texts = ['', 'frist', origin, ...words.filter((word) => typeof word === 'string')];
  return [Buffer.alloc(32), Buffer.alloc(32, 1), ...texts.map((text) => hash('sha256', text, 'buffer'))];
}

/** The ring of the installation, as it would be at a later time. */
async function ringAt(of: State, now: number): Promise<KeyRing> {
  const wrapper = wrapperOf(await loadWrappingKey(data('keys/wrapping')), randomBytes);
  const days = { rotateDays: 30, keepDays: 400, backupDays: 30 };
  const newId = createUlids(randomBytes, () => now);
  return createKeyRing({ state: of, wrapper, randomBytes, now: () => now, newId, ...days });
}

/** The epoch key, by the back door. */
async function epochKey(): Promise<Buffer> {
  const [key] = await state.epochKeys();
  const wrapper = wrapperOf(await loadWrappingKey(data('keys/wrapping')), randomBytes);
  return await wrapper.unwrap(key!.epoch, key!.wrapped!);
}

describe('a stolen trail', () => {
  it('tells with the epoch key about everyone in it: what is tried below is the right thing', async () => {
    const records = entries.filter((entry) => entry['type'] === 'record');
    expect(records.length).toBeGreaterThan(300);
    const found = new Set(foundWith(await epochKey(), guesses(values()), hashes()));
    for (const { commitments } of records) {
      const { record, subject } = commitments as { record: string; subject: readonly string[] };
      for (const one of [record, ...subject]) expect(found.has(one)).toBe(true);
    }
  });

  it('tells nothing with a key that anybody could know', () => {
    const all = guesses(values());
    for (const key of knownKeys()) expect(foundWith(key, all, hashes())).toEqual([]);
  });

  it('tells nothing to who hashes the values themselves, however he puts them together', () => {
    const there = hashes();
    const { m: layout } = createCommitter(Buffer.alloc(32)).open('subject', ['email', 'x']);
    expect(layout.toString('latin1')).toContain('email');
    const tried = (text: string | Buffer): boolean => {
      const plain = hash('sha256', text, 'hex');
      const keyed = ['', 'frist', CONTROLLER].map((key) =>
        createHmac('sha256', key).update(text).digest('hex'),
      );
      return [plain, ...keyed].some((one) => there.has(one) || there.has(one.slice(0, 24)));
    };
    const names = createCommitter(Buffer.alloc(32));
    const all = values();
    const plain = all.flatMap((value) => [
      value,
      `email:${value}`,
      `email=${value}`,
      ...RECORDS.flatMap(([source, type]) => [`${source}.${type}=${value}`, `${source}:${type}:${value}`]),
    ]);
    expect(plain.filter(tried)).toEqual([]);
    const encoded = guesses(all).map(([label, parts]) => names.open(label, parts).m);
    expect(encoded.filter(tried)).toEqual([]);
  });

  it('does not tell by the id of a plan who was in it', () => {
    const plans = entries.filter((entry) => entry['type'] === 'plan');
    const ids = new Set(plans.map((entry) => String(entry['plan'])));
    const asOf = String(Date.parse(DEMO_AS_OF));
    const sets = [[], ...values().map((value) => [value])];
    // As src/erasure/survey/survey.ts makes it, but over what is not secret.
    const tried = plans.flatMap(({ digest }) =>
      sets.flatMap((set) =>
        [set, set.map((value) => hash('sha256', value, 'hex'))].map((list) => {
          const text = `${String(digest)}\n${asOf}\n${list.join('')}`;
          return `plan-${hash('sha256', text, 'hex').slice(0, 24)}`;
        }),
      ),
    );
    expect(tried.filter((id) => ids.has(id))).toEqual([]);
  });

  it('does not tell by the hash of a reason what it said, once the evidence is gone', () => {
    const reasons = entries.flatMap((entry) => {
      const { sha256, bytes } = (entry['why'] ?? {}) as { sha256?: string; bytes?: number };
      return sha256 === undefined ? [] : [{ sha256, bytes }];
    });
    expect(reasons.length).toBeGreaterThan(4);
    // Its length is told. That the reason is among those tried is seen by it.
    const lengths = new Set(REASONS.map((reason) => Buffer.byteLength(reason) + 32));
    expect(reasons.filter(({ bytes }) => lengths.has(bytes!)).length).toBeGreaterThan(3);
    const there = new Set(reasons.map(({ sha256 }) => sha256));
    const salts = [Buffer.alloc(0), Buffer.alloc(32), ...knownKeys()];
    const tried = values().flatMap((reason) =>
      salts.map((salt) => hash('sha256', Buffer.concat([salt, Buffer.from(reason)]), 'hex')),
    );
    expect(tried.filter((one) => there.has(one))).toEqual([]);
  });
});

describe('after the key is destroyed', () => {
  it('the state and the wrapping key together tell nothing any more either', async () => {
    const [old] = await state.epochKeys();
    const wrapped = old!.wrapped!;
    const key = await epochKey();
    const file = join(folder, 'later.db');
    for (const end of ['', '-wal']) {
      const from = data(`state.db${end}`);
      if (existsSync(from)) cpSync(from, file + end);
    }
    const bytes = (): Buffer =>
      Buffer.concat(
        ['', '-wal', '-journal'].flatMap((end) => (existsSync(file + end) ? [readFileSync(file + end)] : [])),
      );
    expect(bytes().includes(wrapped)).toBe(true);
    const later = await openState(`sqlite:${file}`, { clock: Date.now });
    const now = Date.now();
    await (await ringAt(later, now + 30 * DAY)).rotate();
    await (await ringAt(later, now + 431 * DAY)).rotate();
    expect((await (await ringAt(later, now + 438 * DAY)).rotate()).destroyed).toEqual([old!.epoch]);
    // Not a part of it, wrapped or not, and not only after the state is closed.
    const after = bytes();
    const parts = (text: string, size: number): string[] =>
      Array.from({ length: text.length - size + 1 }, (_, at) => text.slice(at, at + size));
    const secrets = [...parts(wrapped, 12), ...parts(key.toString('latin1'), 8)];
    expect(secrets.filter((part) => after.includes(part, 0, 'latin1'))).toEqual([]);
    const epochs = await (await ringAt(later, now + 438 * DAY)).epochs();
    expect(epochs.map(({ names }) => names !== undefined)).toEqual([false, true, true]);
    const there = hashes();
    for (const { names } of epochs) {
      const made = values().map((value) => names?.subject('email', value) ?? '');
      expect(made.filter((one) => there.has(one))).toEqual([]);
    }
    await later.close();
  });
});
