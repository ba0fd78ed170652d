// A trail of many bundles is read whole and in its order, however the store's answers come.
import { describe, expect, it } from '@jest/globals';
import { readFindings } from '../../../src/audit/report/read.ts';
import type { ReadStore } from '../../../src/audit/store/store.ts';
import { entries, logOf } from '../../support/trail.ts';
import { Writer } from './entries.ts';

const PERIOD = { from: '2026-11-01', to: '2026-11-30' };
const MADE = '2026-12-01T00:00:00.000Z';
const FIRST = new Writer()
  .at('2026-11-20T00:00')
  .add('installation', { installation: 'i', origin: 'example.com/trail', version: '0.1.0' });

/** The same store, in which every other answer takes longer. */
function uneven(store: ReadStore): ReadStore {
  let asked = 0;
  return {
    list: (prefix) => store.list(prefix),
    get: async (key) => {
      if (asked++ % 2 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      return store.get(key);
    },
  };
}

describe('reading a trail for a report', () => {
  it.each([1, 255, 256, 257, 256 * 9 + 3])('of %d entries', async (size) => {
    const { store } = await logOf([...FIRST.texts, ...entries(size - 1)]);
    const found = await readFindings(uneven(store), size, PERIOD, MADE);
    expect(found.entries.byKind).toEqual({ installation: 1, ...(size > 1 ? { heartbeat: size - 1 } : {}) });
    expect(found.entries.began).toBe('2026-11-20');
  });

  it('of none', async () => {
    const { store } = await logOf([]);
    const found = await readFindings(store, 0, PERIOD, MADE);
    expect(found.entries).toEqual({ byKind: {}, unknown: 0, silent: [] });
    expect(found.policies).toEqual([]);
  });

  it('fails when what was verified is gone', async () => {
    const { store } = await logOf([...FIRST.texts, ...entries(600)]);
    const holed: ReadStore = {
      list: (prefix) => store.list(prefix),
      get: (key) => (key === 'tile/entries/001' ? Promise.resolve(undefined) : store.get(key)),
    };
    await expect(readFindings(holed, 601, PERIOD, MADE)).rejects.toMatchObject({ code: 'AUDIT_CORRUPT' });
  });
});
