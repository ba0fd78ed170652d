import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { withRandom } from '../support/random.ts';
import { naiveLeaf, naiveRoot } from '../support/trail.ts';
import {
  checkConsistency,
  checkInclusion,
  EMPTY_EDGE,
  EMPTY_ROOT,
  extend,
  leafHash,
  nodeHash,
  proveConsistency,
  proveInclusion,
  rootOf,
  treeRoot,
} from '../../src/audit/tree.ts';
import type { Edge, HashReader } from '../../src/audit/tree.ts';
import { parseTilePath, tileHashes, tilePath, widthIn } from '../../src/audit/tile.ts';

const VECTORS = join(import.meta.dirname, 'vectors');
const entry = (i: number): Buffer => Buffer.from(`{"i":${i}}`);
const many = (n: number, from = 0): Buffer[] => Array.from({ length: n }, (_, i) => entry(from + i));
const base64 = (hashes: readonly Buffer[]): string[] => hashes.map((hash) => hash.toString('base64'));

/** A tree that is appended to piece by piece, with all the tiles that were ever written. */
class Forest {
  readonly tiles = new Map<string, Buffer>();
  edge: Edge = EMPTY_EDGE;

  append(entries: readonly Buffer[]): this {
    const { edge, tiles } = extend(this.edge, entries);
    this.edge = edge;
    for (const { level, index, bytes } of tiles) {
      const key = tilePath(level, index, bytes.length / 32);
      // What is written under a key never changes.
      expect(this.tiles.get(key) ?? bytes).toEqual(bytes);
      this.tiles.set(key, bytes);
    }
    return this;
  }

  hashes(size = this.edge.size): HashReader {
    return tileHashes(size, async ({ level, index, width }) => {
      const bytes = this.tiles.get(tilePath(level, index, width)) ?? this.tiles.get(tilePath(level, index));
      if (bytes === undefined) throw new Error(`no ${tilePath(level, index, width)}`);
      return bytes.subarray(0, width * 32);
    });
  }
}

