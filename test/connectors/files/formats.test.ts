/** Rows, JSON and CSV against what they were made of, whatever pieces the file comes in. */
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cellsOf, withCell } from '../../../src/connectors/files/rows/csv.ts';
import { nodeAt, readObject, scalarOf, withoutMember } from '../../../src/connectors/files/rows/json.ts';
import { becomes } from '../../../src/connectors/files/rows/replace.ts';
import { rowsOf } from '../../../src/connectors/files/rows/split.ts';
import type { RawRow } from '../../../src/connectors/files/rows/split.ts';

const RUNS = 150;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'frist-formats-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function rowsIn(text: string, separator: string | undefined, size: number): Promise<RawRow[]> {
  const path = join(folder, 'file');
  await writeFile(path, text);
  const file: FileHandle = await open(path);
  try {
    const all: RawRow[] = [];
    for await (const some of rowsOf(file, 0, separator, size)) all.push(...some);
    return all;
  } finally {
    await file.close();
  }
}

const ending = fc.constantFrom('\n', '\r\n');
const mark = fc.constantFrom('', '﻿');
const line = fc.string({ unit: fc.constantFrom('a', 'ø', '😀', ' ', '"', ',', '\r', '\t') });
/** Pieces that cut characters, endings and marks in two. */
const size = fc.constantFrom(1, 2, 3, 4, 5, 7, 1 << 16);

describe('lines', () => {
  it('are found in any pieces, and lie where they are said to', async () => {
    await fc.assert(
      fc.asyncProperty(
        mark,
        fc.array(fc.tuple(line, ending)),
        line,
        size,
        async (bom, lines, last, piece) => {
          const text = bom + lines.map(([one, end]) => one + end).join('') + last;
          const rows = await rowsIn(text, undefined, piece);
          const expected = lines.map(([one, end]) => (end === '\n' ? one.replace(/\r$/, '') : one));
          expect(rows.map((row) => row.bytes.toString())).toEqual(
            last === '' ? expected : [...expected, last],
          );
          const bytes = Buffer.from(text);
          for (const { bytes: own, start, stop } of rows) expect(bytes.subarray(start, stop)).toEqual(own);
          const ends = [Buffer.byteLength(bom), ...rows.map((row) => row.end)];
          expect(rows.map((row) => row.start)).toEqual(ends.slice(0, -1));
          expect(ends.at(-1)).toBe(bytes.length);
        },
      ),
      { numRuns: RUNS },
    );
  });
});

