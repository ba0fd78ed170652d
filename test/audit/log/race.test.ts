import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { withRandom } from '../../support/random.ts';
import { entries, SIGNER } from '../../support/trail.ts';
import { openLog } from '../../../src/audit/log.ts';
import type { Log } from '../../../src/audit/log.ts';
import { openFileStore } from '../../../src/audit/store/file.ts';
import { createMemoryStore } from '../../../src/audit/store/memory.ts';
import type { Store } from '../../../src/audit/store/store.ts';
import { verifyTrail } from '../../../src/audit/verify.ts';

const made: string[] = [];
let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'frist-race-'));
  made.push(folder);
});
afterAll(async () => {
  for (const path of made) await rm(path, { recursive: true });
});

/** Everything that was acknowledged is in the log once, and the log verifies. */
async function expectAll(store: Store, acknowledged: readonly string[]): Promise<string[]> {
  const log = await openLog({ store, signer: SIGNER });
  const all = await log.readEntries(0, log.head().size);
  expect(new Set(all).size).toBe(all.length);
  const there = new Set(all);
  expect(acknowledged.filter((text) => !there.has(text))).toEqual([]);
  expect(await verifyTrail({ store, vkey: SIGNER.vkey })).toMatchObject(log.head());
  return all;
}

/** Writers that each append batches of their own as fast as they can. */
async function race(open: () => Promise<Log>, writers: number, batches: number): Promise<string[]> {
  const lists = await Promise.all(
    Array.from({ length: writers }, async () => {
      const log = await open();
      const mine: string[] = [];
      for (let i = 0; i < batches; i++) {
        const batch = entries(1 + (i % 7) * 20);
        const { first } = await log.append(batch);
        expect(await log.readEntries(first, first + batch.length)).toEqual(batch);
        mine.push(...batch);
      }
      return mine;
    }),
  );
  return lists.flat();
}

describe('racing writers', () => {
  it.each([2, 4])('%i of them in memory lose and double nothing', async (writers) => {
    const { objects } = createMemoryStore();
    const open = (): Promise<Log> => openLog({ store: createMemoryStore({ objects }), signer: SIGNER });
    const texts = await race(open, writers, 12);
    expect((await expectAll(createMemoryStore({ objects }), texts)).length).toBe(texts.length);
  });

  it('two of them in one process lose and double nothing in a folder', async () => {
    const open = async (): Promise<Log> => openLog({ store: await openFileStore(folder), signer: SIGNER });
    const texts = await race(open, 2, 10);
    expect((await expectAll(await openFileStore(folder), texts)).length).toBe(texts.length);
  });
});

/** A writer process and what it was told is in the log. */
interface Writer {
  readonly child: ChildProcess;
  readonly acknowledged: string[];
  readonly ended: Promise<number | null>;
}

function startWriter(appends: number): Writer {
  const script = join(import.meta.dirname, 'writer-child.ts');
  const child = spawn(process.execPath, [script, folder, String(appends)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const acknowledged: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) =>
    acknowledged.push(...(JSON.parse(line) as string[])),
  );
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, acknowledged, ended };
}

describe('writers in processes of their own, in one folder', () => {
  it.each([2, 4])('%i at a time lose and double nothing', async (count) => {
    const writers = Array.from({ length: count }, () => startWriter(20));
    expect(new Set(await Promise.all(writers.map((writer) => writer.ended)))).toEqual(new Set([0]));
    const texts = writers.flatMap((writer) => writer.acknowledged);
    expect((await expectAll(await openFileStore(folder), texts)).length).toBe(texts.length);
  });

  it(
    'killed in the middle, two at a time, leave a log that goes on',
    withRandom(async (random) => {
      const acknowledged: string[] = [];
      for (let round = 0; round < 6; round++) {
        const writers = [startWriter(10_000), startWriter(10_000)];
        // Wait until both are at work, so that the signal finds them in the middle of something.
        await Promise.all(
          writers.map(({ child }) => new Promise((resolve) => child.stdout?.once('data', resolve))),
        );
        await new Promise((resolve) => setTimeout(resolve, random() * 300));
        for (const { child } of writers) child.kill('SIGKILL');
        await Promise.all(writers.map((writer) => writer.ended));
        acknowledged.push(...writers.flatMap((writer) => writer.acknowledged));
        await expectAll(await openFileStore(folder), acknowledged);
      }
      const log = await openLog({ store: await openFileStore(folder), signer: SIGNER });
      const last = entries(1);
      await log.append(last);
      await expectAll(await openFileStore(folder), [...acknowledged, ...last]);
    }),
  );
});
