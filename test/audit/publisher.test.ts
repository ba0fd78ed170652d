import { describe, expect, it } from '@jest/globals';
import { entries, logOf, SIGNER } from '../support/trail.ts';
import { openLog } from '../../src/audit/log.ts';
import type { Log } from '../../src/audit/log.ts';
import type { Head } from '../../src/audit/checkpoint.ts';
import { createPublisher } from '../../src/audit/publisher.ts';
import type { Outbox, OutboxRow, Publisher } from '../../src/audit/publisher.ts';
import { createMemoryStore } from '../../src/audit/store/memory.ts';
import type { Fault, Operation } from '../../src/audit/store/memory.ts';

const coded = (code: string): unknown => expect.objectContaining({ code });
const sleep = async (): Promise<void> => {};

/** The outbox table of a state database, as the publisher's contract says. */
class Table implements Outbox {
  rows: OutboxRow[] = [];
  head: Head | undefined;
  calls: string[] = [];
  /** What another process does around the next reading of the rows. */
  beforePending: (() => Promise<unknown>) | undefined;
  afterPending: (() => Promise<unknown>) | undefined;
  /** Fails the next acknowledgement: before it is carried out, or after. */
  fault: Fault | undefined;
  #last = 0;

  put(...texts: readonly string[]): number {
    this.rows.push({ id: ++this.#last, entries: texts });
    return this.#last;
  }
  copy(): Table {
    return Object.assign(new Table(), { rows: [...this.rows], head: this.head });
  }
  async pending(limit: number): Promise<readonly OutboxRow[]> {
    const [before, after] = [this.beforePending, this.afterPending];
    this.beforePending = this.afterPending = undefined;
    await before?.();
    this.calls.push('pending');
    const rows = this.rows.slice(0, limit);
    await after?.();
    return rows;
  }
  async lastHead(): Promise<Head | undefined> {
    return this.head;
  }
  async acknowledge(ids: readonly OutboxRow['id'][], head: Head): Promise<void> {
    this.calls.push(`acknowledge ${ids.length}`);
    const fault = this.fault;
    this.fault = undefined;
    if (fault === 'before') throw new Error('state is down');
    this.rows = this.rows.filter(({ id }) => !ids.includes(id));
    if (head.size > (this.head?.size ?? 0)) this.head = head;
    if (fault === 'after') throw new Error('state is down');
  }
}

const contents = async (log: Log): Promise<string[]> => {
  await log.refresh();
  return await log.readEntries(0, log.head().size);
};
const reopened = (objects: Map<string, Buffer>, expected?: Head): Promise<Log> =>
  openLog({ store: createMemoryStore({ objects }), signer: SIGNER, sleep, expected });

describe('the publisher', () => {
  it('publishes all rows in one append, in their order, and acknowledges them', async () => {
    const { log, store } = await logOf([]);
    const outbox = new Table();
    const texts = entries(6);
    outbox.put(...texts.slice(0, 1));
    outbox.put(...texts.slice(1, 5));
    outbox.put(...texts.slice(5));
    await createPublisher({ log, outbox }).flush();
    expect(await contents(log)).toEqual(texts);
    expect(outbox.rows).toEqual([]);
    expect(outbox.head).toEqual(log.head());
    // Pending, bundle, tile, checkpoint: one append.
    expect(store.objects.size).toBe(4);
  });

  it('has nothing to do when nothing waits', async () => {
    const { log, store } = await logOf([]);
    await createPublisher({ log, outbox: new Table() }).flush();
    expect(store.objects.size).toBe(0);
  });

  it('publishes more rows than it reads at once, and rows without entries', async () => {
    const { log } = await logOf([]);
    const outbox = new Table();
    const texts = entries(2500);
    for (const text of texts) outbox.put(text);
    outbox.put();
    await createPublisher({ log, outbox }).flush();
    expect(await contents(log)).toEqual(texts);
    expect(outbox.rows).toEqual([]);
  });

  it('lets all who come while it is busy share the next round', async () => {
    const { log } = await logOf([]);
    const outbox = new Table();
    const publisher = createPublisher({ log, outbox });
    const texts = entries(50);
    const flushed = texts.map(async (text) => {
      outbox.put(text);
      await publisher.flush();
      // Whoever has waited finds his entry in the log.
      expect(outbox.rows.some((row) => row.entries.includes(text))).toBe(false);
    });
    await Promise.all(flushed);
    expect((await contents(log)).sort()).toEqual([...texts].sort());
    expect(outbox.calls.filter((call) => call.startsWith('acknowledge')).length).toBeLessThanOrEqual(3);
  });

  it('leaves the outbox as it is when the store is down, and goes on when it is back', async () => {
    let down = true;
    const store = createMemoryStore({
      fault: ({ method }) => (down && method !== 'get' ? 'before' : undefined),
    });
    const log = await openLog({ store, signer: SIGNER, sleep });
    const outbox = new Table();
    const texts = entries(3);
    outbox.put(...texts);
    const publisher = createPublisher({ log, outbox });
    await expect(publisher.flush()).rejects.toEqual(coded('AUDIT_STORE'));
    await expect(publisher.flush()).rejects.toEqual(coded('AUDIT_STORE'));
    expect(outbox.rows).toHaveLength(1);
    down = false;
    await publisher.flush();
    expect(await contents(log)).toEqual(texts);
  });

  it('never publishes twice, whatever fails in store and state, and whether it lives on or not', async () => {
    for (let n = 0; n < 12; n++) {
      for (const storeFault of ['before', 'after', undefined] as const) {
        for (const stateFault of ['before', 'after', undefined] as const) {
          for (const survives of [true, false]) {
            const objects = new Map<string, Buffer>();
            const outbox = new Table();
            const first = entries(2);
            outbox.put(...first);
            await createPublisher({ log: await reopened(objects), outbox }).flush();
            const fault = (operation: Operation): Fault | undefined =>
              operation.n === n + 4 ? storeFault : undefined;
            const log = await openLog({
              store: createMemoryStore({ objects, fault }),
              signer: SIGNER,
              sleep,
            }).catch(() => undefined);
            const more = entries(3);
            outbox.put(...more.slice(0, 1));
            outbox.put(...more.slice(1));
            outbox.fault = stateFault;
            const publisher = createPublisher({ log: log ?? (await reopened(objects)), outbox });
            await publisher.flush().catch(() => undefined);
            const late = entries(1);
            outbox.put(...late);
            const next = survives
              ? publisher
              : createPublisher({ log: await reopened(objects, outbox.head), outbox });
            for (let tries = 0; outbox.rows.length > 0; tries++) {
              expect(tries).toBeLessThan(4);
              await next.flush().catch(() => undefined);
            }
            await next.flush();
            const after = await reopened(objects, outbox.head);
            expect(await contents(after)).toEqual([...first, ...more, ...late]);
            expect(outbox.head).toEqual(after.head());
          }
        }
      }
    }
  });

  it('acknowledges what a crashed one had appended', async () => {
    const { log } = await logOf([]);
    const outbox = new Table();
    const [one, two, three] = entries(3) as [string, string, string];
    outbox.put(one, two);
    await log.append([one, two]);
    outbox.put(three);
    await createPublisher({ log, outbox }).flush();
    expect(await contents(log)).toEqual([one, two, three]);
    expect(outbox.calls).toContain('acknowledge 1');
  });

  it('stops before a trail that holds what the state has never heard of', async () => {
    const { log, store } = await logOf([]);
    const outbox = new Table();
    outbox.put(...entries(300));
    const publisher = createPublisher({ log, outbox });
    await publisher.flush();
    const old = outbox.copy();
    outbox.put(...entries(2));
    await publisher.flush();
    const before = new Map(store.objects);
    // The state is restored from before the last flush: what was published since is not in its outbox.
    old.put(...entries(1));
    const onOld = createPublisher({ log: await reopened(store.objects, old.head), outbox: old });
    await expect(onOld.flush()).rejects.toMatchObject({ code: 'AUDIT_STATE_OLD', params: { count: 2 } });
    await expect(onOld.flush()).rejects.toEqual(coded('AUDIT_STATE_OLD'));
    // A new state beside an old trail.
    const empty = new Table();
    empty.put(...entries(400));
    const onEmpty = createPublisher({ log: await reopened(store.objects), outbox: empty });
    await expect(onEmpty.flush()).rejects.toEqual(coded('AUDIT_STATE_OLD'));
    expect(store.objects).toEqual(before);
  });

  it('stops when a row is in the log in part', async () => {
    const { log } = await logOf([]);
    const outbox = new Table();
    const [one, two] = entries(2) as [string, string];
    outbox.put(one, two);
    await log.append([one]);
    await expect(createPublisher({ log, outbox }).flush()).rejects.toEqual(coded('AUDIT_STATE_OLD'));
    expect(await contents(log)).toEqual([one]);
  });

  it('stops when the trail is older than the state, or another one', async () => {
    const { log, store } = await logOf(entries(5));
    const old = new Map(store.objects);
    await log.append(entries(5));
    const outbox = new Table();
    outbox.head = log.head();
    outbox.put(...entries(1));
    const rolledBack = createPublisher({ log: await reopened(old), outbox });
    await expect(rolledBack.flush()).rejects.toEqual(coded('AUDIT_ROLLBACK'));
    const { log: other } = await logOf(entries(10));
    await expect(createPublisher({ log: other, outbox }).flush()).rejects.toEqual(coded('AUDIT_FORK'));
  });

  it('refuses a row that the state gave back changed', async () => {
    const { log, store } = await logOf([]);
    const [text] = entries(1) as [string];
    for (const changed of [text.slice(0, -1), text.replace(':', ': '), `${text} `]) {
      const outbox = new Table();
      outbox.put(changed);
      await expect(createPublisher({ log, outbox }).flush()).rejects.toEqual(coded('AUDIT_ENTRY'));
    }
    expect(store.objects.size).toBe(0);
  });

  it('does not double when two publish one outbox at the same time', async () => {
    for (let round = 0; round < 30; round++) {
      const { objects } = createMemoryStore();
      const outbox = new Table();
      const texts = entries(12);
      const publishers = await Promise.all(
        [0, 1].map(async () => createPublisher({ log: await reopened(objects), outbox })),
      );
      const work = publishers.map(async (publisher, who) => {
        for (let i = 0; i < 6; i++) {
          outbox.put(texts[who * 6 + i]!);
          for (let waits = 0; waits < (round * (who + 2) * (i + 1)) % 7; waits++) await Promise.resolve();
          await publisher.flush().catch((error: unknown) => expect(error).toEqual(coded('AUDIT_SWAP_LOST')));
        }
      });
      await Promise.all(work);
      await publishers[0]!.flush();
      const log = await reopened(objects, outbox.head);
      const all = await contents(log);
      expect(all).toHaveLength(12);
      expect([...all].sort()).toEqual([...texts].sort());
      expect(outbox.head).toEqual(log.head());
    }
  });
});

describe('a publisher that another one comes before', () => {
  const setUp = async (): Promise<{
    outbox: Table;
    other: Log;
    publisher: Publisher;
    texts: string[];
    log: Log;
  }> => {
    const { objects } = createMemoryStore();
    const outbox = new Table();
    const log = await reopened(objects);
    return {
      outbox,
      other: await reopened(objects),
      publisher: createPublisher({ log, outbox }),
      texts: entries(4),
      log,
    };
  };
  const expectOnce = async (log: Log, outbox: Table, texts: readonly string[]): Promise<void> => {
    expect(await contents(log)).toEqual(texts);
    expect(outbox.rows).toEqual([]);
    expect(outbox.head).toEqual(log.head());
  };

  it('acknowledges the rows that it appended and never said so, with its own', async () => {
    const { outbox, other, publisher, texts, log } = await setUp();
    outbox.put(texts[0]!);
    // After the rows are read: another row, which the other one appends before it dies.
    outbox.afterPending = async () => {
      outbox.put(texts[1]!);
      await other.append([texts[1]!]);
    };
    await publisher.flush();
    await expectOnce(log, outbox, [texts[1]!, texts[0]!]);
  });

  it('appends only the rows that it had not', async () => {
    const { outbox, other, publisher, texts, log } = await setUp();
    outbox.put(texts[0]!);
    outbox.put(texts[1]!, texts[2]!);
    outbox.afterPending = async () => {
      await other.append([texts[1]!, texts[2]!]);
    };
    await publisher.flush();
    await expectOnce(log, outbox, [texts[1]!, texts[2]!, texts[0]!]);
  });

  it('does not take what it acknowledges meanwhile for an old state', async () => {
    const { outbox, other, publisher, texts, log } = await setUp();
    const id = outbox.put(texts[0]!);
    await other.append([texts[0]!]);
    outbox.put(texts[1]!);
    outbox.beforePending = async () => {
      // The head in the log has been read; the rows have not.
      await outbox.acknowledge([id], other.head());
    };
    await log.refresh();
    await publisher.flush();
    await expectOnce(log, outbox, [texts[0]!, texts[1]!]);
  });
});
