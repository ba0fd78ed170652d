// What the pages say is so: their commands run, their policies parse, their numbers are those of the program.
import { describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { parseEntry } from '../../src/audit/entry.ts';
import { readCommandLine } from '../../src/cli/program.ts';
import { SETTINGS } from '../../src/config/settings.ts';
import { POPULATION_MOVED_PERCENT, SMALL_POPULATION } from '../../src/erasure/guard.ts';
import { EXIT } from '../../src/errors.ts';
import { parsePolicies } from '../../src/policy/parse/parse.ts';
import type { PolicyFile } from '../../src/policy/policy.ts';
import { blocks, localLinks, page, PAGES, ROOT, tableUnder } from './pages.ts';

const run = promisify(execFile);

interface Package {
  readonly scripts: Readonly<Record<string, string>>;
}
const scripts = (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Package).scripts;

function parse(text: string, file: string): PolicyFile {
  return parsePolicies(text, { file, resolve: () => 'sqlite:nowhere.sqlite', kinds: ['sql'] }).file;
}

/** Command lines of the shell blocks of a page. */
function commands(name: string): readonly string[] {
  return blocks('sh', [name]).flatMap((block) => block.text.split('\n').filter((line) => line !== ''));
}

describe('the README’s commands', () => {
  it('are those of the quick start, and nothing else', () => {
    expect(commands('README.md')).toEqual(['npm ci', 'npm run demo', 'npm test']);
  });

  it('npm ci finds a lock file that fits', async () => {
    await run('npm', ['ci', '--dry-run', '--ignore-scripts', '--offline', '--no-audit'], { cwd: ROOT });
  });

  it('npm run demo ends well, and says so', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'frist-readme-'));
    try {
      const { stdout } = await run('npm', ['run', '--silent', 'demo', '--', '--folder', folder], {
        cwd: ROOT,
        maxBuffer: 1 << 24,
        // Settings of a real installation must not reach the demo.
        env: { ...process.env, FRIST_STATE_URL: 'sqlite:/nowhere/state.db', FRIST_LOG_LEVEL: 'nonsense' },
      });
      expect(stdout).toMatch(/\$ frist run [^\n]*\n.*\(exit status 3\)/s);
      expect(stdout).not.toMatch(/WRONG/);
      expect(stdout).toMatch(/The trail verifies/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('the demo writes over nothing', async () => {
    const refused = run('npm', ['run', '--silent', 'demo', '--', '--folder', join(ROOT, 'config')], {
      cwd: ROOT,
    });
    await expect(refused).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('not empty') });
  });

  it('npm test runs a script that is there', () => {
    const [, script = ''] = /^node (\S+)$/.exec(scripts['test'] ?? '') ?? [];
    expect(existsSync(join(ROOT, script))).toBe(true);
  });
});

describe('the pages', () => {
  it.each(PAGES)('%s has no dead link', (name) => {
    for (const target of localLinks(name))
      expect([target, existsSync(join(ROOT, dirname(name), target))]).toEqual([target, true]);
  });

  it('has policies that parse', () => {
    const whole = blocks('yaml').filter((block) => block.info === 'yaml');
    expect(whole.map((block) => block.page)).toContain('README.md');
    for (const block of whole) expect(parse(block.text, block.page).policies.length).toBeGreaterThan(0);
  });

  it('shows only commands that there are, with options that they have', () => {
    const lines = PAGES.flatMap(commands).filter((line) => line.startsWith('frist '));
    expect(lines.length).toBeGreaterThan(3);
    for (const line of lines) {
      const words = [...line.replace(/ > .*$/, '').matchAll(/"([^"]*)"|(\S+)/g)].map(
        ([, quoted, word]) => quoted ?? word!,
      );
      const said: string[] = [];
      const silent = {
        out: (text: string) => void said.push(text),
        err: (text: string) => void said.push(text),
      };
      expect([line, typeof readCommandLine(words.slice(1), '0', silent), said]).toEqual([line, 'object', []]);
    }
  });

  it('names every command that --help names, and no other', async () => {
    const { stdout } = await run(process.execPath, [join(ROOT, 'bin/frist'), '--help']);
    const [, list = ''] = stdout.split('Commands:');
    const verbs = [...list.matchAll(/^ {2}(\w+)/gm)]
      .map(([, verb]) => verb!)
      .filter((verb) => verb !== 'help');
    const [block] = blocks('text', ['README.md']);
    const shown = [...block!.text.matchAll(/^frist (\w+)/gm)].map(([, verb]) => verb!);
    expect(new Set(shown)).toEqual(new Set(verbs));
  });
});

describe('the README’s numbers', () => {
  it('exit statuses', () => {
    const statuses = tableUnder('README.md', 'Exit status').map(([status]) => Number(status));
    expect(statuses).toEqual(Object.values(EXIT));
    expect(tableUnder('docs/operating.md', 'Every day').map(([status]) => Number(status))).toEqual(statuses);
  });

  it('guards', () => {
    const [policy] = parse(blocks('yaml', ['README.md'])[0]!.text, 'README.md').policies;
    if (policy?.kind !== 'erase') throw new Error('the README shows no policy that erases');
    const words = ({ maxRecords, maxPercent }: typeof policy.guards): string =>
      `${maxRecords.toLocaleString('en')} and ${maxPercent} %`;
    const [usual, first, moved] = tableUnder('README.md', 'Guards');
    expect(usual![1]).toContain(words(policy.guards));
    expect(first![1]).toBe(words(policy.firstGuards));
    expect(moved![0]).toContain(`more than ${POPULATION_MOVED_PERCENT} %`);
    expect(page('README.md')).toContain(`under a population of ${SMALL_POPULATION}`);
  });

  it('its entry of the trail is one', () => {
    const [block] = blocks('json', ['README.md']);
    const compact = JSON.stringify(JSON.parse(block!.text));
    expect(parseEntry(compact).type).toBe('record');
  });

  it('settings', () => {
    const rows = tableUnder('docs/operating.md', 'Settings');
    expect(rows.map(([name]) => name)).toEqual(Object.keys(SETTINGS));
    const defaults: unknown = JSON.parse(readFileSync(join(ROOT, 'config/settings.json'), 'utf8'));
    for (const [name = '', value = ''] of rows) {
      const given = name
        .split('.')
        .reduce<unknown>((tree, part) => (tree as Record<string, unknown> | undefined)?.[part], defaults);
      if (given !== undefined)
        expect([name, value]).toEqual([name, JSON.stringify(given).replaceAll('"', '')]);
    }
  });
});
