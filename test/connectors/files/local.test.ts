/** Files below a folder: the one that is named goes, and nothing outside the folder is touched, whatever is asked. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { localFiles } from '../../../src/connectors/files/local.ts';

let top: string;
let root: string;

beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'frist-files-'));
  root = join(top, 'root');
  mkdirSync(join(root, 'a', 'b'), { recursive: true });
  for (const file of ['one.txt', 'a/two.txt', 'a/b/three æøå.txt']) writeFileSync(join(root, file), 'words');
  writeFileSync(join(top, 'outside.txt'), 'words');
});
afterEach(() => {
  rmSync(top, { recursive: true });
});

const remove = async (...paths: readonly string[]): Promise<readonly string[]> =>
  await localFiles(root).remove(paths);
const all = (): string[] => readdirSync(top, { recursive: true, encoding: 'utf8' }).sort();

describe('files below a folder', () => {
  it('go when they are named, and are missed by nobody when they are not there', async () => {
    expect(
      await remove('a/b/three æøå.txt', './a//two.txt', 'one.txt', 'one.txt', 'x/y', 'one.txt/z'),
    ).toEqual(['removed', 'removed', 'removed', 'missing', 'missing', 'missing']);
    expect(all()).toEqual(['outside.txt', 'root', 'root/a', 'root/a/b']);
  });

  it('are left alone where the path is hostile', async () => {
    symlinkSync(join(top, 'outside.txt'), join(root, 'link.txt'));
    symlinkSync(top, join(root, 'folder'));
    const before = all();
    const paths = {
      '../outside.txt': 'traversal',
      'a/../../outside.txt': 'traversal',
      'a/..': 'traversal',
      'a\\..\\..\\outside.txt': 'traversal',
      '/etc/passwd': 'absolute',
      'C:\\windows': 'absolute',
      'one.txt\0.jpg': 'characters',
      'link.txt': 'link',
      'folder/outside.txt': 'link',
      'a/b': 'no file',
      '': 'no file',
      '.': 'no file',
    };
    expect(await remove(...Object.keys(paths))).toEqual(Object.values(paths));
    expect(all()).toEqual(before);
  });

  it('outside the folder stay, whatever is asked', async () => {
    const piece = fc.constantFrom(
      '..',
      '.',
      '',
      '/',
      '\\',
      'a',
      'b',
      'one.txt',
      '../',
      'outside.txt',
      '~',
      '%2e%2e',
      '\0',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 6 }), async (pieces) => {
        await remove(pieces.join('/'), pieces.join(''));
        expect(existsSync(join(top, 'outside.txt'))).toBe(true);
        expect(existsSync(join(root, 'a'))).toBe(true);
      }),
    );
  });

  it('are trouble, not missing, where the folder itself is not there', async () => {
    const gone = localFiles(join(top, 'unmounted'));
    await expect(gone.remove(['one.txt'])).rejects.toMatchObject({
      name: 'FileTrouble',
      code: 'ROOT_MISSING',
    });
    expect(await gone.state()).toBe('missing');
    expect(await localFiles(root).state()).toBe('there');
    mkdirSync(join(top, 'empty'));
    expect(await localFiles(join(top, 'empty')).state()).toBe('empty');
  });

  it('may lie in a folder that is itself a link', async () => {
    symlinkSync(root, join(top, 'current'));
    expect(await localFiles(join(top, 'current')).remove(['one.txt'])).toEqual(['removed']);
    expect(existsSync(join(root, 'one.txt'))).toBe(false);
  });
});
