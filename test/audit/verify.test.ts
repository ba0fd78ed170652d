import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { withRandom } from '../support/random.ts';
import { entries, logOf, SIGNER, signerFromSeed, VECTOR_SIGNER } from '../support/trail.ts';
import { signCheckpoint } from '../../src/audit/checkpoint.ts';
import type { Head } from '../../src/audit/checkpoint.ts';
import { putEvidence } from '../../src/audit/evidence.ts';
import { openLog } from '../../src/audit/log.ts';
import { createMemoryStore } from '../../src/audit/store/memory.ts';
import { EMPTY_EDGE, extend, rootOf } from '../../src/audit/tree.ts';
import { verifyTrail } from '../../src/audit/verify.ts';
import type { Verification, VerifyOptions } from '../../src/audit/verify.ts';

type Objects = Map<string, Buffer>;

const verify = (objects: Objects, more: Partial<VerifyOptions> = {}): Promise<Verification> =>
  verifyTrail({ store: createMemoryStore({ objects }), vkey: SIGNER.vkey, ...more });

/** A trail of several appends with evidence, and its head after each. */
async function trail(...appends: number[]): Promise<{ objects: Objects; heads: Head[]; texts: string[] }> {
  const { log, store } = await logOf([]);
  const heads: Head[] = [];
  const texts: string[] = [];
  await putEvidence(store, 'a reason', randomBytes);
  for (const n of appends) {
    const more = entries(n);
    texts.push(...more);
    await log.append(more);
    heads.push(log.head());
  }
  return { objects: store.objects, heads, texts };
}

/** A trail whose tiles and signature are right, whatever its entries are: what the holder of the key can make. */
async function forged(texts: readonly string[]): Promise<Objects> {
  const { objects } = createMemoryStore();
  const store = createMemoryStore({ objects });
  await (await openLog({ store, signer: SIGNER })).append(texts);
  return objects;
}

