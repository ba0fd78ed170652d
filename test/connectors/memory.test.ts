import { describe, expect, it } from '@jest/globals';
import { createMemoryConnector } from '../../src/connectors/memory.ts';
import { createMemoryDatabase } from '../../src/connectors/memory/database.ts';
import { newSeed, seeded, withRandom } from '../support/random.ts';
import { conformance } from './conformance.ts';
import { contract } from './contract.ts';
import { FIXTURE } from './conformance/fixture.ts';
import { ON, batchOf, failureOf, inSession, keysOf, scanAll } from './conformance/support.ts';
import { view } from './conformance/views.ts';
import { MEANING, memoryContractBed, memoryHarness } from './memory-harness.ts';

conformance('memory, well-behaved', memoryHarness({ now: () => 1_700_000_000_000, maxBatch: 50 }));

const seed = newSeed();
conformance(
  `memory, hostile (FRIST_TEST_SEED=${String(seed)})`,
  memoryHarness({ hostility: { random: seeded(seed), transient: 0.2, repeat: 0.3 } }),
);

contract('memory', () => Promise.resolve(memoryContractBed()));

describe('the hostility of the memory connector', () => {
  const ids = (database: ReturnType<typeof createMemoryDatabase>): (string | null | undefined)[] =>
    [...(database.tables.get('people')?.rows.values() ?? [])].map((row) => row['id']);

  it(
    'repeats records across pages, makes pages of all sizes, and still misses none',
    withRandom(async (random) => {
      const database = createMemoryDatabase(FIXTURE, MEANING);
      const calm = await scanAll(createMemoryConnector(database), view());
      const hostility = { random, transient: 0.1, repeat: 0.5 };
      const hostile = createMemoryConnector(database, { hostility, pageSize: 6 });
      const facts = await scanAll(hostile, view());
      expect(facts.length).toBeGreaterThan(calm.length);
      expect(keysOf(facts)).toEqual(keysOf(calm));
    }),
  );

  it(
    'applies nothing of a batch that fails transiently',
    withRandom(async (random) => {
      const database = createMemoryDatabase(FIXTURE, MEANING);
      const hostility = { random, transient: 0.5, repeat: 0 };
      const connector = createMemoryConnector(database, { hostility });
      let failures = 0;
      for (let id = 111; id <= 140; id++) {
        const key = String(id);
        const erased = inSession(connector, view(), (session) => session.erase(batchOf(view(), [[key]]), ON));
        const outcome = await erased.then(
          () => 'erased',
          (error: unknown) => error,
        );
        if (outcome !== 'erased') failures++;
        expect(ids(database).includes(key)).toBe(outcome !== 'erased');
      }
      expect(failures).toBeGreaterThan(0);
      expect(failures).toBeLessThan(30);
    }),
  );

  it('lets somebody else change a record between the plan and the lock', async () => {
    const database = createMemoryDatabase(FIXTURE, MEANING);
    const people = database.tables.get('people');
    const meddle = (): void => {
      const row = people?.rows.get('["101"]');
      if (row !== undefined) people?.rows.set('["101"]', { ...row, status: 'hired' });
    };
    const connector = createMemoryConnector(database, { meddle });
    const asked = view({ where: { kind: 'is', column: 'status', values: ['lead'] } });
    const result = await inSession(connector, asked, (session) =>
      session.erase(batchOf(asked, [['101'], ['102']]), ON),
    );
    expect(result.outcomes).toEqual(['changed', 'erased']);
  });

  it('refuses the record it is told to refuse, with the whole batch', async () => {
    const database = createMemoryDatabase(FIXTURE, MEANING);
    const connector = createMemoryConnector(database, { refuses: ([id]) => id === '102' });
    const before = ids(database);
    await inSession(connector, view(), async (session) => {
      const error = await failureOf(() => session.erase(batchOf(view(), [['101'], ['102']]), ON));
      expect(error).toMatchObject({ failure: 'data', code: 'REFUSED' });
      expect(ids(database)).toEqual(before);
      expect((await session.erase(batchOf(view(), [['101']]), ON)).outcomes).toEqual(['erased']);
    });
  });

  it.each(['applied', 'not applied'] as const)('loses the answer to a batch that was %s', async (fate) => {
    const database = createMemoryDatabase(FIXTURE, MEANING);
    const connector = createMemoryConnector(database, { losesAnswer: () => fate });
    await inSession(connector, view(), async (session) => {
      const error = await failureOf(() => session.erase(batchOf(view(), [['101']]), ON));
      expect(error).toMatchObject({ failure: 'uncertain' });
    });
    expect(ids(database).includes('101')).toBe(fate === 'not applied');
    expect(await connector.verify(view(), 0, [['101']], ON)).toEqual([
      fate === 'applied' ? 'gone' : 'present',
    ]);
  });
});
