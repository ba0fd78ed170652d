import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { policySchemaText } from '../../../src/policy/parse/json-schema.ts';

type Schema = Readonly<Record<string, unknown>>;

const PATH = join(import.meta.dirname, '../../../config/policies.schema.json');

function isMapping(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Every schema below `schema`, with the way to it. */
function* schemas(schema: unknown, way: string): Generator<readonly [string, Schema]> {
  if (Array.isArray(schema)) {
    for (const [index, one] of schema.entries()) yield* schemas(one, `${way}/${String(index)}`);
  } else if (isMapping(schema)) {
    yield [way, schema];
    for (const [key, below] of Object.entries(schema)) yield* schemas(below, `${way}/${key}`);
  }
}

describe('the schema for editors', () => {
  const schema = JSON.parse(policySchemaText()) as Schema;

  it('is not stale (npm run generate)', () => {
    expect(readFileSync(PATH, 'utf8')).toBe(policySchemaText());
  });

  it('describes every key', () => {
    const bare = [...schemas(schema, '')].flatMap(([way, one]) =>
      Object.entries(isMapping(one['properties']) ? one['properties'] : {})
        .filter(([, property]) => !isMapping(property) || typeof property['description'] !== 'string')
        .map(([key]) => `${way}/${key}`),
    );
    expect(bare).toEqual([]);
  });

  it('leaves nothing open by accident', () => {
    // An empty schema accepts anything: that is how a type without a counterpart in JSON Schema would come out.
    const empty = [...schemas(schema, '')].filter(
      ([way, one]) => Object.keys(one).length === 0 && !way.endsWith('/properties'),
    );
    expect(empty.map(([way]) => way)).toEqual([]);
    const loose = [...schemas(schema, '')].filter(
      ([, one]) => isMapping(one['properties']) && one['additionalProperties'] === undefined,
    );
    expect(loose.map(([way]) => way)).toEqual([]);
  });

  it('points only to definitions that are there', () => {
    const definitions = Object.keys(schema['definitions'] as Schema).map((name) => `#/definitions/${name}`);
    const refs = [...schemas(schema, '')].flatMap(([, one]) =>
      typeof one['$ref'] === 'string' ? [one['$ref']] : [],
    );
    expect(refs.filter((ref) => !definitions.includes(ref))).toEqual([]);
    expect(refs.length).toBeGreaterThan(10);
  });
});