describe('the tree', () => {
  it('of no entries has the hash of nothing', () => {
    expect(EMPTY_ROOT.toString('base64')).toBe('47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=');
    expect(rootOf(EMPTY_EDGE)).toEqual(EMPTY_ROOT);
  });

  it.each([
    [1, '2Cnt0HE6G7BePNBhaSSkxb3iHjblNxSaICOe2vqIJfE='],
    [2, 'jXl7tY1h9ngEf9+So5ARexbYcYuVcwOpIxo2z24MX3U='],
    [3, 'AKcKsZUbOSDpO7cxOBdBlx0JYMGuQc5ky21fozC//MY='],
    [255, '+H9MhWJ0kR/I/e7y53Sl1TMqyAt1sHb7EQZnEVw7mwU='],
    [256, 'fvDeFJY0H6w/6L36HLT01jyR8UJ0SzU3bpJltq91hhA='],
    [257, 'Do/CCRy+4nAy1VGGF7NZh5kSlHDVpiCzmsGvT5yGdGQ='],
    [1000, 'R4cFl/pw+eE/H9vdFqVX8IbztK0MahWvZrKK9ereFMk='],
    [65536, 'qh1x29Ma1NqD2woDj9EmG16hpKvaxJUqm7/2X24fuks='],
    [70000, 'RM3ADqGDUEte6WCBjcKYz9F9UPdjy6RHA3G5tU4PYeE='],
  ])('of %i entries has the root that Go computes', (size, root) => {
    expect(rootOf(extend(EMPTY_EDGE, many(size)).edge).toString('base64')).toBe(root);
  });

  it('hashes a leaf as `sha256sum` does after a zero byte', () => {
    expect(leafHash(entry(0)).toString('hex')).toBe(
      'd829edd0713a1bb05e3cd0616924a4c5bde21e36e537149a20239edafa8825f1',
    );
    expect(leafHash(Buffer.alloc(70_000, 1))).toEqual(naiveLeaf(Buffer.alloc(70_000, 1)));
  });

  it.each(['v3', 'v257'])('writes the tiles that Go writes: %s', (name) => {
    const forest = new Forest();
    const folder = join(VECTORS, name);
    for (const size of name === 'v3' ? [1, 2, 3] : [1, 2, 255, 256, 257]) {
      forest.append(many(size - forest.edge.size, forest.edge.size));
    }
    const files = readdirSync(join(folder, 'tile'), { recursive: true, withFileTypes: true })
      .filter((file) => file.isFile() && !file.parentPath.includes('entries'))
      .map((file) => join(file.parentPath, file.name));
    expect([...forest.tiles.keys()].sort()).toEqual(
      files.map((file) => file.slice(folder.length + 1)).sort(),
    );
    for (const file of files) {
      expect(forest.tiles.get(file.slice(folder.length + 1))).toEqual(readFileSync(file));
    }
  });

  it('gives the proofs that Go gives', async () => {
    const three = new Forest().append(many(3));
    expect(base64(await proveInclusion(three.hashes(), 1, 3))).toEqual([
      '2Cnt0HE6G7BePNBhaSSkxb3iHjblNxSaICOe2vqIJfE=',
      '3t8ellaME6WCe7y4TZIK2yHZibXaT2Hea9Bg5SeS2pE=',
    ]);
    const large = new Forest().append(many(257));
    expect(base64(await proveInclusion(large.hashes(), 256, 257))).toEqual([
      'fvDeFJY0H6w/6L36HLT01jyR8UJ0SzU3bpJltq91hhA=',
    ]);
    expect(await proveConsistency(large.hashes(), 256, 257)).toHaveLength(1);
    expect(await proveConsistency(large.hashes(), 255, 257)).toHaveLength(10);
  });

  it('is right at every size from 0 to 600, with every proof', async () => {
    const leaves = many(600).map(naiveLeaf);
    const roots = Array.from({ length: 601 }, (_, size) => naiveRoot(leaves.slice(0, size)));
    const subtrees = new Map<number, Buffer>();
    const naive: HashReader = async (level, index) => {
      const [from, to] = [index * 2 ** level, (index + 1) * 2 ** level];
      const known = subtrees.get(level * 1000 + index) ?? naiveRoot(leaves.slice(from, to));
      subtrees.set(level * 1000 + index, known);
      return known;
    };
    let edge = EMPTY_EDGE;
    for (let size = 0; size <= 600; size++) {
      if (size > 0) ({ edge } = extend(edge, [entry(size - 1)]));
      const root = roots[size]!;
      expect(rootOf(edge)).toEqual(root);
      for (let i = 0; i < size; i++) {
        const inclusion = await proveInclusion(naive, i, size);
        if (!checkInclusion(inclusion, leaves[i]!, i, size, root))
          throw new Error(`inclusion of ${i} in ${size}`);
      }
      for (let old = 0; old <= size; old++) {
        const proof = await proveConsistency(naive, old, size);
        if (!checkConsistency(proof, old, size, roots[old]!, root))
          throw new Error(`consistency of ${old} with ${size}`);
      }
    }
  });

  it('gives every hash out of its tiles', async () => {
    const leaves = many(1030).map(naiveLeaf);
    const forest = new Forest();
    for (const size of [1, 2, 3, 5, 127, 128, 255, 256, 257, 300, 511, 512, 513, 768, 1030]) {
      forest.append(many(size - forest.edge.size, forest.edge.size));
      const hashes = forest.hashes();
      expect(await treeRoot(hashes, size)).toEqual(naiveRoot(leaves.slice(0, size)));
      for (let level = 0; 2 ** level <= size; level++) {
        for (
          let index = 0;
          (index + 1) * 2 ** level <= size;
          index += 1 + Math.floor(size / 2 ** level / 20)
        ) {
          const expected = naiveRoot(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level));
          expect(await hashes(level, index)).toEqual(expected);
        }
      }
    }
  });

  it(
    'does not depend on how the entries came',
    withRandom((random) => {
      const all = many(1500);
      for (let round = 0; round < 20; round++) {
        const forest = new Forest();
        while (forest.edge.size < all.length) {
          const n = Math.ceil(random() ** 3 * 700);
          forest.append(all.slice(forest.edge.size, forest.edge.size + n));
        }
        const whole = extend(EMPTY_EDGE, all);
        expect(rootOf(forest.edge)).toEqual(rootOf(whole.edge));
        for (const { level, index, bytes } of whole.tiles) {
          expect(forest.tiles.get(tilePath(level, index, bytes.length / 32))).toEqual(bytes);
        }
      }
    }),
  );

  it('leaves the edge that it was given as it was', () => {
    const { edge } = extend(EMPTY_EDGE, many(300));
    const before = edge.levels.map((level) => level.toString('hex'));
    extend(edge, many(500, 300));
    expect(edge.levels.map((level) => level.toString('hex'))).toEqual(before);
  });

  it('goes on beyond 2^31 entries, and beyond 2^48', async () => {
    // A tree of leaves that are all alike: the subtrees of one height are, too.
    const alike = [leafHash(entry(0))];
    for (let level = 1; level < 60; level++) alike.push(nodeHash(alike[level - 1]!, alike[level - 1]!));
    const same: HashReader = async (level) => alike[level]!;
    for (const size of [2 ** 31 - 1, 2 ** 32 + 5, 2 ** 48 + 300]) {
      const levels: Buffer[] = [];
      for (let items = size; items > 0; items = Math.floor(items / 256)) {
        levels.push(Buffer.concat(new Array<Buffer>(items % 256).fill(alike[8 * levels.length]!)));
      }
      const { edge, tiles } = extend({ size, levels }, [entry(0)]);
      expect(edge.size).toBe(size + 1);
      expect(tiles.map(({ level, index, bytes }) => [level, index, bytes.length / 32])).toContainEqual([
        0,
        Math.floor((size + 1) / 256) - ((size + 1) % 256 === 0 ? 1 : 0),
        widthIn(size + 1, 0, Math.floor(size / 256)),
      ]);
      const root = await treeRoot(same, size + 1);
      expect(rootOf(edge)).toEqual(root);
      const proof = await proveInclusion(same, size, size + 1);
      expect(checkInclusion(proof, alike[0]!, size, size + 1, root)).toBe(true);
      const link = await proveConsistency(same, 2 ** 20 + 1, size + 1);
      expect(checkConsistency(link, 2 ** 20 + 1, size + 1, await treeRoot(same, 2 ** 20 + 1), root)).toBe(
        true,
      );
    }
  });
});

