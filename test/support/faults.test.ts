import { describe, expect, it } from '@jest/globals';
import type { Connector } from '../../src/connectors/connector.ts';
import { createMemoryConnector } from '../../src/connectors/memory.ts';
import { createMemoryDatabase } from '../../src/connectors/memory/database.ts';
import { FIXTURE } from '../connectors/conformance/fixture.ts';
import { ON, batchOf } from '../connectors/conformance/support.ts';
import { view } from '../connectors/conformance/views.ts';
import { MEANING } from '../connectors/memory-harness.ts';
import { FATES, withFault } from './faults.ts';
import { seeded, withRandom } from './random.ts';

async function eraseOne(connector: Connector): Promise<void> {
  for await (const page of connector.scan(view(), undefined, ON)) expect(page.facts).not.toEqual([]);
  const session = await connector.erasing(view(), ON);
  try {
    await session.erase(batchOf(view(), [['101']]), ON);
  } finally {
    await session.release();
  }
}

describe('faults', () => {
  it('counts every call that reaches the outside', async () => {
    const { connector, calls } = withFault(createMemoryConnector(createMemoryDatabase(FIXTURE, MEANING)));
    await eraseOne(connector);
    // The page, and the call that finds no further one.
    expect(calls).toEqual(['scan', 'scan', 'erasing', 'erase', 'release']);
  });

  it('fails each call in both ways, and nothing else', async () => {
    for (let at = 0; at < 5; at++) {
      for (const fate of FATES) {
        const database = createMemoryDatabase(FIXTURE, MEANING);
        const { connector, calls } = withFault(createMemoryConnector(database), { at, fate });
        const failure = at === 3 ? 'uncertain' : 'transient';
        await expect(eraseOne(connector)).rejects.toMatchObject({ code: 'FAULT', failure });
        const gone = !database.tables.get('people')!.rows.has('["101"]');
        expect({ at, fate, gone }).toEqual({ at, fate, gone: at === 4 || (at === 3 && fate === 'applied') });
        expect({ at, fate, locked: database.locks.size > 0 }).toEqual({
          at,
          fate,
          locked: at === 4 && fate === 'not applied',
        });
        expect(calls.length).toBe(at === 3 ? 5 : at + 1);
      }
    }
  });
});

describe('chance', () => {
  it('is the same for the same seed', () => {
    const ten = (seed: number): number[] => Array.from({ length: 10 }, seeded(seed));
    expect(ten(1)).toEqual(ten(1));
    expect(ten(1)).not.toEqual(ten(2));
    for (const value of ten(3)) expect(value >= 0 && value < 1).toBe(true);
  });

  it('prints its seed when a test fails, and only then', async () => {
    const printed: string[] = [];
    const write = (text: string): void => {
      printed.push(text);
    };
    await withRandom((random) => random(), write)();
    expect(printed).toEqual([]);
    const failing = withRandom((_, seed) => Promise.reject(new Error(String(seed))), write);
    const error: unknown = await failing().catch((one: unknown) => one);
    expect(printed).toHaveLength(1);
    expect(printed[0]).toContain(`FRIST_TEST_SEED=${(error as Error).message} `);
  });
});
