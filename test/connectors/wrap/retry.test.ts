import { describe, expect, it } from '@jest/globals';
import type { Connector, Page } from '../../../src/connectors/connector.ts';
import { SourceFailure } from '../../../src/connectors/connector.ts';
import { createMemoryConnector } from '../../../src/connectors/memory.ts';
import { createMemoryDatabase } from '../../../src/connectors/memory/database.ts';
import type { RetryOptions } from '../../../src/connectors/wrap/retry.ts';
import { withRetry } from '../../../src/connectors/wrap/retry.ts';
import { fakeClock } from '../../support/clock.ts';
import { type Fault, withFault } from '../../support/faults.ts';
import { seeded } from '../../support/random.ts';
import { FIXTURE } from '../conformance/fixture.ts';
import { ON, batchOf, keysOf } from '../conformance/support.ts';
import { PERSON, view } from '../conformance/views.ts';
import { conformance } from '../conformance.ts';
import { MEANING, memoryHarness } from '../memory-harness.ts';

const memory = (pageSize = 10): Connector =>
  createMemoryConnector(createMemoryDatabase(FIXTURE, MEANING), { pageSize });

function retrying(fault?: Fault, options: Partial<RetryOptions> = {}) {
  const clock = fakeClock(0);
  const faulty = withFault(memory(), fault);
  const connector = withRetry(faulty.connector, {
    attempts: 4,
    firstPauseMs: 100,
    longestPauseMs: 300,
    sleep: clock.sleep,
    random: () => 1,
    ...options,
  });
  return { connector, calls: faulty.calls, slept: clock.slept };
}

async function pagesOf(connector: Connector): Promise<Page[]> {
  const pages: Page[] = [];
  for await (const page of connector.scan(view(), undefined, ON)) pages.push(page);
  return pages;
}

const reads: Readonly<Record<string, (connector: Connector) => Promise<unknown>>> = {
  check: (connector) => connector.check([view()], ON),
  now: (connector) => connector.now(),
  count: (connector) => connector.count(view(), ON),
  read: (connector) => connector.read(view(), [['1']], ON),
  dependents: (connector) => connector.dependents(view(), 0, [['1']], ON),
  verify: (connector) => connector.verify(view(), 0, [['1']], ON),
  find: (connector) => connector.find(PERSON, 'email', 'anna@example.dk'),
  scan: async (connector) => (await pagesOf(connector)).flatMap((page) => page.facts),
};

describe('a connector with patient reads', () => {
  it.each(Object.entries(reads))('tries %s again until it answers', async (_, read) => {
    const expected = await read(memory());
    const { connector, slept } = retrying({ at: 0, fate: 'not applied', times: 3 });
    expect(await read(connector)).toEqual(expected);
    expect(slept).toEqual([100, 200, 300]);
  });

  it.each(Object.entries(reads))('gives %s up after the attempts it has', async (_, read) => {
    const { connector, calls } = retrying({ at: 0, fate: 'not applied', times: 100 });
    await expect(read(connector)).rejects.toMatchObject({ failure: 'transient', code: 'FAULT' });
    expect(calls).toHaveLength(4);
  });

  it.each(['data', 'uncertain', 'fatal'] as const)(
    'does not try again after a failure that is %s',
    async (kind) => {
      const failure = new SourceFailure(kind, 'FAULT');
      const { connector, calls } = retrying({ at: 0, fate: 'not applied', failure });
      await expect(connector.count(view(), ON)).rejects.toBe(failure);
      expect(calls).toEqual(['count']);
    },
  );

  it('goes on with a scan behind the last page it gave, whichever page fails', async () => {
    const whole = await pagesOf(memory());
    for (let at = 0; at <= whole.length; at++) {
      for (const fate of ['not applied', 'applied'] as const) {
        const { connector, calls } = retrying({ at, fate });
        const pages = await pagesOf(connector);
        // An empty page may follow: that is how a scan that went on finds its end.
        expect(pages.flatMap((page) => page.facts)).toEqual(whole.flatMap((page) => page.facts));
        expect(calls.length).toBeLessThanOrEqual(whole.length + 3);
      }
    }
  });

  it('has all its attempts for each page anew', async () => {
    const inner = createMemoryConnector(createMemoryDatabase(FIXTURE, MEANING), {
      pageSize: 2,
      hostility: { random: seeded(7), transient: 0.4, repeat: 0 },
    });
    const { sleep } = fakeClock(0);
    const options = { attempts: 3, firstPauseMs: 1, longestPauseMs: 1, sleep, random: () => 0 };
    const pages = await pagesOf(withRetry(inner, options));
    expect(keysOf(pages.flatMap((page) => page.facts))).toHaveLength(49);
  });

  it('never sends a batch again, nor waits for a lock', async () => {
    for (const fate of ['not applied', 'applied'] as const) {
      const erase = retrying({ at: 1, fate, failure: new SourceFailure('transient', 'FAULT') });
      const session = await erase.connector.erasing(view(), ON);
      await expect(session.erase(batchOf(view(), [['101']]), ON)).rejects.toMatchObject({ code: 'FAULT' });
      await session.release();
      expect(erase.calls).toEqual(['erasing', 'erase', 'release']);
      const lock = retrying({ at: 0, fate });
      await expect(lock.connector.erasing(view(), ON)).rejects.toMatchObject({ code: 'FAULT' });
      expect(lock.calls).toEqual(['erasing']);
    }
  });

  it('spreads its pauses by chance, between half and the whole', async () => {
    const { connector, slept } = retrying({ at: 0, fate: 'not applied', times: 2 }, { random: () => 0 });
    await connector.count(view(), ON);
    expect(slept).toEqual([50, 100]);
  });

  it('does not wait, nor call again, once its signal is aborted', async () => {
    const stop = new AbortController();
    const { connector, calls } = retrying(
      { at: 0, fate: 'not applied' },
      {
        sleep: () => {
          stop.abort();
          return Promise.resolve();
        },
      },
    );
    await expect(connector.count(view(), stop.signal)).rejects.toMatchObject({ code: 'FAULT' });
    await expect(connector.count(view(), AbortSignal.abort())).rejects.toMatchObject({ code: 'ABORTED' });
    expect(calls).toEqual(['count', 'count']);
  });
});

// A wrapped connector is a connector.
conformance('memory, hostile, with patient reads', async (tables) => {
  const hostility = { random: seeded(1), transient: 0.2, repeat: 0.2 };
  const harness = await memoryHarness({ hostility })(tables);
  const { sleep } = fakeClock(0);
  const connect = harness.connect.bind(harness);
  harness.connect = (options) =>
    withRetry(connect(options), { attempts: 5, firstPauseMs: 1, longestPauseMs: 1, sleep, random: () => 0 });
  return harness;
});