describe('verification', () => {
  it('finds nothing wrong with a trail that is whole, of any size', async () => {
    for (const appends of [[1], [3, 2], [255], [256], [257], [1, 254, 1, 1, 255, 1], [700, 600]]) {
      const { objects, heads } = await trail(...appends);
      expect(await verify(objects, { heads })).toMatchObject(heads.at(-1)!);
    }
  });

  it('tells how far it has come', async () => {
    const { objects } = await trail(600);
    const seen: number[] = [];
    await verify(objects, { onProgress: (done) => seen.push(done) });
    expect(seen).toEqual([256, 512, 600]);
  });

  it('writes nothing', async () => {
    const { objects } = await trail(300);
    const before = new Map(objects);
    const calls = new Set<string>();
    const store = createMemoryStore({ objects, fault: ({ method }) => void calls.add(method) });
    await verifyTrail({ store, vkey: SIGNER.vkey });
    expect([...calls]).toEqual(['get']);
    expect(objects).toEqual(before);
  });

  it('finds one changed bit, whichever it is', async () => {
    const { objects } = await trail(1, 2);
    for (const [key, bytes] of objects) {
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        const spoilt = Buffer.from(bytes);
        spoilt[bit >> 3]! ^= 1 << (bit & 7);
        const { firstProblem } = await verify(new Map(objects).set(key, spoilt));
        if (firstProblem === undefined) throw new Error(`bit ${bit} of ${key} was changed unseen`);
      }
    }
  });

  it(
    'finds changed bits anywhere in a trail of several tiles',
    withRandom(async (random) => {
      const { objects } = await trail(200, 100, 250, 30);
      const pick = (n: number): number => Math.floor(random() * n);
      for (const [key, bytes] of objects) {
        for (let round = 0; round < 6; round++) {
          const spoilt = Buffer.from(bytes);
          spoilt[pick(bytes.length)]! ^= 1 << pick(8);
          const { firstProblem } = await verify(new Map(objects).set(key, spoilt));
          if (firstProblem === undefined) throw new Error(`a change in ${key} was not seen`);
        }
      }
    }),
  );

  it('finds an object that was cut off, made longer, or exchanged', async () => {
    const { objects } = await trail(200, 100, 250, 30);
    const keys = [...objects.keys()];
    for (const [i, key] of keys.entries()) {
      const bytes = objects.get(key)!;
      const other = objects.get(keys[(i + 1) % keys.length]!)!;
      for (const spoilt of [
        bytes.subarray(0, -1),
        bytes.subarray(0, -32),
        Buffer.concat([bytes, Buffer.alloc(32)]),
        Buffer.alloc(0),
        other,
      ]) {
        const { firstProblem } = await verify(new Map(objects).set(key, spoilt));
        if (firstProblem === undefined) throw new Error(`a change in ${key} was not seen`);
      }
    }
  });

  it('finds an object that is missing, unless a trail may lack it', async () => {
    const { objects } = await trail(200, 100, 250, 30);
    // The append that is done, detached evidence, and what a wider object contains.
    const needless = /^\.state\/pending$|^evidence\/|000\.p\/200|1\/000\.p\/1$|001\.p\/44$|002\.p\/38$/;
    for (const key of objects.keys()) {
      const without = new Map(objects);
      without.delete(key);
      const { firstProblem } = await verify(without);
      expect([key, firstProblem === undefined]).toEqual([key, needless.test(key)]);
      if (firstProblem !== undefined)
        expect(firstProblem).toMatchObject({ code: 'AUDIT_CORRUPT', where: key });
    }
  });

  it('says which entry was changed', async () => {
    const { objects } = await trail(300);
    const key = 'tile/entries/001.p/44';
    const bundle = objects.get(key)!;
    const entry = bundle.subarray(0, bundle.length / 44);
    const other = Buffer.from(bundle);
    // The tenth entry is replaced by another that is as good: the first.
    entry.copy(other, 10 * entry.length);
    expect((await verify(new Map(objects).set(key, other))).firstProblem).toEqual({
      code: 'AUDIT_CORRUPT',
      where: key,
      what: 'entry 266 is not the one in tile/0/001.p/44',
    });
  });

  it('finds two entries that changed places', async () => {
    const { texts } = await trail(5);
    const { objects } = await trail(1);
    const original = await forged(texts);
    const turned = await forged([texts[1]!, texts[0]!, ...texts.slice(2)]);
    expect(objects.size).toBeGreaterThan(0);
    const mixed = new Map(original).set('tile/entries/000.p/5', turned.get('tile/entries/000.p/5')!);
    expect((await verify(mixed)).firstProblem).toMatchObject({ where: 'tile/entries/000.p/5' });
    // With its tile, it is the root that is another one.
    mixed.set('tile/0/000.p/5', turned.get('tile/0/000.p/5')!);
    expect((await verify(mixed)).firstProblem).toMatchObject({ where: 'checkpoint' });
  });

  it('finds entries that are not entries, though the key signed them', async () => {
    const [good] = entries(1) as [string];
    for (const bad of [
      '{"i":0}',
      good.replace(':', ': '),
      `${good} `,
      good.replace('"v":1', '"v":1,"x":1.5'),
      'null',
    ]) {
      const { firstProblem } = await verify(await forged([good, bad]));
      expect(firstProblem).toMatchObject({ code: 'AUDIT_CORRUPT', where: 'tile/entries/000.p/2' });
      expect(firstProblem?.what).toMatch(/^entry 1: /);
    }
  });

  it('finds bytes that are no UTF-8, which would read as something else', async () => {
    const [text] = entries(1) as [string];
    const raw = Buffer.from(text.replace('heartbeat', 'heartbea_'));
    raw[raw.indexOf('_')] = 0xff;
    const { edge, tiles } = extend(EMPTY_EDGE, [raw]);
    const head = { size: 1, root: rootOf(edge).toString('base64') };
    const length = Buffer.alloc(2);
    length.writeUInt16BE(raw.length);
    const objects = new Map([
      ['checkpoint', Buffer.from(await signCheckpoint('example.com/trail', head, SIGNER))],
      ['tile/0/000.p/1', tiles[0]!.bytes],
      ['tile/entries/000.p/1', Buffer.concat([length, raw])],
    ]);
    expect((await verify(objects)).firstProblem).toMatchObject({ what: 'entry 0: it is not UTF-8' });
  });

  it('reads entries of a kind that is not known yet', async () => {
    const [text] = entries(1) as [string];
    const later = await forged([text.replace('heartbeat', 'later-kind')]);
    expect((await verify(later)).firstProblem).toBeUndefined();
  });

  it('is by the right key, or by none', async () => {
    const { objects } = await trail(3);
    for (const signer of [VECTOR_SIGNER, signerFromSeed(Buffer.alloc(32, 8), 'example.com/trail')]) {
      const found = await verify(objects, { vkey: signer.vkey });
      expect(found).toMatchObject({
        size: 0,
        root: '',
        firstProblem: { code: 'AUDIT_CORRUPT', where: 'checkpoint' },
      });
    }
    await expect(verify(objects, { vkey: 'nonsense' })).rejects.toMatchObject({ code: 'AUDIT_KEY_INVALID' });
  });

  it('finds a trail that is not there', async () => {
    expect((await verify(new Map())).firstProblem).toMatchObject({
      where: 'checkpoint',
      what: 'it is missing',
    });
  });

  it('does not take a store that fails for a trail that is wrong', async () => {
    const { objects } = await trail(300);
    for (let n = 0; n < 6; n++) {
      const store = createMemoryStore({
        objects,
        fault: (operation) => (operation.n === n ? 'before' : undefined),
      });
      await expect(verifyTrail({ store, vkey: SIGNER.vkey })).rejects.toMatchObject({ code: 'AUDIT_STORE' });
    }
  });
});