describe('proofs', () => {
  it(
    'fail when anything about them is changed',
    withRandom(async (random) => {
      const leaves = many(600).map(naiveLeaf);
      const forest = new Forest().append(many(600));
      const pick = (n: number): number => Math.floor(random() * n);
      const spoil = (proof: readonly Buffer[]): Buffer[] => {
        const copy = proof.map((hash) => Buffer.from(hash));
        const at = pick(copy.length);
        copy[at]![pick(32)]! ^= 1 << pick(8);
        return copy;
      };
      for (let round = 0; round < 300; round++) {
        const size = 2 + pick(599);
        const [index, old] = [pick(size), 1 + pick(size - 1)];
        const root = naiveRoot(leaves.slice(0, size));
        const oldRoot = naiveRoot(leaves.slice(0, old));
        const proof = await proveInclusion(forest.hashes(), index, size);
        const leaf = leaves[index]!;
        expect(checkInclusion(proof, leaf, index, size, root)).toBe(true);
        expect(checkInclusion(spoil(proof), leaf, index, size, root)).toBe(false);
        expect(checkInclusion(proof.slice(1), leaf, index, size, root)).toBe(false);
        expect(checkInclusion([...proof, leaf], leaf, index, size, root)).toBe(false);
        expect(checkInclusion(proof, leaves[(index + 1) % 600]!, index, size, root)).toBe(false);
        expect(checkInclusion(proof, leaf, index, size, oldRoot)).toBe(false);
        const link = await proveConsistency(forest.hashes(), old, size);
        expect(checkConsistency(link, old, size, oldRoot, root)).toBe(true);
        expect(checkConsistency(spoil(link), old, size, oldRoot, root)).toBe(false);
        expect(checkConsistency(link.slice(1), old, size, oldRoot, root)).toBe(false);
        expect(checkConsistency([...link, leaf], old, size, oldRoot, root)).toBe(false);
        expect(checkConsistency(link, old, size, root, root)).toBe(false);
        expect(checkConsistency(link, old, size, oldRoot, oldRoot)).toBe(false);
      }
    }),
  );

  it('are of trees of the size that they say', () => {
    const [h0, h1, h2, h3] = many(4).map(naiveLeaf) as [Buffer, Buffer, Buffer, Buffer];
    // Roots that the hashes do lead to, in trees of other sizes.
    expect(checkInclusion([], h0, 0, 2, h0)).toBe(false);
    expect(checkInclusion([h1], h0, 0, 3, nodeHash(h0, h1))).toBe(false);
    expect(checkInclusion([h1], h0, 0, 1, nodeHash(h1, h0))).toBe(false);
    expect(checkInclusion([h1], h0, 0, 1, nodeHash(h0, h1))).toBe(false);
    const left = nodeHash(h0, h1);
    const [old, now] = [nodeHash(left, h2), nodeHash(left, nodeHash(h2, h3))];
    expect(checkConsistency([h2, h3, left], 3, 4, old, now)).toBe(true);
    expect(checkConsistency([h2, h3, left, h0], 3, 4, nodeHash(h0, old), nodeHash(h0, now))).toBe(false);
    expect(checkConsistency([h2, h3, left], 3, 5, old, now)).toBe(false);
  });

  it('are refused for what is not there', async () => {
    const forest = new Forest().append(many(3));
    const outside = expect.objectContaining({ code: 'AUDIT_RANGE' });
    await expect(proveInclusion(forest.hashes(), 3, 3)).rejects.toEqual(outside);
    await expect(proveInclusion(forest.hashes(), -1, 3)).rejects.toEqual(outside);
    await expect(proveConsistency(forest.hashes(), 4, 3)).rejects.toEqual(outside);
    const root = rootOf(forest.edge);
    expect(checkInclusion([], root, 3, 3, root)).toBe(false);
    expect(checkConsistency([], 4, 3, root, root)).toBe(false);
    expect(checkConsistency([], 0, 3, root, root)).toBe(false);
    expect(checkConsistency([], 0, 3, EMPTY_ROOT, root)).toBe(true);
    expect(checkConsistency([], 3, 3, EMPTY_ROOT, root)).toBe(false);
  });
});

