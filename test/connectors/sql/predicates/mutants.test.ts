/**
 * Every predicate is needed: the connector with one of them left out fails a scenario that the whole one passes
 * (predicates.test.ts). Each mutant is a copy of src/connectors/sql in a folder of its own, with one text replaced.
 */
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { newSeed, seeded } from '../../../support/random.ts';
import type { Create } from './bed.ts';
import { MUTANTS } from './mutants.ts';
import type { Mutant } from './mutants.ts';
import { SCENARIOS } from './scenarios.ts';

/** `npm run test:mutants` tries all of them; else chance takes some, which saves minutes. */
const SAMPLE = 25;
const random = seeded(newSeed());
const CHOSEN =
  process.env['FRIST_MUTANTS'] === 'all' ? MUTANTS : MUTANTS.filter(() => random() < SAMPLE / MUTANTS.length);

const CONNECTOR = resolve(import.meta.dirname, '../../../../src/connectors/sql');

let folder = '';
const sources = new Map<string, string>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'frist-mutants-'));
  for (const name of await readdir(CONNECTOR, { recursive: true }))
    if (name.endsWith('.ts')) sources.set(name, await readFile(join(CONNECTOR, name), 'utf8'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Plain JavaScript, which jest need not transform for every copy; what lies elsewhere is imported from where it is. */
function compiled(name: string, text: string): string {
  const here = dirname(join(CONNECTOR, name));
  return stripTypeScriptTypes(text).replaceAll(/ from '(\.[^']+)'/g, (_, path: string) => {
    const file = resolve(here, path);
    const outside = relative(CONNECTOR, file).startsWith('..');
    return ` from '${outside ? file : path.replace(/\.ts$/, '.mjs')}'`;
  });
}

async function connectorWith(copy: string, mutant?: Mutant): Promise<Create> {
  for (const [name, text] of sources) {
    const path = join(folder, copy, name.replace(/\.ts$/, '.mjs'));
    await mkdir(dirname(path), { recursive: true });
    const changed = mutant?.[0] === name ? text.replace(mutant[1], () => mutant[2]) : text;
    await writeFile(path, compiled(name, changed));
  }
  const made = (await import(join(folder, copy, 'connector.mjs'))) as { readonly createSqlConnector: Create };
  return made.createSqlConnector;
}

/** More statements than any scenario needs: a scan that does not get on would go on for ever. */
const MOST_STATEMENTS = 2000;

function limited(create: Create): Create {
  let sent = 0;
  return (context, options) =>
    create(context, {
      ...options,
      onStatement: (text, params) => {
        sent += 1;
        if (sent > MOST_STATEMENTS) throw new Error('it goes on for ever');
        options?.onStatement?.(text, params);
      },
    });
}

/** The first scenario that minds. */
async function killer(create: Create): Promise<string | undefined> {
  for (const { name, run } of SCENARIOS)
    try {
      await run('sqlite', limited(create));
    } catch {
      return name;
    }
  return undefined;
}

it('leaves a copy that nothing was taken from as it was', async () => {
  expect(await killer(await connectorWith('whole'))).toBeUndefined();
});

it('are made of texts that each stand in the connector once', () => {
  const times = MUTANTS.map(([file, from]) => [file, from, (sources.get(file) ?? '').split(from).length - 1]);
  expect(times.filter(([, , found]) => found !== 1)).toEqual([]);
});

it.each(CHOSEN.map((one, i) => [i, one[0], one[1], one[2], one] as const))(
  '%i: %s: %s => %s',
  async (i, _file, _from, _to, mutant) => {
    expect(await killer(await connectorWith(String(i), mutant))).toBeDefined();
  },
);