describe('verification against heads that were seen', () => {
  it('finds a trail that was rolled back', async () => {
    const { log, store } = await logOf(entries(300));
    const old = new Map(store.objects);
    await log.append(entries(10));
    const found = await verify(old, { heads: [log.head()] });
    expect(found.firstProblem).toMatchObject({ code: 'AUDIT_ROLLBACK', where: 'checkpoint' });
    expect(found.size).toBe(300);
  });

  it('finds a trail that the holder of the key wrote anew', async () => {
    const { heads, texts } = await trail(2, 300, 20);
    const rewritten = [...texts];
    rewritten.splice(100, 1);
    const objects = await forged(rewritten);
    expect((await verify(objects)).firstProblem).toBeUndefined();
    // The first head is from before the change.
    expect((await verify(objects, { heads: heads.slice(0, 1) })).firstProblem).toBeUndefined();
    for (const head of heads.slice(1, 2)) {
      expect((await verify(objects, { heads: [head] })).firstProblem).toMatchObject({ code: 'AUDIT_FORK' });
    }
    expect((await verify(objects, { heads: heads.slice(2) })).firstProblem).toMatchObject({
      code: 'AUDIT_ROLLBACK',
    });
  });

  it('takes a head of nothing, the same head twice, and heads in any order', async () => {
    const { objects, heads } = await trail(1, 255, 300);
    const nothing = { size: 0, root: rootOf(EMPTY_EDGE).toString('base64') };
    const found = await verify(objects, { heads: [...heads, nothing, ...heads].reverse() });
    expect(found).toMatchObject(heads.at(-1)!);
  });
});

