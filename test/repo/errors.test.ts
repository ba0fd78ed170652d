import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { errorsPage } from '../../scripts/docs/errors-page.ts';
import { ERRORS, EXIT } from '../../src/errors.ts';

const page = readFileSync('docs/errors.md', 'utf8');
const documented = [...page.matchAll(/^## (\S+)$/gm)].map((match) => match[1]);

describe('the error table and docs/errors.md', () => {
  it('hold the same codes', () => {
    expect(documented).toEqual(Object.keys(ERRORS));
  });

  it('hold the same words (stale? run `npm run docs`)', () => {
    expect(page).toBe(errorsPage());
  });

  it('know the codes that bin/frist prints before it can load the table', () => {
    const printed = [...readFileSync('bin/frist', 'utf8').matchAll(/'FRIST_([A-Z_]+)',/g)].map(
      (match) => match[1],
    );
    expect(printed).toContain('NODE_VERSION');
    for (const code of printed) expect(Object.keys(ERRORS)).toContain(code);
  });

  it.each(Object.entries(ERRORS))('%s says what is wrong and what to do', (code, row) => {
    expect(code).toMatch(/^[A-Z]+(?:_[A-Z0-9]+)*$/);
    expect(Object.values(EXIT)).toContain(row.exit);
    expect(row.message).not.toMatch(/[.\s]$/);
    expect(row.remedy).toMatch(/\S[.!]$/);
  });
});
