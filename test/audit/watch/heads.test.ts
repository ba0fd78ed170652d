import { describe, expect, it } from '@jest/globals';
import { createMemoryStore } from '../../../src/audit/store/memory.ts';
import { headKey, keepHead, readHeads } from '../../../src/audit/watch/heads.ts';
import { entries, logOf, SIGNER, signerFromSeed } from '../../support/trail.ts';

const coded = (code: string): unknown => expect.objectContaining({ code });
const { vkey } = SIGNER;

describe('heads', () => {
  it('are copies of the checkpoint, one for each size, in the order of the trail', async () => {
    const { log, store } = await logOf(entries(3));
    const away = createMemoryStore();
    const kept = [];
    for (const more of [0, 7, 0, 1000]) {
      await log.append(entries(more));
      const head = await keepHead(store, vkey, [store, away]);
      expect(head).toEqual(log.head());
      kept.push(log.head());
    }
    const expected = [kept[0], kept[1], kept[3]];
    expect(await readHeads(store, vkey)).toEqual(expected);
    expect(await readHeads(away, vkey)).toEqual(expected);
    expect([...away.objects.keys()]).toEqual([
      'heads/00000000000000000003',
      'heads/00000000000000000010',
      'heads/00000000000000001010',
    ]);
    expect(away.objects.get(headKey(1010))).toEqual(store.objects.get('checkpoint'));
  });

  it('are not whatever else lies beside them', async () => {
    const { log, store } = await logOf(entries(3));
    await keepHead(store, vkey, [store]);
    store.objects.set('heads/.DS_Store', Buffer.from('junk'));
    store.objects.set('heads/00000000000000000003.orig', Buffer.from('junk'));
    expect(await readHeads(store, vkey)).toEqual([log.head()]);
    store.objects.set('heads/00000000000000000002', Buffer.from('junk'));
    await expect(readHeads(store, vkey)).rejects.toEqual(coded('AUDIT_CORRUPT'));
  });

  it('of a trail that has none are none', async () => {
    const { store } = await logOf([]);
    expect(await keepHead(store, vkey, [store])).toBeUndefined();
    expect(await readHeads(store, vkey)).toEqual([]);
  });

  it('refuse another history of the same size, and keep the first', async () => {
    const away = createMemoryStore();
    const [one, other] = [await logOf(entries(5)), await logOf(entries(5))];
    await keepHead(one.store, vkey, [away]);
    await expect(keepHead(other.store, vkey, [away])).rejects.toEqual(coded('AUDIT_CONFLICT'));
    expect(await readHeads(away, vkey)).toEqual([one.log.head()]);
  });

  it('are not made of a checkpoint that another key signed', async () => {
    const { store } = await logOf(entries(5));
    const stranger = signerFromSeed(Buffer.alloc(32, 9), 'example.com/trail');
    await expect(keepHead(store, stranger.vkey, [store])).rejects.toEqual(coded('AUDIT_CORRUPT'));
    expect([...store.objects.keys()].filter((key) => key.startsWith('heads/'))).toEqual([]);
  });

  it('reach every place that can be written, whichever comes first', async () => {
    const { log, store } = await logOf(entries(5));
    const down = createMemoryStore({ fault: () => 'before' });
    const away = createMemoryStore();
    await expect(keepHead(store, vkey, [down, away])).rejects.toEqual(coded('AUDIT_STORE'));
    expect(await readHeads(away, vkey)).toEqual([log.head()]);
  });

  it.each([
    ['a flipped byte', (bytes: Buffer) => Buffer.from(bytes.toString('latin1').replace('5', '6'), 'latin1')],
    ['a cut end', (bytes: Buffer) => bytes.subarray(0, -1)],
  ])('that were spoilt are refused: %s', async (_, spoil) => {
    const { store } = await logOf(entries(5));
    await keepHead(store, vkey, [store]);
    store.objects.set(headKey(5), spoil(store.objects.get(headKey(5))!));
    await expect(readHeads(store, vkey)).rejects.toMatchObject({
      code: 'AUDIT_CORRUPT',
      params: { where: headKey(5) },
    });
  });

  it('that were moved to another size are refused', async () => {
    const { store } = await logOf(entries(5));
    await keepHead(store, vkey, [store]);
    store.objects.set(headKey(6), store.objects.get(headKey(5))!);
    await expect(readHeads(store, vkey)).rejects.toEqual(coded('AUDIT_CORRUPT'));
  });
});
