import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { createMemoryConnector } from '../../src/connectors/memory.ts';
import { createMemoryDatabase } from '../../src/connectors/memory/database.ts';
import { connectorKinds, createConnector, registryOf } from '../../src/connectors/registry.ts';
import { CONFORMANCE_TESTS, CONTRACT_TESTS } from './kinds.ts';
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

describe.each([
  ['conformance suite', CONFORMANCE_TESTS, /\bconformance\(/],
  ['contract', CONTRACT_TESTS, /\bcontract\(/],
] as const)('the %s', (_, tests, call) => {
  const folder = new URL('./', import.meta.url);
  const callsIt = (file: string): boolean => call.test(readFileSync(new URL(file, folder), 'utf8'));

  it('is run by every test that is named for it', () => {
    for (const [kind, files] of Object.entries(tests))
      expect([kind, files.length > 0, files.every(callsIt)]).toEqual([kind, true, true]);
  });

  it('is named for every test that runs it', () => {
    const all = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    const running = all.filter((file) => file.endsWith('.test.ts') && !/^(?:wrap|registry)/.test(file) && callsIt(file)); // prettier-ignore
    expect(running.sort()).toEqual(Object.values(tests).flat().sort());
  });
});

it('every kind is held against the one or the other', () => {
  const kinds = Object.keys({ ...CONFORMANCE_TESTS, ...CONTRACT_TESTS });
  expect(kinds).toEqual(expect.arrayContaining(connectorKinds()));
});
