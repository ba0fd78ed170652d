import { describe, expect, it } from '@jest/globals';
import { createSlotSearch } from '../../jobs/slots.ts';

const at = (iso: string): number => Date.parse(iso);
const HOUR = 3_600_000;

describe('the first slot after a moment', () => {
  it('is the first that has passed, and none while none has', () => {
    let now = at('2026-11-22T12:00:30Z');
    const first = createSlotSearch(() => now);
    const ask = (after: string): string | undefined => {
      const slot = first('15 3 * * *', 'Europe/Copenhagen', at(after));
      return slot === undefined ? undefined : new Date(slot).toISOString();
    };
    expect(ask('2026-11-20T08:00:00Z')).toBe('2026-11-21T02:15:00.000Z');
    expect(ask('2026-11-22T02:15:07Z')).toBeUndefined();
    expect(ask('2026-11-22T02:14:59Z')).toBe('2026-11-22T02:15:00.000Z');
    now = at('2026-11-23T02:15:00Z');
    expect(ask('2026-11-22T02:15:07Z')).toBe('2026-11-23T02:15:00.000Z');
    now = at('2026-11-25T00:00:00Z');
    expect(ask('2026-11-22T02:15:07Z')).toBe('2026-11-23T02:15:00.000Z');
    expect(ask('2026-11-19T00:00:00Z')).toBe('2026-11-19T02:15:00.000Z');
  });

  it('is not one that is to come by a clock that was set back', () => {
    let now = at('2026-11-22T12:00:00Z');
    const first = createSlotSearch(() => now);
    expect(first('0 * * * *', 'UTC', now - HOUR)).toBe(now);
    now -= HOUR;
    expect(first('0 * * * *', 'UTC', now)).toBeUndefined();
  });

  it('is looked for forty days back', () => {
    const now = at('2026-11-22T12:00:00Z');
    const first = createSlotSearch(() => now);
    expect(first('0 0 1 * *', 'UTC', at('2020-01-01T00:00:00Z'))).toBe(at('2026-11-01T00:00:00Z'));
    expect(first('0 0 1 1 *', 'UTC', at('2020-01-02T00:00:00Z'))).toBeUndefined();
  });
});
