import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cutBatches, type PlannedBatch } from '../../../src/erasure/batch/batches.ts';
import { createPace } from '../../../src/erasure/batch/pace.ts';
import type { Selected } from '../../../src/erasure/survey/spool.ts';

const selected = (i: number, stage: number): Selected => ({
  commitment: '',
  stage,
  key: [String(i)],
  starts: [],
  subjects: [],
});

describe('batches', () => {
  it('hold every record once, one stage each, none larger than the size asked for, in order', async () => {
    const pieces = fc.array(fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 40 }), { maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(
        pieces,
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        async (stages, sizes) => {
          let n = 0;
          const input = stages.map((piece) => piece.map((stage) => selected(n++, stage)));
          let asked = 0;
          let largest = 0;
          const size = (): number => {
            const next = sizes[asked++ % sizes.length] ?? 1;
            largest = Math.max(largest, next);
            return next;
          };
          const batches: PlannedBatch[] = [];
          for await (const batch of cutBatches(from(input), size)) {
            expect(batch.records.length).toBeLessThanOrEqual(largest);
            expect(batch.records.length).toBeGreaterThan(0);
            batches.push(batch);
          }
          for (const stage of [0, 1, 2]) {
            const got = batches.filter((batch) => batch.stage === stage).flatMap((batch) => batch.records);
            expect(got).toEqual(input.flat().filter((one) => one.stage === stage));
          }
        },
      ),
    );
  });
});

async function* from<T>(values: readonly T[]): AsyncIterable<T> {
  for (const value of values) {
    await Promise.resolve();
    yield value;
  }
}

describe('pace', () => {
  const settings = { maxBatch: 5000, targetMs: 250, rest: 1 };

  it('grows while batches are quick, up to the limit', () => {
    const pace = createPace(settings);
    const sizes = Array.from({ length: 6 }, () => {
      pace.took(pace.size(), 10);
      return pace.size();
    });
    expect(sizes).toEqual([1000, 2000, 4000, 5000, 5000, 5000]);
  });

  it('halves when a batch takes longer than its time, down to one record', () => {
    const pace = createPace({ ...settings, maxBatch: 8 });
    for (let i = 0; i < 5; i++) pace.took(pace.size(), 300);
    expect(pace.size()).toBe(1);
  });

  it('begins with the least batch that is worth its cost, and stays at it', () => {
    const pace = createPace({ ...settings, leastBatch: 2000 });
    for (let i = 0; i < 5; i++) pace.took(pace.size(), 3000);
    expect(pace.size()).toBe(2000);
    expect(createPace({ ...settings, maxBatch: 8, leastBatch: 2000 }).size()).toBe(8);
  });

  it('does not grow because of a small last batch', () => {
    const pace = createPace(settings);
    pace.took(3, 1);
    expect(pace.size()).toBe(500);
  });

  it('rests in proportion to the work', () => {
    expect(createPace(settings).took(10, 40)).toBe(40);
    expect(createPace({ ...settings, rest: 0 }).took(10, 40)).toBe(0);
  });
});
