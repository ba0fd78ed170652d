import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ConfigError } from '../../../src/errors.ts';
import type { PolicyFile } from '../../../src/policy/policy.ts';
import { compileViews } from '../../../src/policy/view.ts';
import { BASE, parse } from './base.ts';

const read = (name: string): string => readFileSync(join(import.meta.dirname, name), 'utf8');
const [GRAMMAR, REAL] = [read('grammar.yaml'), read('real.yaml')];

/** Parses; whatever the text, there is a file that can be worked with, or problems with places and remedies. */
function survives(text: string): void {
  let file: PolicyFile;
  try {
    ({ file } = parse(text));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const lines = text.split('\n').length;
    expect(error.problems.some((one) => one.severity === 'error')).toBe(true);
    for (const { line = 0, column = 0, message, remedy, code } of error.problems) {
      expect(line).toBeGreaterThanOrEqual(1);
      expect(line).toBeLessThanOrEqual(lines);
      expect(column).toBeGreaterThanOrEqual(1);
      expect([code, message, remedy]).not.toContain('');
    }
    return;
  }
  compileViews(file);
}

const WORDS = [
  ...new Set(`${GRAMMAR}\n${REAL}\n${BASE}`.match(/[\p{L}\p{N}_.-]+/gu)),
  'null',
  '~',
  '{}',
  '[]',
  '[{}]',
  '- ',
  ': ',
  '? ',
  '"',
  "'",
  '*a',
  '&a',
  '!t',
  '|',
  '>',
  '%',
  '#',
  '\t',
  '\n',
  '  ',
  '0',
  '-1',
  '1e999',
  '0x10',
  '12345678901234567890',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '<<',
  '${X}',
  '${',
  '---',
  '...',
];

/** A file with some places replaced, removed, doubled or moved. */
const mutated = fc
  .record({
    text: fc.constantFrom(GRAMMAR, REAL, BASE),
    edits: fc.array(
      fc.record({
        at: fc.double({ min: 0, max: 1, noNaN: true }),
        length: fc.nat(12),
        by: fc.oneof(fc.constantFrom(...WORDS), fc.string({ maxLength: 6 })),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  })
  .map(({ text, edits }) =>
    edits.reduce((result, { at, length, by }) => {
      const offset = Math.floor(at * result.length);
      return result.slice(0, offset) + by + result.slice(offset + length);
    }, text),
  );

/** Replaces whole values and keys, so that the text stays YAML and the later passes are reached. */
const misread = fc
  .record({
    text: fc.constantFrom(GRAMMAR, REAL, BASE),
    edits: fc.array(
      fc.tuple(fc.nat(10_000), fc.constantFrom(...WORDS.filter((word) => /^[\w.[\]{}$~-]+$/.test(word)))),
      {
        minLength: 1,
        maxLength: 5,
      },
    ),
  })
  .map(({ text, edits }) =>
    edits.reduce((result, [at, by]) => {
      const words = [...result.matchAll(/[\p{L}\p{N}_]+/gu)];
      const word = words[at % words.length];
      if (word === undefined) return result;
      return result.slice(0, word.index) + by + result.slice(word.index + word[0].length);
    }, text),
  );

/** A line of the file taken out, or put somewhere else. */
const shuffled = fc
  .record({ text: fc.constantFrom(GRAMMAR, REAL, BASE), from: fc.nat(1000), to: fc.option(fc.nat(1000)) })
  .map(({ text, from, to }) => {
    const lines = text.split('\n');
    const [line = ''] = lines.splice(from % lines.length, 1);
    if (to !== null) lines.splice(to % lines.length, 0, line);
    return lines.join('\n');
  });

describe('the parser never throws anything but its problems', () => {
  it.each([
    ['any text', fc.string({ unit: 'binary', maxLength: 200 }), 150],
    ['any JSON', fc.json(), 150],
    [
      'words of the language',
      fc.array(fc.constantFrom(...WORDS), { maxLength: 40 }).map((words) => words.join(' ')),
      300,
    ],
    ['a spoilt file', mutated, 250],
    ['a file of wrong words', misread, 350],
    ['a file of moved lines', shuffled, 150],
  ] as const)('%s', (_title, texts: fc.Arbitrary<string>, numRuns) => {
    fc.assert(fc.property(texts, survives), { numRuns });
  });

  it.each([GRAMMAR, REAL])('every key of the language, with every kind of value', (text) => {
    const keys = [...new Set(text.match(/^ *(?:- )?[\p{L} ]+(?=:)/gmu))];
    const values = ['null', '""', '-1', 'true', '{}', '[[1]]', '{ a: { b: [c] } }', 'x.y'];
    for (const key of keys) {
      for (const value of values) {
        const lines = text.split('\n');
        const index = lines.findIndex((row) => row.startsWith(`${key}:`));
        const depth = (row: string): number => row.search(/[^ ]/);
        let end = index + 1;
        while (end < lines.length && depth(lines[end] ?? '') > depth(lines[index] ?? '')) end += 1;
        survives([...lines.slice(0, index), `${key}: ${value}`, ...lines.slice(end)].join('\n'));
      }
    }
  });

  it.each([GRAMMAR, REAL])('a name that every object inherits, in the place of every word', (text) => {
    for (const { index, 0: word } of text.matchAll(/[\p{L}\p{N}_]+/gu))
      survives(`${text.slice(0, index)}toString${text.slice(index + word.length)}`);
  });
});