describe('tile paths', () => {
  it.each([
    ['tile/0/000', 0, 0, 256],
    ['tile/0/273.p/112', 0, 273, 112],
    ['tile/1/001.p/17', 1, 1, 17],
    ['tile/63/x001/000', 63, 1000, 256],
    ['tile/entries/x001/x234/067', 'entries', 1234067, 256],
    ['tile/entries/x001/x000/000.p/255', 'entries', 1_000_000, 255],
  ] as const)('%s', (path, level, index, width) => {
    expect(tilePath(level, index, width)).toBe(path);
    expect(parseTilePath(path)).toEqual({ level, index, width });
  });

  it.each([
    'checkpoint',
    'tile/0',
    'tile/00/000',
    'tile/64/000',
    'tile/0/0',
    'tile/0/0000',
    'tile/0/x000/000',
    'tile/0/000.p/0',
    'tile/0/000.p/01',
    'tile/0/000.p/256',
    'tile/0/001/000',
    'tile/data/000',
    'tile/0/000/',
    ' tile/0/000',
  ])('%s is none', (path) => {
    expect(parseTilePath(path)).toBeUndefined();
  });

  it('know how wide each tile of a log is', () => {
    const widths = (size: number): number[] => [
      widthIn(size, 'entries', 0),
      widthIn(size, 0, 0),
      widthIn(size, 0, 1),
      widthIn(size, 1, 0),
      widthIn(size, 2, 0),
    ];
    expect(widths(0)).toEqual([0, 0, 0, 0, 0]);
    expect(widths(255)).toEqual([255, 255, 0, 0, 0]);
    expect(widths(256)).toEqual([256, 256, 0, 1, 0]);
    expect(widths(70_000)).toEqual([256, 256, 256, 256, 1]);
    expect([widthIn(70_000, 0, 273), widthIn(70_000, 1, 1), widthIn(70_000, 1, 2)]).toEqual([112, 17, 0]);
  });
});
