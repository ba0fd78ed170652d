/** Failures are classified, leave nothing half-done, and carry no value of a record. */
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { Connector } from '../../../src/connectors/connector.ts';
import { SourceFailure } from '../../../src/connectors/connector.ts';
import type { Key } from '../../../src/policy/policy.ts';
import { BIG, PERSONAL_VALUES } from './fixture.ts';
import type { Harness } from './harness.ts';
import type { Snapshot } from './support.ts';
import {
  ON,
  batchOf,
  eraseOnce,
  failureOf,
  inSession,
  outcomesOf,
  patiently,
  printed,
  snapshot,
} from './support.ts';
import { DELETE_WITH_ALL, UNNAME, stage, view } from './views.ts';

/** Nothing was applied, so the class is `transient`; who aborted does not try again. */
const ABORTED = { name: 'SourceFailure', failure: 'transient', code: 'ABORTED' };

export function failing(open: () => Harness): void {
  let connector: Connector;
  let before: Snapshot;

  beforeAll(() => {
    connector = open().connect();
  });
  beforeEach(async () => {
    await open().reset();
    before = await snapshot(open());
  });
  afterAll(async () => {
    await connector.close();
  });

  const aborted = (): AbortSignal => AbortSignal.abort();
  const unchanged = async (): Promise<void> => {
    expect(await snapshot(open())).toEqual(before);
  };

  it('fails for a reason in the data, and applies nothing of the batch', async () => {
    // An order refers to person 110 and is no dependent of the policy.
    const error = await failureOf(() =>
      eraseOnce(connector, view({ stages: [DELETE_WITH_ALL] }), [['101'], ['110'], ['1']]),
    );
    expect(error).toBeInstanceOf(SourceFailure);
    expect(error).toMatchObject({ failure: 'data' });
    expect((error as SourceFailure).code).not.toBe('');
    if (connector.capabilities.transactional) await unchanged();
    else
      expect((await snapshot(open()))['people']).toContainEqual(
        before['people']?.find((row) => row['id'] === '110'),
      );
  });

  it('goes on in the same session after a failure in the data', async () => {
    const asked = view();
    await inSession(connector, asked, async (session) => {
      await failureOf(() => session.erase(batchOf(asked, [['110'], ['111']]), ON));
      const result = await patiently(() => session.erase(batchOf(asked, [['111']]), ON));
      expect(result.outcomes).toEqual(['erased']);
    });
    expect((await open().rows('people')).map((row) => row['id'])).toContain('110');
  });

  it('erases dependents in the order given', async () => {
    // Attachments refer to messages: the wrong order is refused by the data, the right one is not.
    const wrong = stage(UNNAME, { related: 'messages', kind: 'delete' }, { related: 'attachments', kind: 'delete' }); // prettier-ignore
    const error = await failureOf(() => eraseOnce(connector, view({ stages: [wrong] }), [['1']]));
    expect(error).toMatchObject({ failure: 'data' });
    if (connector.capabilities.transactional) await unchanged();
    const right = { ...wrong, dependents: [...wrong.dependents].reverse() };
    expect(await outcomesOf(connector, view({ stages: [right] }), [['1']])).toEqual(['erased']);
  });

  it('applies nothing when the answer whether records are still due fails', async () => {
    const stillDue = (): boolean[] => {
      throw new RangeError('decided wrongly');
    };
    await expect(eraseOnce(connector, view(), [['101']], { stillDue })).rejects.toThrow('decided wrongly');
    await unchanged();
    expect(await outcomesOf(connector, view(), [['101']])).toEqual(['erased']);
  });

  it('refuses a batch above the largest size, and applies nothing of it', async () => {
    const { maxBatch } = connector.capabilities;
    const strangers = Array.from({ length: maxBatch }, (_, i): Key => [String(1_000_000 + i)]);
    const keys: Key[] = [['101'], ...strangers];
    await failureOf(() => eraseOnce(connector, view(), keys));
    await unchanged();
  });

  it('lets one session at a time erase, and says BUSY to the next', async () => {
    const second = open().connect();
    const session = await patiently(() => connector.erasing(view(), ON));
    const error = await failureOf(() => second.erasing(view(), ON));
    expect(error).toBeInstanceOf(SourceFailure);
    expect(error).toMatchObject({ code: 'BUSY' });
    const same = await failureOf(() => connector.erasing(view(), ON));
    expect(same).toMatchObject({ code: 'BUSY' });
    await session.release();
    expect(await outcomesOf(second, view(), [['101']])).toEqual(['erased']);
    await second.close();
  });

  it('stays locked after a batch that failed, and is free after release', async () => {
    const second = open().connect();
    const asked = view();
    const session = await patiently(() => connector.erasing(asked, ON));
    await failureOf(() => session.erase(batchOf(asked, [['110']]), ON));
    expect(await failureOf(() => second.erasing(asked, ON))).toMatchObject({ code: 'BUSY' });
    await session.release();
    await session.release();
    await inSession(second, asked, async () => {});
    await second.close();
  });

  it('reads beside an open session', async () => {
    const asked = view({ stages: [DELETE_WITH_ALL] });
    await inSession(connector, asked, async () => {
      expect(await patiently(() => connector.read(asked, [['1']], ON))).toHaveLength(1);
      expect(await patiently(() => connector.verify(asked, 0, [['1']], ON))).toEqual(['present']);
    });
  });

  it('does nothing once its signal is aborted', async () => {
    const asked = view();
    await expect(connector.check([asked], aborted())).rejects.toMatchObject(ABORTED);
    await expect(connector.count(asked, aborted())).rejects.toMatchObject(ABORTED);
    await expect(connector.read(asked, [['1']], aborted())).rejects.toMatchObject(ABORTED);
    await expect(connector.dependents(asked, 0, [['1']], aborted())).rejects.toMatchObject(ABORTED);
    await expect(connector.verify(asked, 0, [['1']], aborted())).rejects.toMatchObject(ABORTED);
    await expect(connector.erasing(asked, aborted())).rejects.toMatchObject(ABORTED);
    const scanned = async (): Promise<void> => {
      for await (const page of connector.scan(asked, undefined, aborted())) expect(page).toBeUndefined();
    };
    await expect(scanned()).rejects.toMatchObject(ABORTED);
    await inSession(connector, asked, async (session) => {
      await expect(session.erase(batchOf(asked, [['101']]), aborted())).rejects.toMatchObject(ABORTED);
    });
    await unchanged();
  });

  it('stops a scan between pages when its signal is aborted', async () => {
    const small = open().connect({ pageSize: 5 });
    const error = await failureOf(async () => {
      const stop = new AbortController();
      let pages = 0;
      for await (const page of small.scan(view(), undefined, stop.signal)) {
        if (page.facts.length > 0) pages++;
        expect(pages).toBeLessThanOrEqual(1);
        stop.abort();
      }
    });
    expect(error).toMatchObject(ABORTED);
    await small.close();
  });

  it('lets a scan be left early', async () => {
    const small = open().connect({ pageSize: 5 });
    await patiently(async () => {
      for await (const page of small.scan(view(), undefined, ON)) if (page.facts.length > 0) break;
    });
    expect(await patiently(() => small.read(view(), [['1']], ON))).toHaveLength(1);
    await small.close();
  });

  it('carries no value of a record in an error', async () => {
    const placeholder = { kind: 'placeholder', template: 'erased-{key}' } as const;
    const wrongType = stage({ kind: 'anonymise', set: [{ column: 'score', with: placeholder }] });
    const notNull = stage({ kind: 'delete' }, { related: 'notes', kind: 'anonymise', set: [{ column: 'author', with: { kind: 'constant', value: null } }] }); // prettier-ignore
    const errors = [
      await failureOf(() => eraseOnce(connector, view(), [['110'], ['2'], [BIG]])),
      await failureOf(() => eraseOnce(connector, view({ stages: [notNull] }), [['1']])),
      await eraseOnce(connector, view({ stages: [wrongType] }), [[BIG]]).catch((error: unknown) => error),
      await connector.read(view(), [['Anna Secretname'], [BIG]], ON).catch((error: unknown) => error),
    ];
    for (const error of errors.filter((one) => one instanceof Error)) {
      const text = printed(error);
      for (const value of [...PERSONAL_VALUES, BIG]) expect(text).not.toContain(value);
    }
  });

  it('closes, twice if need be', async () => {
    const other = open().connect();
    await patiently(() => other.count(view(), ON));
    await other.close();
    await other.close();
  });
}
