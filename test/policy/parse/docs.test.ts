/**
 * Every block of YAML in docs/policies.md is parsed. The word behind `yaml` says what it is: the whole file, sources, the
 * body of a policy, a condition, a starting point, or a policy that is refused with a code.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { policySchemaText } from '../../../src/policy/parse/json-schema.ts';
import { PROBLEM_CODES } from '../../../src/policy/parse/report.ts';
import { parsePolicies } from '../../../src/policy/parse/parse.ts';
import { ConfigError } from '../../../src/errors.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../../../docs/policies.md'), 'utf8');

const blocks = [...PAGE.matchAll(/^```yaml ?(.*)\n([^]*?)^```$/gm)].map(
  ([, kind = '', body = ''], index) => ({
    index,
    kind,
    body,
  }),
);

const whole = blocks.find((one) => one.kind === 'whole')?.body ?? '';
const [beforePolicies = ''] = whole.split(/^policies:\n/m);
const [beforeSources = ''] = whole.split(/^sources:\n/m);

function indent(text: string, columns: number): string {
  return text.replace(/^(?=.)/gm, ' '.repeat(columns));
}

const REST = 'records: crm.contact\nwithin: 1 month\naction: delete\n';

/** A whole file around a block. */
function around(kind: string, body: string): string {
  const policy = (text: string): string => `${beforePolicies}policies:\n  example:\n${indent(text, 4)}`;
  switch (kind.split(' ')[0]) {
    case 'whole':
      return body;
    case 'sources': {
      const [, source = '', record = ''] = /^(\w+):[^]*records:\n +([\w ]+):/m.exec(body) ?? [];
      const start = 'start: { column: made_at, as: instant, null: unknown }';
      return `${beforeSources}sources:\n${indent(body, 2)}policies:\n  example: { records: ${source}.${record}, ${start}, within: 1 month, action: delete }\n`;
    }
    case 'start':
      return policy(`start:\n${indent(body, 2)}${REST}`);
    case 'condition':
      return policy(`start: made_at\nwhere:\n${indent(body, 2)}${REST}`);
    case 'policy':
      return policy(body);
    default: {
      const statute = blocks.findLast((one) => one.kind === 'policy')?.body ?? '';
      return `${policy(body)}  statute:\n${indent(statute, 4)}`;
    }
  }
}

function codesOf(text: string): readonly string[] {
  try {
    return parsePolicies(text, {
      file: 'docs',
      resolve: () => 'sqlite:x',
      kinds: ['sql', 'files'],
    }).warnings.map((one) => one.code);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map((one) => `${one.code}: ${one.path.join('.')}: ${one.message}`);
  }
}

/** Every key that the JSON Schema of the language has properties for. */
function keysIn(schema: unknown): ReadonlySet<string> {
  if (typeof schema !== 'object' || schema === null) return new Set();
  const own = 'properties' in schema ? Object.keys(schema.properties as object) : [];
  return new Set([...own, ...Object.values(schema).flatMap((part) => [...keysIn(part)])]);
}

describe('docs/policies.md', () => {
  it.each(blocks)('block $index ($kind) is what the page says', ({ kind, body }) => {
    const [, code] = kind.split(' ');
    expect(codesOf(around(kind, body))).toEqual(code === undefined ? [] : [expect.stringContaining(code)]);
  });

  it('marks every block', () => {
    expect(blocks.length).toBeGreaterThan(12);
    expect(
      blocks.filter((one) => !/^(?:whole|sources|start|condition|policy|refused [\w-]+)$/.test(one.kind)),
    ).toEqual([]);
  });

  it('names every key of the language', () => {
    const keys = keysIn(JSON.parse(policySchemaText()));
    expect(keys.size).toBeGreaterThan(70);
    expect([...keys].filter((key) => !new RegExp(`\`${key}|(?:^|[ {-])${key}:`, 'm').test(PAGE))).toEqual([]);
  });

  it('names every code of a problem', () => {
    expect(PROBLEM_CODES.filter((code) => !PAGE.includes(`\`${code}\``))).toEqual([]);
  });
});
