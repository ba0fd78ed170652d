// The pages that people read, taken apart for tests.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');

export const PAGES = [
  'README.md',
  'ARCHITECTURE.md',
  'SECURITY.md',
  'CHANGELOG.md',
  'docs/how-it-decides.md',
  'docs/operating.md',
  'docs/rights.md',
  'docs/deploying.md',
  'docs/several-controllers.md',
  'docs/several-machines.md',
  'docs/metrics.md',
  'docs/alerts.md',
  'docs/auditing.md',
  'docs/safety.md',
  'deploy/RUNBOOK.md',
] as const;

export interface Block {
  readonly page: string;
  /** What stands behind the backticks, e.g. `yaml` or `yaml fragment`. */
  readonly info: string;
  readonly text: string;
}

export function page(name: string): string {
  return readFileSync(join(ROOT, name), 'utf8');
}

/** Fenced blocks of all pages whose info begins with this word. */
export function blocks(kind: string, pages: readonly string[] = PAGES): readonly Block[] {
  return pages.flatMap((name) =>
    [...page(name).matchAll(/^```(\S[^\n]*)\n(.*?)^```$/gms)]
      .map(([, info = '', text = '']) => ({ page: name, info, text }))
      .filter((block) => block.info.split(' ')[0] === kind),
  );
}

/** Targets of the links of a page that lead to files of the project. */
export function localLinks(name: string): readonly string[] {
  return [...page(name).matchAll(/\]\(([^)#\s]+)[^)]*\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** Rows of the table under a heading, cells without backticks. */
export function tableUnder(name: string, heading: string): readonly (readonly string[])[] {
  const [, rest = ''] = page(name).split(new RegExp(`^## ${heading}$`, 'm'));
  const section = rest.split(/^## /m)[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim().replace(/^`(.*)`$/, '$1')),
  );
}
