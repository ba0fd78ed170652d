import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { createMemoryConnector } from '../../src/connectors/memory.ts';
import { createMemoryDatabase } from '../../src/connectors/memory/database.ts';
import { connectorKinds, createConnector, registryOf } from '../../src/connectors/registry.ts';
import { CONFORMANCE_TESTS, TESTS_OF_THEIR_OWN } from './kinds.ts';
import { MEANING } from './memory-harness.ts';

const context = { source: 'crm', connection: 'sqlite:no-such-file.db', pageSize: 100, meaning: MEANING };

describe('the registry of connectors', () => {
  it('makes a connector of each kind without connecting', async () => {
    for (const kind of connectorKinds()) {
      const connector = createConnector(kind, context);
      expect(connector.kind).toBe(kind);
      await connector.close();
    }
  });

  it('knows no others, and not the one for tests', () => {
    expect(connectorKinds()).toEqual(['sql', 'files']);
    expect(() => createConnector('memory', context)).toThrow(/no connector of kind memory/);
  });

  it('refuses a kind given twice', () => {
    const memory = () => createMemoryConnector(createMemoryDatabase([], MEANING));
    expect([...registryOf([['a', memory], ['b', memory]]).keys()]).toEqual(['a', 'b']); // prettier-ignore
    expect(() => registryOf([['a', memory], ['a', memory]])).toThrow(/two connectors of kind a/); // prettier-ignore
  });
});

describe('the conformance suite', () => {
  const folder = new URL('./', import.meta.url);
  const callsSuite = (file: string): boolean =>
    /\bconformance\(/.test(readFileSync(new URL(file, folder), 'utf8'));

  it('is run over every kind of the registry', () => {
    const kinds = Object.keys({ ...CONFORMANCE_TESTS, ...TESTS_OF_THEIR_OWN });
    expect(kinds).toEqual(expect.arrayContaining(connectorKinds()));
    for (const [kind, tests] of Object.entries(CONFORMANCE_TESTS)) {
      expect([kind, tests.length > 0, tests.every(callsSuite)]).toEqual([kind, true, true]);
    }
  });

  it('is named for every test that runs it', () => {
    const tests = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.test.ts'),
    );
    const running = tests.filter((file) => !file.startsWith('wrap') && callsSuite(file));
    expect(running.sort()).toEqual(Object.values(CONFORMANCE_TESTS).flat().sort());
  });
});
