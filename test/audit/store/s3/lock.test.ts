import { describe, expect, it } from '@jest/globals';
import { lockOf } from '../../../../src/audit/store/s3/lock.ts';
import type { LockSettings } from '../../../../src/audit/store/s3/lock.ts';

const NOW = Date.UTC(2028, 1, 29, 12);
const settings: LockSettings = { mode: 'governance', years: 6, evidenceDays: 90 };
const until = (key: string, more: Partial<LockSettings> = {}): string | undefined =>
  lockOf(key, { ...settings, ...more }, NOW)?.until.toISOString();

describe('the lock of an object', () => {
  it.each(['tile/0/000', 'tile/63/x001/x234/067', 'tile/entries/x001/000', 'heads/00000000000000000001'])(
    'is for years on %s, and never shorter than was said',
    (key) => {
      expect(until(key)).toBe('2034-03-01T12:00:00.000Z');
      expect(until(key, { years: 4 })).toBe('2032-02-29T12:00:00.000Z');
    },
  );

  it.each([
    'checkpoint',
    '.state/pending',
    '.state/probe-1',
    'tile/0/000.p/255',
    'tile/entries/x001/000.p/1',
  ])('is never on %s', (key) => expect(until(key)).toBeUndefined());

  it('is on evidence for its own life, if that is said', () => {
    expect(until('evidence/sha256/00')).toBe('2028-05-29T12:00:00.000Z');
    const { evidenceDays: _, ...without } = settings;
    expect(lockOf('evidence/sha256/00', without, NOW)).toBeUndefined();
  });

  it('is on nothing when it is off', () => {
    expect(until('tile/0/000', { mode: 'none' })).toBeUndefined();
  });
});
