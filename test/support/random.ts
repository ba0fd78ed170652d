/** Chance that can be repeated: the seed is printed when a test fails, and taken from FRIST_TEST_SEED to run it again. */

export type Random = () => number;

/** Numbers in [0, 1) that depend on the seed alone (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A new seed, or the one that FRIST_TEST_SEED names. */
export function newSeed(): number {
  const named = process.env['FRIST_TEST_SEED'];
  return named === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(named);
}

/** Where a failing test's seed is written. */
const toStderr = (text: string): void => {
  process.stderr.write(text);
};

/** The body of a test that needs chance: `it('…', withRandom(async (random) => …))`. */
export function withRandom(
  body: (random: Random, seed: number) => unknown,
  write: (text: string) => void = toStderr,
): () => Promise<void> {
  return async () => {
    const seed = newSeed();
    try {
      await body(seeded(seed), seed);
    } catch (error) {
      write(`Failed with chance from seed ${String(seed)}; FRIST_TEST_SEED=${String(seed)} repeats it.\n`);
      throw error;
    }
  };
}
