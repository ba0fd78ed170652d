// The runbook has a heading for every alarm, line of `frist status`, log event, code and exit status, and each alarm names
// the test that makes it fire.
import { describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { CAUSES } from '../../src/alerts/causes.ts';
import { ERRORS, EXIT } from '../../src/errors.ts';
import { page, ROOT } from './pages.ts';

const PAGE = 'deploy/RUNBOOK.md';
const text = page(PAGE);

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly { readonly alert: string; readonly annotations: { readonly runbook: string } }[];
  }[];
}
const { groups } = parse(page('deploy/prometheus/alerts.yaml')) as Rules;
const rules = groups.flatMap((one) => one.rules);

/** Sections by heading, of any level. */
const sections = new Map(
  text
    .split(/^#+ /m)
    .slice(1)
    .map((one) => [one.slice(0, one.indexOf('\n')), one.slice(one.indexOf('\n'))] as const),
);
const anchors = new Set(
  [...sections.keys()].map((one) => one.toLowerCase().replace(/[^\w -]/g, '').replaceAll(' ', '-')), // prettier-ignore
);
/** The first cells of the rows of a section's table. */
const firstCells = (heading: string): readonly string[] =>
  (sections.get(heading) ?? '')
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) => line.split('|')[1]?.trim() ?? '');
const codesIn = (some: string): readonly string[] => [...some.matchAll(/`([A-Z][A-Z_]+)`/g)].map(([, one = '']) => one); // prettier-ignore

const files = (folder: string): readonly string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((one) => one.endsWith('.ts'))
    .map((one) => join(folder, one));

describe('the runbook', () => {
  it('leads nowhere that is not there', () => {
    const inside = [...text.matchAll(/\]\(#([^)]+)\)/g)].map(([, one = '']) => one);
    expect(inside.filter((one) => !anchors.has(one))).toEqual([]);
    const outside = rules.map((one) => one.annotations.runbook.replace(`${PAGE}#`, ''));
    expect(outside.filter((one) => !anchors.has(one))).toEqual([]);
  });

  it('has a heading for each alarm, and for no other', () => {
    const alarms = new Set([...rules.map((one) => one.alert), ...CAUSES]);
    const headings = [...sections.keys()].filter((one) => one.startsWith('Frist'));
    expect([...headings].sort()).toEqual([...alarms].sort());
  });

  it.each([...sections].filter(([heading]) => heading.startsWith('Frist')))(
    '%s: says what it means, what to do and when to escalate, and names a test',
    (_, section) => {
      for (const word of ['Means', 'Do', 'Escalate']) expect(section).toContain(`\n**${word}**: `);
      const named = [...section.matchAll(/\]\(([^)#]+\.(?:yaml|ts))\) _([^_]+)_/g)];
      expect(named.length).toBeGreaterThan(0);
      for (const [, path = '', title = ''] of named) {
        const file = join(ROOT, 'deploy', path);
        expect([path, existsSync(file)]).toEqual([path, true]);
        expect(readFileSync(file, 'utf8')).toContain(path.endsWith('.yaml') ? `name: ${title}\n` : title);
      }
    },
  );

  it('has a row for each exit status', () => {
    expect(firstCells('Exit status')).toEqual(Object.values(EXIT).map(String));
  });

  it('has every warning and error of the log', () => {
    const logged = [...files('src'), ...files('jobs')].flatMap((file) =>
      [...page(file).matchAll(/logger\.(?:warn|error)\(\s*'([^']+)'/g)].map(
        ([, event = '']) => `\`${event}\``,
      ),
    );
    expect(logged.length).toBeGreaterThan(10);
    expect([...new Set(logged)].sort()).toEqual([...firstCells('Log')].sort());
  });

  it('has every line of frist status that is not always there', () => {
    const source = page('src/cli/status.ts');
    const lines = firstCells('Status').map((one) => one.replaceAll('`', ''));
    for (const line of lines) expect(source).toContain(line);
    const [, printing = ''] = source.split('function statusText');
    const said = [...printing.matchAll(/if \([^)]*\)[^`;]*`([^`]+)`/g)].map(([, one = '']) => one);
    expect(said.length).toBeGreaterThan(3);
    expect(said.filter((one) => !lines.some((line) => one.includes(line)))).toEqual([]);
  });

  it('has every code once', () => {
    const rows = (sections.get('Codes') ?? '').split('\n').filter((one) => one.startsWith('| `'));
    const met = rows.flatMap((one) => codesIn(one.split('|')[1] ?? ''));
    const [, typed = ''] = (sections.get('Codes') ?? '').split('who types a command');
    const all = [...met, ...codesIn(typed)];
    expect([...all].sort()).toEqual(Object.keys(ERRORS).sort());
    // What fails by itself is never only for who types a command.
    const failing = codesIn(typed).filter((one) => ERRORS[one as keyof typeof ERRORS].exit === EXIT.failed);
    expect(failing).toEqual(['HOLD_WAIT']);
  });
});
