/** kill -9 while rows are erased: the file is the original or the new one, and the next session leaves nothing behind. */
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { dieErasing } from '../dying.ts';
import { eraseKeys, makeBed, viewOf } from './bed.ts';
import type { Bed } from './bed.ts';

const view = viewOf("{ files: '{desk}/*.ndjson', rows: ndjson, subject: { email: email } }", 'start: { column: at, as: date, null: unknown }, action: delete'); // prettier-ignore

const row = (who: string): string => JSON.stringify({ email: who, at: '2020-01-01' });
const LINES = Array.from({ length: 4000 }, (_, i) => row(`${i % 3 === 0 ? 'gone' : 'stays'}-${String(i)}@x`));
const GONE = LINES.filter((line) => line.includes('gone')).slice(0, 900);
const BEFORE = `${LINES.join('\n')}\n`;
const AFTER = `${LINES.filter((line) => !GONE.includes(line)).join('\n')}\n`;
const LAST = row('gone-last@x');
const keyOf = (path: string, line: string): readonly string[] => [path, createHash('sha256').update(line).digest('hex')]; // prettier-ignore

let bed: Bed;
beforeEach(async () => {
  bed = await makeBed();
  await bed.put('a/1.ndjson', BEFORE);
  await bed.put('b/2.ndjson', `${LAST}\n`);
});
afterEach(async () => {
  await bed.close();
});

function dieAt(name: string, nth: number, keys: readonly (readonly string[])[]): void {
  const died = dieErasing({ kind: 'files', connection: `file:${bed.root}`, view, keys, name, nth });
  expect(died).toEqual({ signal: 'SIGKILL', stderr: '' });
}

describe('a process that is killed', () => {
  // prettier-ignore
  it.each([
    ['before it makes the new file', 'open', 2, BEFORE],
    ['before it writes the new file', 'writeFile', 1, BEFORE],
    ['in the middle of the new file', 'writeFile', 40, BEFORE],
    ['before the new file is flushed', 'sync', 1, BEFORE],
    ['before the last look', 'lstat', 3, BEFORE],
    ['before the new file takes the name', 'rename', 1, BEFORE],
    ['before it looks for what is left', 'unlink', 1, AFTER],
    ['before the folder is flushed', 'sync', 2, AFTER],
  ])('%s leaves the one file or the other, and nothing once somebody goes on', async (_, name, nth, left) => {
    const keys = GONE.map((line) => keyOf('a/1.ndjson', line));
    dieAt(name, nth, keys);
    expect(await bed.text('a/1.ndjson')).toBe(left);
    const { outcomes } = await eraseKeys(bed.connect(), view, keys);
    expect(new Set(outcomes)).toEqual(new Set([left === BEFORE ? 'erased' : 'already-absent']));
    expect(await bed.text('a/1.ndjson')).toBe(AFTER);
    expect(await bed.names('a')).toEqual(['1.ndjson']);
  });

  it('before a file goes with its last row leaves it whole', async () => {
    const keys = [keyOf('b/2.ndjson', LAST)];
    dieAt('unlink', 1, keys);
    expect(await bed.text('b/2.ndjson')).toBe(`${LAST}\n`);
    expect(await bed.names('b')).toHaveLength(2);
    expect((await eraseKeys(bed.connect(), view, keys)).outcomes).toEqual(['erased']);
    expect(await bed.names()).toEqual(['a']);
  });

  it('between two files has erased in the first alone', async () => {
    const keys = [keyOf('a/1.ndjson', GONE[0]!), keyOf('b/2.ndjson', LAST)];
    dieAt('unlink', 2, keys);
    const { outcomes } = await eraseKeys(bed.connect(), view, keys);
    expect(outcomes).toEqual(['already-absent', 'erased']);
  });
});
