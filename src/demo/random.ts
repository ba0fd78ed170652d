/** Chance that repeats itself: the same seed gives the same people on every machine. */
export interface Random {
  /** A whole number from `low` to `high`, both included. */
  int(low: number, high: number): number;
  pick<T>(from: readonly [T, ...T[]]): T;
  /** True that share of the time, 0 to 1. */
  chance(share: number): boolean;
  /** One of the names, each as often as its weight says. */
  weighted<T extends string>(weights: Readonly<Record<T, number>>): T;
  /** A random UUID, version 4. */
  uuid(): string;
}

/** mulberry32 (Tommy Ettinger, public domain): 32 bits of state, plenty for made-up people and useless for secrets. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Makes a source of repeatable chance. */
export function createRandom(seed: number): Random {
  const next = mulberry32(seed);
  const int = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1));
  return {
    int,
    pick: (from) => from[int(0, from.length - 1)] ?? from[0],
    chance: (share) => next() < share,
    weighted<T extends string>(weights: Readonly<Record<T, number>>): T {
      const all = Object.entries(weights) as [T, number][];
      let left = next() * all.reduce((sum, [, weight]) => sum + weight, 0);
      const found = all.find(([, weight]) => (left -= weight) < 0) ?? all.at(-1);
      if (found === undefined) throw new RangeError('nothing to choose from');
      return found[0];
    },
    uuid() {
      const hex = Array.from({ length: 8 }, () => int(0, 0xffff).toString(16).padStart(4, '0')).join('');
      const variant = '89ab'[int(0, 3)] ?? '8';
      return [
        hex.slice(0, 8),
        hex.slice(8, 12),
        `4${hex.slice(13, 16)}`,
        variant + hex.slice(17, 20),
        hex.slice(20, 32),
      ].join('-');
    },
  };
}