describe('verification since a head that was verified', () => {
  it('takes any head of the trail, and reads nothing before it', async () => {
    const { objects, heads } = await trail(3, 252, 1, 1, 300, 255, 1);
    for (const since of heads) {
      const read = new Set<string>();
      const store = createMemoryStore({ objects, fault: ({ key }) => void read.add(key) });
      expect(await verifyTrail({ store, vkey: SIGNER.vkey, since, heads })).toMatchObject(heads.at(-1)!);
      const before = [...read].filter((key) => /^tile\/entries\/(\d+)/.exec(key)?.[1] === '000');
      expect([since.size, before.length > 0]).toEqual([since.size, since.size < 256]);
    }
  });

  it('finds what came after it changed, and leaves what came before it', async () => {
    const { objects, heads } = await trail(300, 300);
    const since = heads[0]!;
    const spoil = (key: string): Objects => {
      const bytes = Buffer.from(objects.get(key)!);
      bytes[20]! ^= 1;
      return new Map(objects).set(key, bytes);
    };
    expect((await verify(spoil('tile/entries/002.p/88'), { since })).firstProblem).toBeDefined();
    expect((await verify(spoil('tile/0/002.p/88'), { since })).firstProblem).toBeDefined();
    expect((await verify(spoil('tile/entries/000'), { since })).firstProblem).toBeUndefined();
    expect((await verify(spoil('tile/entries/000'))).firstProblem).toBeDefined();
  });

  it('finds a trail that is not the one of that head, or shorter, or not that of an older head', async () => {
    const { objects, heads } = await trail(300, 300);
    const other = await trail(300, 300);
    const [since, last] = heads as [Head, Head];
    const problem = async (more: Partial<VerifyOptions>): Promise<string | undefined> =>
      (await verify(objects, more)).firstProblem?.code;
    expect(await problem({ since: other.heads[0]! })).toBe('AUDIT_FORK');
    expect(await problem({ since: other.heads[1]! })).toBe('AUDIT_FORK');
    expect(await problem({ since: { ...last, size: 601 } })).toBe('AUDIT_ROLLBACK');
    expect(await problem({ since: last, heads: [since] })).toBeUndefined();
    expect(await problem({ since: last, heads: [other.heads[0]!] })).toBe('AUDIT_FORK');
  });
});

describe('verification while a writer is at work', () => {
  it('takes an append that is committed and not published', async () => {
    const { log, store } = await logOf(entries(255));
    const checkpoint = store.objects.get('checkpoint')!;
    const before = log.head();
    await log.append(entries(3));
    const objects = new Map(store.objects).set('checkpoint', checkpoint);
    expect(await verify(objects)).toMatchObject(before);
    // The tiles of the append, written or not.
    for (const key of ['tile/0/000', 'tile/0/001.p/2']) objects.delete(key);
    expect(await verify(objects)).toMatchObject(before);
    // And a writer who went on since the checkpoint was read.
    await log.append(entries(3));
    objects.set('.state/pending', store.objects.get('.state/pending')!);
    expect(await verify(objects)).toMatchObject(before);
  });

  it('finds an append under way that does not lead to where it is signed for', async () => {
    const { log, store } = await logOf(entries(255));
    const checkpoint = store.objects.get('checkpoint')!;
    await log.append(entries(3));
    const objects = new Map(store.objects).set('checkpoint', checkpoint);
    const pending = Buffer.from(objects.get('.state/pending')!);
    pending[pending.length - 4]! ^= 1;
    objects.set('.state/pending', pending);
    expect((await verify(objects)).firstProblem).toMatchObject({
      code: 'AUDIT_CORRUPT',
      where: '.state/pending',
    });
  });

  it('finds an append that is older than the checkpoint, or of another history', async () => {
    const { log, store } = await logOf(entries(10));
    const older = store.objects.get('.state/pending')!;
    await log.append(entries(3));
    const objects = new Map(store.objects).set('.state/pending', older);
    expect((await verify(objects)).firstProblem).toMatchObject({
      code: 'AUDIT_ROLLBACK',
      where: '.state/pending',
    });
    const other = (await forged(entries(13))).get('.state/pending')!;
    expect((await verify(objects.set('.state/pending', other))).firstProblem).toMatchObject({
      code: 'AUDIT_FORK',
    });
  });
});
