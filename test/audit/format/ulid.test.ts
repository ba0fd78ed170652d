import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { createUlids, ULID } from '../../../src/audit/format/ulid.ts';

describe('entry ids', () => {
  it('are ULIDs: the time, and random bits', () => {
    // The example of the ULID specification: 1469918176385 is 01ARYZ6S41.
    const ulid = createUlids(
      () => new Uint8Array(16),
      () => 1469918176385,
    );
    expect(ulid()).toBe('01ARYZ6S410000000000000000');
    expect(ulid()).toBe('01ARYZ6S410000000000000001');
  });

  it('ascend and never repeat, also while the clock stands still or goes back', () => {
    let time = Date.UTC(2026, 0, 1);
    const ulid = createUlids(randomBytes, () => (time += [0, 0, 1, -5][time % 4] ?? 0));
    const ids = Array.from({ length: 50_000 }, ulid);
    expect(ids.every((id) => ULID.test(id))).toBe(true);
    expect(new Set(ids).size).toBe(ids.length);
    expect([...ids].sort()).toEqual(ids);
  });

  it('go on into the next millisecond when the random part runs over', () => {
    const random = [new Uint8Array(16).fill(31), new Uint8Array(16)];
    const ulid = createUlids(
      () => random.shift()!,
      () => 1469918176385,
    );
    expect(ulid()).toBe('01ARYZ6S41ZZZZZZZZZZZZZZZZ');
    expect(ulid()).toBe('01ARYZ6S420000000000000000');
  });

  it('differ between two generators at the same time', () => {
    const now = (): number => 1;
    expect(createUlids(randomBytes, now)()).not.toBe(createUlids(randomBytes, now)());
  });
});
