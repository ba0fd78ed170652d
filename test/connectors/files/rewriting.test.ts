/** Files that are written anew without some of their rows: when, and what they keep. */
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, utimesSync, writeFileSync } from 'node:fs';
import { chmod, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Connector } from '../../../src/connectors/connector.ts';
import type { Facts, View } from '../../../src/policy/policy.ts';
import { ON, failureOf, scanAll } from '../conformance/support.ts';
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

describe('a file that is written anew', () => {
  it('keeps its mode and its times', async () => {
    await bed.put('a/1.ndjson', `${row('a@x')}\n${row('b@x')}\n`, new Date('2022-02-03T04:05:06.789Z'));
    await chmod(join(bed.root, 'a/1.ndjson'), 0o640);
    const view = viewOf(NDJSON, 'start: file.modified, action: delete');
    const before = await scan(view);
    await eraseKeys(connector, view, keysOf(before).slice(0, 1));
    expect((await stat(join(bed.root, 'a/1.ndjson'))).mode & 0o777).toBe(0o640);
    expect((await scan(view)).map((one) => one.starts)).toEqual([before[1]?.starts]);
  });

  it('was left alone for as long as the file says, and else waits', async () => {
    const text = `${row('a@x')}\n${row('b@x')}\n`;
    const key = keyOf('a/1.ndjson', row('a@x'));
    await bed.put('a/1.ndjson', text, new Date(Date.now() - 5 * 60_000));
    expect((await eraseKeys(connector, viewOf(NDJSON, DELETE), [key])).outcomes).toEqual(['changed']);
    expect(await bed.text('a/1.ndjson')).toBe(text);
    const patient = NDJSON.replace('rows: ndjson', 'rows: ndjson, untouched minutes: 4');
    expect((await eraseKeys(connector, viewOf(patient, DELETE), [key])).outcomes).toEqual(['erased']);
    await bed.put('a/1.ndjson', text, new Date(Date.now() + 60_000));
    const at = NDJSON.replace('rows: ndjson', 'rows: ndjson, untouched minutes: 0');
    expect((await eraseKeys(connector, viewOf(at, DELETE), [key])).outcomes).toEqual(['erased']);
    expect(await bed.names('a')).toEqual(['1.ndjson']);
  });

  it('was not appended to, nor replaced, since its rows were judged', async () => {
    const text = `${row('a@x')}\n`;
    const [path, key] = [join(bed.root, 'a/1.ndjson'), keyOf('a/1.ndjson', row('a@x'))];
    const view = viewOf(NDJSON, DELETE);
    await bed.put('a/1.ndjson', text);
    const append = (): boolean[] => {
      appendFileSync(path, `${row('late@x')}\n`);
      return [true];
    };
    expect((await eraseKeys(connector, view, [key], { stillDue: append })).outcomes).toEqual(['changed']);
    expect(await bed.text('a/1.ndjson')).toBe(`${text}${row('late@x')}\n`);
    expect(await bed.names('a')).toEqual(['1.ndjson']);
  });

  it('was not changed by somebody who sets its time back', async () => {
    const path = join(bed.root, 'a/1.ndjson');
    await bed.put('a/1.ndjson', `${row('a@x')}\n`);
    const change = (): boolean[] => {
      writeFileSync(path, `${row('b@x')}\n`);
      utimesSync(path, LONG_AGO, LONG_AGO);
      return [true];
    };
    const key = keyOf('a/1.ndjson', row('a@x'));
    expect((await eraseKeys(connector, viewOf(NDJSON, DELETE), [key], { stillDue: change })).outcomes).toEqual(['changed']); // prettier-ignore
    expect(await bed.text('a/1.ndjson')).toBe(`${row('b@x')}\n`);
  });

  it('is reached through no link', async () => {
    await bed.put('outside.ndjson', `${row('a@x')}\n`);
    await bed.put('a/2.ndjson', '');
    await symlink(join(bed.root, 'outside.ndjson'), join(bed.root, 'a/1.ndjson'));
    const view = viewOf(NDJSON, DELETE);
    expect(await scan(view)).toEqual([]);
    const keys = [keyOf('a/1.ndjson', row('a@x')), keyOf('a/../outside.ndjson', row('a@x'))];
    expect((await eraseKeys(connector, view, keys)).outcomes).toEqual(['already-absent', 'already-absent']);
    expect(await bed.text('outside.ndjson')).toBe(`${row('a@x')}\n`);
  });

  it('lets rows stay that are not due any more, or that the policy is not about', async () => {
    const rows = [row('a@x'), row('b@x', { vip: true }), row('c@x', { status: 'open' }), row('d@x')];
    await bed.put('a/1.ndjson', rows.join('\n'));
    const view = viewOf(NDJSON, `${START}, where: { status: { not: open } }, unless: { vip: { vip: true } }, action: delete`); // prettier-ignore
    const keys = rows.map((one) => keyOf('a/1.ndjson', one));
    const stillDue = (facts: readonly Facts[]): boolean[] => facts.map((one) => one.subjects[0] !== 'd@x');
    expect((await eraseKeys(connector, view, keys, { stillDue })).outcomes).toEqual(['erased', 'changed', 'changed', 'changed']); // prettier-ignore
    expect(await bed.text('a/1.ndjson')).toBe(rows.slice(1).join('\n'));
  });

  it('fails alone where its folder forbids it, with all its rows', async () => {
    if (process.getuid?.() === 0) return;
    await bed.put('a/1.ndjson', `${row('a@x')}\n${row('b@x')}`);
    await bed.put('b/1.ndjson', `${row('a@x')}\n${row('b@x')}`);
    await chmod(join(bed.root, 'b'), 0o500);
    const keys = [keyOf('b/1.ndjson', row('a@x')), keyOf('a/1.ndjson', row('a@x')), keyOf('b/1.ndjson', row('b@x'))]; // prettier-ignore
    const { outcomes } = await eraseKeys(connector, viewOf(NDJSON, DELETE), keys);
    await chmod(join(bed.root, 'b'), 0o700);
    expect(outcomes).toEqual([{ failed: 'EACCES' }, 'erased', { failed: 'EACCES' }]);
    expect(await bed.names('b')).toEqual(['1.ndjson']);
  });

  it('that fails behind another one: what went there is not called left alone', async () => {
    if (process.getuid?.() === 0) return;
    for (const path of ['a/1.ndjson', 'b/1.ndjson']) await bed.put(path, `${row('a@x')}\n${row('b@x')}`);
    await chmod(join(bed.root, 'b/1.ndjson'), 0o000);
    const erase = async (...paths: readonly string[]): Promise<unknown> =>
      await eraseKeys(connector, viewOf(NDJSON, DELETE), paths.map((path) => keyOf(path, row('a@x')))); // prettier-ignore
    expect(await failureOf(() => erase('b/1.ndjson'))).toMatchObject({ failure: 'fatal', code: 'EACCES' });
    expect(await failureOf(() => erase('a/1.ndjson', 'b/1.ndjson'))).toMatchObject({ failure: 'uncertain', code: 'EACCES' }); // prettier-ignore
    expect(await bed.text('a/1.ndjson')).toBe(row('b@x'));
  });

  it('leaves no temporary file; those of a crash go with the next session, but for those of one at work', async () => {
    await bed.put('a/1.ndjson', `${row('a@x')}\n${row('b@x')}`);
    const mark = (policy: string): string => createHash('sha256').update(policy).digest('hex').slice(0, 16);
    const left = ['chats', 'gone policy', 'at work'].map(
      (one) => `a/.frist-new-${mark(one)}-0123456789abcdef`,
    );
    for (const path of left) await bed.put(path, row('a@x'));
    const view = viewOf(NDJSON, DELETE);
    const other = await bed.connect().erasing({ ...view, policy: 'at work' }, ON);
    for (const path of left.slice(0, 2)) await bed.put(path, row('a@x'));
    await writeFile(join(bed.root, left[2]!), 'being written');
    const session = await connector.erasing(view, ON);
    expect(left.map((path) => existsSync(join(bed.root, path)))).toEqual([false, false, true]);
    await session.release();
    await other.release();
    expect(await scan(view)).toHaveLength(2);
  });
});
