/** The table of settings in docs/operating.md, between its two marks: name, default, meaning. */
import { readFileSync } from 'node:fs';
import { SETTINGS } from '../../src/config/settings.ts';
import type { Setting } from '../../src/config/settings.ts';

const DEFAULTS = 'config/settings.json';
const BEGIN = '<!-- settings: written by `npm run docs` -->';
const END = '<!-- /settings -->';

/** The page with its table written anew. */
export function withSettings(page: string): string {
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined)
    throw new TypeError('the page has no marks for the settings');
  return `${before}${BEGIN}\n\n${table()}\n\n${END}${after}`;
}

function table(): string {
  const defaults: unknown = JSON.parse(readFileSync(DEFAULTS, 'utf8'));
  const rows = Object.entries<Setting>(SETTINGS).map(([name, { doc }]) => {
    const [meaning = '', byDoc] = doc.split(/ Default: (?=[^]*\.$)/);
    const value = name.split('.').reduce<unknown>((tree, part) => (tree as Record<string, unknown> | undefined)?.[part], defaults); // prettier-ignore
    const given = value === undefined ? undefined : `\`${JSON.stringify(value).replaceAll('"', '')}\``;
    const said = byDoc?.replace(/\.$/, '').replaceAll('<data>', '`data.folder`');
    return [`\`${name}\``, given ?? said ?? '–', meaning];
  });
  const all = [['Setting', 'Default', 'Meaning'], ...rows];
  const widths = [0, 1, 2].map((i) => Math.max(...all.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string => `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`; // prettier-ignore
  const [head = [], ...body] = all;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
}
