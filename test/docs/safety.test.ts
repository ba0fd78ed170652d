// The page of safety names a test for all that it promises: the test is there, by its title, and every row has one.
import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { page, ROOT, tableUnder } from './pages.ts';

const PAGE = 'docs/safety.md';
const NAMED = /\]\(\.\.\/(test\/[^)]+)\)(?: _([^_]+)_)?/g;

/** Rows of the page's tables, by their first cell. */
const rows = ['Invariants', 'Promises', 'Bad days']
  .flatMap((heading) => tableUnder(PAGE, heading))
  .map((cells) => [cells[0] ?? '', cells.at(-1) ?? ''] as const);

describe('the page of safety', () => {
  it('has its three tables', () => {
    expect(rows.length).toBeGreaterThan(50);
  });

  it.each(rows)('%s: names a test', (_, cell) => {
    expect([...cell.matchAll(NAMED)].length).toBeGreaterThan(0);
  });

  const named = [...page(PAGE).matchAll(NAMED)].map(([, path = '', title = '']) => [path, title] as const);

  it.each(named)('%s has the test: %s', (path, title) => {
    expect(title).not.toBe('');
    const file = join(ROOT, path);
    expect([path, existsSync(file)]).toEqual([path, true]);
    expect(readFileSync(file, 'utf8')).toContain(title);
  });

  it('has a row for each invariant that it states', () => {
    const [, text = ''] = /^```text\n(.*?)^```$/ms.exec(page(PAGE)) ?? [];
    const stated = [...text.matchAll(/^(\w+) +(?:\[\]|<>)/gm)].map(([, name]) => name);
    const kept = new Set(rows.flatMap(([first]) => first.split(', ')));
    expect(stated.length).toBeGreaterThan(10);
    expect(stated.filter((name) => !kept.has(name ?? ''))).toEqual([]);
  });
});
