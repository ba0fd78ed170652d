import { execFileSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from '@jest/globals';

interface Finding {
  readonly rule: string | null;
  readonly message: string;
}

/** [path of the file, its text, a part of the one message that must come]. */
type Plant = readonly [path: string, text: string, message: RegExp];

const use = (name: string): string => `import { x } from '${name}';\nexport const y: unknown = x;\n`;
const type = (name: string): string => `import type { X } from '${name}';\nexport type Y = X;\n`;
const code = (text: string): string => `export const y: unknown = ${text};\n`;
const lines = (count: number): string => 'export {};\n'.repeat(count);
const longFunction = (count: number): string =>
  `export function f(): void {\n${'  g();\n'.repeat(count - 2)}}\ndeclare function g(): void;\n`;

const LAYERS: readonly Plant[] = [
  ['src/errors.ts', use('./logger.ts'), /errors\.ts may not import src\/logger\.ts: .*bottom/],
  ['src/policy/x.ts', use('../demo/people.ts'), /may not import src\/demo\/people\.ts: it is pure/],
  ['src/policy/x.ts', use('../logger.ts'), /may not import src\/logger\.ts: it is pure/],
  [
    'src/policy/x.ts',
    type('../connectors/connector.ts'),
    /may not import src\/connectors\/connector\.ts: it is pure/,
  ],
  ['src/policy/parse/x.ts', use('../../state/state.ts'), /may not import src\/state\/state\.ts: it is pure/],
  ['src/policy/x.ts', use('node:fs'), /may not import node:fs: it is pure/],
  ['src/policy/x.ts', use('node:crypto'), /may not import node:crypto: it is pure/],
  ['src/policy/x.ts', use('fs'), /fs has no home/],
  ['src/policy/x.ts', code("import('../logger.ts')"), /may not import src\/logger\.ts/],
  ['src/policy/x.ts', "export * from '../state/state.ts';\n", /may not import src\/state\/state\.ts/],
  ['src/state/x.ts', code('import(String(1))'), /must name its file/],
  [
    'src/erasure/plan.ts',
    use('./execute.ts'),
    /may not import src\/erasure\/execute\.ts except as a type: it is pure/,
  ],
  ['src/erasure/plan.ts', use('../connectors/connector.ts'), /except as a type: it is pure/],
  ['src/erasure/guard.ts', use('node:fs'), /may not import node:fs: it is pure/],
  ['src/erasure/execute.ts', use('../connectors/connector.ts'), /except as a type: it sees contracts only/],
  [
    'src/erasure/execute.ts',
    type('../connectors/memory.ts'),
    /may not import src\/connectors\/memory\.ts: it sees/,
  ],
  ['src/erasure/execute.ts', use('../audit/log.ts'), /except as a type: it sees contracts only/],
  ['src/erasure/execute.ts', use('../state/batches.ts'), /may not import src\/state\/batches\.ts: it sees/],
  [
    'src/erasure/execute.ts',
    use('../connectors/wrap/retry.ts'),
    /may not import src\/connectors\/wrap.*: it sees/,
  ],
  ['src/erasure/recover.ts', use('../connectors/sql/erase.ts'), /knows no concrete source/],
  ['src/erasure/recover.ts', use('../cli/run.ts'), /knows no concrete source, store, command/],
  [
    'src/connectors/sql/x.ts',
    use('../../policy/period.ts'),
    /policy\/period\.ts except as a type: it gives facts/,
  ],
  [
    'src/connectors/sql/x.ts',
    use('../../audit/entry.ts'),
    /may not import src\/audit\/entry\.ts: it gives facts/,
  ],
  [
    'src/connectors/sql/x.ts',
    use('../../erasure/plan.ts'),
    /may not import src\/erasure\/plan\.ts: it gives facts/,
  ],
  ['src/connectors/sql/x.ts', use('../saas/http.ts'), /may not import src\/connectors\/saas\/http\.ts/],
  ['src/connectors/x.ts', type('../state/state.ts'), /may not import src\/state\/state\.ts: it gives facts/],
  ['src/connectors/x.ts', use('../../jobs/sweep.ts'), /may not import jobs\/sweep\.ts: it gives facts/],
  ['src/connectors/x.ts', use('../cli/run.ts'), /may not import src\/cli\/run\.ts: it gives facts/],
  ['src/connectors/x.ts', use('../policy/policy.ts'), /except as a type: it gives facts/],
  ['src/state/x.ts', type('../connectors/connector.ts'), /may not import src\/connectors.*: it remembers/],
  ['src/state/x.ts', use('../erasure/plan.ts'), /may not import src\/erasure\/plan\.ts: it remembers/],
  ['src/state/x.ts', use('../cli/run.ts'), /may not import src\/cli\/run\.ts: it remembers/],
  ['src/audit/tree.ts', use('./log.ts'), /may not import src\/audit\/log\.ts: it is a pure format/],
  ['src/audit/format/ulid.ts', use('../log.ts'), /may not import src\/audit\/log\.ts: it is a pure format/],
  ['src/audit/entry.ts', use('node:fs'), /may not import node:fs: it is a pure format/],
  [
    'src/audit/log.ts',
    type('../policy/policy.ts'),
    /may not import src\/policy\/policy\.ts: it knows no policy/,
  ],
  [
    'src/audit/log.ts',
    type('../connectors/connector.ts'),
    /may not import src\/connectors.*: it knows no policy/,
  ],
  ['src/audit/verify.ts', use('./log.ts'), /may not import src\/audit\/log\.ts: it shares no code/],
  ['src/audit/verify-entries.ts', type('./log.ts'), /may not import src\/audit\/log\.ts: it shares no code/],
  ['src/database.ts', use('./config.ts'), /may not import src\/config\.ts: it is a plain door/],
  ['src/logger.ts', use('./config.ts'), /may not import src\/config\.ts: it is used by all/],
  ['src/config.ts', use('./database.ts'), /may not import src\/database\.ts: it reads settings/],
  ['src/console/x.ts', use('../cli/run.ts'), /may not import src\/cli\/run\.ts: it shows/],
  ['src/console/x.ts', use('../connectors/registry.ts'), /may not import src\/connectors.*: it shows/],
  [
    'src/cli/erase/run.ts',
    use('../../../jobs/sweep.ts'),
    /may not import jobs\/sweep\.ts: it is called by main/,
  ],
  ['src/cli/erase/run.ts', use('../../../test/support/x.ts'), /may not import test\/support\/x\.ts/],
  ['src/main.ts', use('../test/support/x.ts'), /may not import test\/support\/x\.ts: it wires/],
  ['jobs/sweep.ts', use('../src/cli/erase/run.ts'), /may not import src\/cli\/erase\/run\.ts: it composes/],
  ['jobs/sweep.ts', use('../src/main.ts'), /may not import src\/main\.ts: it composes/],
  ['bench/x.ts', use('../test/support/x.ts'), /may not import test\/support\/x\.ts/],
  ['scripts/x.ts', use('../test/support/x.ts'), /may not import test\/support\/x\.ts/],
  ['src/state/x.ts', use('node:process'), /node:process hides/],
];

const VENDORS: readonly Plant[] = [
  ['src/state/x.ts', use('knex'), /knex has its home in src\/database\.ts/],
  ['src/connectors/sql/x.ts', use('knex'), /knex has its home/],
  ['src/connectors/sql/x.ts', use('mysql2/promise'), /mysql2 has its home in src\/database\.ts/],
  ['src/connectors/sql/x.ts', use('pg'), /pg has its home/],
  ['src/state/x.ts', use('better-sqlite3'), /better-sqlite3 has its home/],
  ['jobs/sweep.ts', use('node-cron'), /node-cron has its home in jobs\/scheduler\.ts/],
  ['src/cli/x.ts', use('winston'), /winston has its home in src\/logger\.ts/],
  ['src/logger.ts', use('convict'), /convict has its home in src\/config\.ts/],
  ['src/config.ts', use('yaml'), /yaml has its home in src\/policy\/parse/],
  ['src/policy/x.ts', use('zod'), /zod has its home in src\/policy\/parse/],
  [
    'src/policy/period.ts',
    use('temporal-polyfill'),
    /temporal-polyfill has its home in src\/policy\/temporal\.ts/,
  ],
  ['src/main.ts', use('commander'), /commander has its home in src\/cli/],
  ['src/cli/x.ts', use('hono/html'), /hono has its home in src\/console/],
  ['src/cli/x.ts', use('@hono/node-server'), /@hono\/node-server has its home in src\/console/],
  ['src/cli/x.ts', use('left-pad'), /left-pad has no home/],
];

const SYNTAX: readonly Plant[] = [
  // The layer rule does not look inside types, because this rule leaves none to look at.
  ['src/policy/x.ts', "export type Y = import('../state/state.ts').X;\n", /type annotations are forbidden/],
  ['src/policy/x.ts', code('Date.now()'), /reads no clock/],
  ['src/policy/x.ts', code('new Date()'), /reads no clock/],
  ['src/policy/x.ts', code('Date()'), /reads no clock/],
  [
    'src/policy/x.ts',
    `${type('./temporal.ts')}declare const Temporal: { Now: unknown };\nexport const z = Temporal.Now;\n`,
    /reads no clock/,
  ],
  ['src/policy/x.ts', code('Math.random()'), /Chance is an argument/],
  ['src/erasure/plan.ts', code('Date.now()'), /reads no clock/],
  ['src/erasure/guard.ts', code('new Date()'), /reads no clock/],
  ['src/audit/note.ts', code('Date.now()'), /reads no clock/],
  ['src/policy/x.ts', code('process.argv'), /pure file reads no clock, chance, process/],
  ['src/policy/parse/x.ts', code('globalThis'), /pure file reads no/],
  ['src/policy/x.ts', code('setTimeout(String, 1)'), /pure file reads no/],
  ['src/policy/x.ts', code('setInterval(String, 1)'), /pure file reads no/],
  ['src/policy/x.ts', code('setImmediate(String)'), /pure file reads no/],
  ['src/policy/x.ts', code("fetch('x')"), /pure file reads no/],
  ['src/audit/tree.ts', code('crypto'), /pure file reads no/],
  ['src/state/x.ts', code('process.env'), /Only src\/config\.ts and src\/main\.ts read the environment/],
  ['jobs/x.ts', code('process.env'), /read the environment/],
  ['src/cli/x.ts', code('process.exit(1)'), /Only src\/main\.ts ends the process/],
  ['src/config.ts', code('process.exit(1)'), /Only src\/main\.ts ends the process/],
  ['src/cli/x.ts', code('(process.exitCode = 1)'), /Only src\/main\.ts ends the process/],
  ['src/cli/x.ts', lines(401), /too many lines \(40[12]\). Maximum allowed is 400/],
  ['src/cli/x.ts', longFunction(81), /too many lines \(81\). Maximum allowed is 80/],
  ['src/cli/x.ts', code("console.log('x')"), /Unexpected console/],
];

const FINE: readonly (readonly [path: string, text: string])[] = [
  ['src/policy/x.ts', use('./period.ts') + type('../errors.ts')],
  ['src/policy/parse/x.ts', use('../policy.ts')],
  ['src/policy/parse/x.ts', use('zod')],
  ['src/policy/parse/x.ts', use('yaml')],
  ['src/policy/temporal.ts', use('temporal-polyfill')],
  ['src/policy/x.ts', code('new Date(0)')],
  ['src/erasure/plan.ts', type('../connectors/connector.ts')],
  ['src/erasure/execute.ts', type('../connectors/connector.ts')],
  ['src/erasure/execute.ts', type('../audit/log.ts')],
  ['src/erasure/spool.ts', use('node:fs/promises')],
  ['src/erasure/dry-run.ts', use('../connectors/wrap/dry-run.ts')],
  ['src/connectors/sql/x.ts', type('../../policy/policy.ts')],
  ['src/connectors/sql/x.ts', use('../../database.ts')],
  ['src/connectors/sql/x.ts', type('knex')],
  ['src/connectors/registry.ts', use('./sql/connector.ts')],
  ['src/state/x.ts', use('../database.ts')],
  ['src/state/x.ts', type('../audit/entry.ts')],
  ['src/audit/tree.ts', use('node:crypto')],
  ['src/audit/verify.ts', use('./tree.ts')],
  ['src/audit/entry.ts', use('./format/ulid.ts')],
  ['src/audit/log.ts', use('./store/file.ts')],
  ['src/database.ts', use('knex')],
  ['src/logger.ts', use('winston')],
  ['src/config.ts', use('convict')],
  ['src/config.ts', code('process.env')],
  ['src/main.ts', code('process.env')],
  ['src/main.ts', code('process.exit(1)')],
  ['src/main.ts', use('../jobs/index.ts')],
  ['src/cli/run.ts', use('../connectors/registry.ts')],
  ['src/cli/run.ts', use('commander')],
  ['src/cli/demo.ts', use('../demo/people.ts')],
  ['src/demo/people.ts', use('./random.ts')],
  ['src/console/server.ts', use('hono')],
  ['jobs/scheduler.ts', use('node-cron')],
  ['jobs/sweep.ts', use('../src/erasure/execute.ts')],
  ['jobs/sweep.ts', use('../src/installation/app.ts')],
  ['test/cli/x.test.ts', use('../../src/cli/run.ts')],
  ['test/cli/x.test.ts', longFunction(200)],
  ['src/cli/x.ts', lines(400)],
  ['src/cli/x.ts', longFunction(80)],
];

describe('layer rules', () => {
  const texts = [...LAYERS, ...VENDORS, ...SYNTAX, ...FINE];
  let found: Finding[][] = [];

  beforeAll(() => {
    const input = JSON.stringify(texts.map(([path, text]) => ({ path, text })));
    const output = execFileSync(process.execPath, ['test/support/lint-text.mjs'], {
      input,
      encoding: 'utf8',
    });
    found = JSON.parse(output) as Finding[][];
  });

  function expectOne(at: number, rules: readonly string[], message: RegExp): void {
    expect(found[at]).toEqual([{ rule: expect.any(String), message: expect.stringMatching(message) }]);
    expect(rules).toContain(found[at]?.[0]?.rule);
  }

  it.each(LAYERS.map((plant, at) => [...plant, at] as const))('%s: %j', (_path, _text, message, at) => {
    expectOne(at, ['frist/layers'], message);
  });

  it.each(VENDORS.map((plant, at) => [...plant, LAYERS.length + at] as const))(
    'vendor home, %s: %j',
    (_path, _text, message, at) => {
      expectOne(at, ['frist/layers'], message);
    },
  );

  it.each(SYNTAX.map((plant, at) => [plant[0], plant[1].slice(0, 60), plant[2], at] as const))(
    'reach, %s: %j',
    (_path, _text, message, at) => {
      const rules = [
        'no-restricted-syntax',
        'no-restricted-globals',
        'max-lines',
        'max-lines-per-function',
        'no-console',
        '@typescript-eslint/consistent-type-imports',
      ];
      expectOne(LAYERS.length + VENDORS.length + at, rules, message);
    },
  );

  it.each(FINE.map(([path, text], at) => [path, text.slice(0, 60), at] as const))(
    'silent, %s: %j',
    (_path, _text, at) => {
      expect(found[LAYERS.length + VENDORS.length + SYNTAX.length + at]).toEqual([]);
    },
  );
});