const cell = fc.string({ unit: fc.constantFrom('a', 'ø', '"', ',', ';', '\n', '\r', ' ', '😀') });
const written = (value: string, quoted: boolean): string =>
  quoted || /[",;\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
const cells = fc.array(fc.tuple(cell, fc.boolean()), { minLength: 1, maxLength: 4 });

describe('CSV', () => {
  it('is read as it was written, in any pieces', async () => {
    await fc.assert(
      fc.asyncProperty(
        mark,
        fc.array(fc.tuple(cells, ending)),
        fc.constantFrom(',', ';'),
        size,
        async (bom, records, separator, piece) => {
          const text =
            bom +
            records
              .map(([one, end]) => one.map(([value, quoted]) => written(value, quoted)).join(separator) + end)
              .join('');
          const rows = await rowsIn(text, separator, piece);
          expect(rows.map((row) => cellsOf(row.bytes.toString(), separator).map((one) => one.value))).toEqual(
            records.map(([one]) => one.map(([value]) => value)),
          );
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('takes another value in one cell, and the others stay as they are', () => {
    fc.assert(
      fc.property(cells, fc.nat(), cell, (record, at, value) => {
        const text = record.map(([one, quoted]) => written(one, quoted)).join(',');
        const position = at % record.length;
        const next = withCell(text, cellsOf(text, ',')[position]!, value, ',');
        const expected = record.map(([one], i) => (i === position ? value : one));
        expect(cellsOf(next, ',').map((one) => one.value)).toEqual(expected);
      }),
      { numRuns: RUNS },
    );
  });

  it.each([
    ['a,b"c\nd,e\n', [], true],
    ['a,b\n"c"d,e\n', ['a,b'], true],
    ['a,b\n"c\nd,e\n', ['a,b'], true],
    ['"a"\r,b\n', [], true],
    ['"a"\r\nb', ['"a"', 'b'], false],
  ])('is broken from the first quote on that does not pair: %j', async (text, whole, broken) => {
    const rows = await rowsIn(text, ',', 2);
    expect(rows.filter((row) => row.fault === undefined).map((row) => row.bytes.toString())).toEqual(whole);
    expect(rows.at(-1)?.fault).toBe(broken ? 'quotes' : undefined);
    expect(rows.at(-1)?.end).toBe(text.length);
  });
});

it('reads no more cells of CSV than somebody asks for, and one more to tell that there are', () => {
  const text = ','.repeat(1000);
  expect([cellsOf(text, ',').length, cellsOf(text, ',', 1001).length, cellsOf(text, ',', 7).length]).toEqual([
    1001, 1001, 8,
  ]);
});

const spaced = (value: unknown, space: string): string => JSON.stringify(value, undefined, space);
const document = fc.dictionary(fc.string({ minLength: 1 }), fc.jsonValue({ maxDepth: 3 }), { minKeys: 1, maxKeys: 4 }); // prettier-ignore

/** Every place in a document, from the top. */
function placesIn(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  const below = Object.entries(value).flatMap(([name, one]) => placesIn(one, [...path, name]));
  return path.length === 0 ? below : [path, ...below];
}

function memberAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((here, name) => (here as Record<string, unknown>)[name], value);
}

describe('JSON', () => {
  const space = fc.constantFrom('', ' ', '\t');

  it('is found, changed and removed where it stands', () => {
    fc.assert(
      fc.property(document, space, fc.nat(), (value, blank, at) => {
        const text = spaced(value, blank);
        const parsed = JSON.parse(text) as object;
        const root = readObject(text);
        if (root === undefined) throw new Error('not read');
        const places = placesIn(parsed);
        const path = places[at % places.length]!;
        const node = nodeAt(root, path)!;
        const there = memberAt(parsed, path);
        const found = scalarOf(text, node);
        if (typeof there === 'object' && there !== null) expect(JSON.parse(found as string)).toEqual(there);
        else expect(typeof found === 'bigint' ? Number(found) : found).toEqual(there);
        const changed = JSON.parse(`${text.slice(0, node.start)}"X"${text.slice(node.end)}`) as object;
        expect(memberAt(changed, path)).toBe('X');
        const parent = memberAt(parsed, path.slice(0, -1)) as object;
        const without = withoutMember(text, root, path);
        if (Array.isArray(parent)) expect(without).toBeUndefined();
        else {
          Reflect.deleteProperty(parent, path.at(-1)!);
          expect(JSON.parse(without!)).toEqual(parsed);
        }
      }),
      { numRuns: RUNS },
    );
  });

  it.each([
    '',
    '1',
    '[]',
    'null',
    '{',
    '{"a":1}x',
    '{"a":1,"a":1}',
    '{"x":[{"a":1,"\\u0061":2}]}',
    "{'a':1}",
  ])('is no row: %s', (text) => expect(readObject(text)).toBeUndefined());

  it.each([
    ['a text', `"${'x\\"'.repeat(3_000_000)}"`, 6_000_000],
    ['a number', '9'.repeat(1_000_000), 1_000_000],
  ])('of many MB is read where it is one value, %s', (_, value, length) => {
    const text = `{"b":1,"a":${value}}`;
    const root = readObject(text)!;
    expect(String(scalarOf(text, nodeAt(root, ['a'])!))).toHaveLength(length);
  });

  it('of too many values is not looked through', () => {
    const of = (values: number): string => `{"a":[${'1,'.repeat(values - 3)}1]}`;
    expect(readObject(of(500_000))).toBeDefined();
    expect(readObject(of(500_001))).toBeUndefined();
  });

  it('knows names that every object inherits', () => {
    const text = '{"__proto__":1,"constructor":{"toString":2}}';
    const root = readObject(text)!;
    expect(scalarOf(text, nodeAt(root, ['__proto__'])!)).toBe(1);
    expect(nodeAt(root, ['toString'])).toBeUndefined();
    expect(scalarOf(text, nodeAt(root, ['constructor', 'toString'])!)).toBe(2);
  });
});

describe('what a value becomes', () => {
  it.each([
    [{ kind: 'generalise', to: 'month' }, '2020-05-06', '2020-05-01'],
    [{ kind: 'generalise', to: 'year' }, '2020-05-06 07:08', '2020-01-01 00:00'],
    [{ kind: 'generalise', to: 'decade' }, '1999-12-31T23:59:59.999Z', '1990-01-01T00:00:00.000Z'],
    [{ kind: 'round', to: 10 }, '-0.5', '-10'],
    [{ kind: 'round', to: 10 }, 19, 10n],
    [{ kind: 'keep first', characters: 1 }, '😀x', '😀'],
    [{ kind: 'keep domain', local: 'x' }, 'no address', 'x'],
    [{ kind: 'constant', value: null }, 'x', null],
    [{ kind: 'constant', value: 7 }, null, 7],
    [{ kind: 'generalise', to: 'year' }, null, null],
  ] as const)('by %j: %j', (by, value, result) => {
    expect(becomes(by, value)).toEqual(result);
    expect(becomes(by, result)).toEqual(result);
  });
});
