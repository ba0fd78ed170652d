import { globSync, readFileSync, statSync } from 'node:fs';
import { expect, it } from '@jest/globals';

// Written in pieces, so that this file does not find itself.
const FORBIDDEN = [
  ['TO', 'DO'],
  ['FIX', 'ME'],
  ['eslint', '-disable'],
  ['@ts', '-ignore'],
  ['@ts', '-nocheck'],
  ['@ts', '-expect-error'],
  ['it.', 'skip'],
  ['describe.', 'skip'],
].map((pieces) => pieces.join(''));

const FOREIGN = new Set([
  'node_modules',
  '.git',
  'dist',
  'coverage',
  'var',
  'demo-output',
  'vectors',
  'package-lock.json',
]);

function files(): string[] {
  const all = globSync(['*', '.*', '*/**', '.ci/**'], { exclude: (name) => FOREIGN.has(name) });
  return all.filter((path) => statSync(path).isFile());
}

/** `path: word` for each forbidden word of a text. */
function found(path: string, text: string): string[] {
  return FORBIDDEN.filter((word) => new RegExp(`(?<!\\w)${word.replace('.', '\\.')}(?!\\w)`).test(text)).map(
    (word) => `${path}: ${word}`,
  );
}

it('finds each forbidden word', () => {
  for (const word of FORBIDDEN) expect(found('x.ts', `// ${word}: later`)).toEqual([`x.ts: ${word}`]);
});

it('no file puts work off or silences a check', () => {
  const paths = files();
  expect(paths).toEqual(
    expect.arrayContaining(['package.json', '.ci/run', 'src/errors.ts', 'test/repo/words.test.ts']),
  );
  expect(paths.flatMap((path) => found(path, readFileSync(path, 'utf8')))).toEqual([]);
});
