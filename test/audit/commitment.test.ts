import { createHash, createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  batchDigest,
  checkCommitment,
  createCommitter,
  incarnationParts,
  recordParts,
} from '../../src/audit/commitment.ts';
import type { Label, Part } from '../../src/audit/commitment.ts';

const KEY = Buffer.from('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 'hex');

/** The specification in the header of commitment.ts, with the library's own HMAC. */
function encode(parts: readonly Part[]): Buffer {
  return Buffer.concat(
    parts.map((part) => {
      const length = Buffer.alloc(4);
      if (part === null) return Buffer.from('ffffffff', 'hex');
      length.writeUInt32BE(Buffer.byteLength(part));
      return Buffer.concat([length, Buffer.from(part)]);
    }),
  );
}
function reference(key: Uint8Array, label: Label, parts: readonly Part[]): string {
  const m = encode([label, ...parts]);
  const r = createHmac('sha256', key).update(label).update(m).digest();
  return createHash('sha256').update(r).update(m).digest('hex');
}
/** Reads m back: if this is always possible, no two lists of parts share one. */
function decode(m: Buffer): Part[] {
  const parts: Part[] = [];
  for (let at = 0; at < m.length;) {
    const length = m.readUInt32BE(at);
    if (length === 0xffff_ffff) parts.push(null);
    else parts.push(m.toString('utf8', at + 4, at + 4 + length));
    at += 4 + (length === 0xffff_ffff ? 0 : length);
  }
  return parts;
}

const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary', maxLength: 900 }).filter((value) => value.isWellFormed()),
  fc.constantFrom('', '0', '1', '\0', '\0\0\0\u0001a', 'record', '2024-01-01 10:00:00'),
);
const parts = fc.array(fc.oneof(text, fc.constant(null)), { maxLength: 6 });
const label = fc.constantFrom<Label>('record', 'subject', 'incarnation');
const epochKey = fc.uint8Array({ minLength: 32, maxLength: 32 });
const texts = fc.array(text, { maxLength: 4 });
const subjects = fc.array(fc.tuple(text, text), { maxLength: 3 });

describe('commitments', () => {
  it('are SHA-256(r || m) with r = HMAC-SHA-256(key, label || m), as the library computes it', () => {
    fc.assert(
      fc.property(epochKey, fc.array(fc.tuple(label, parts), { minLength: 1, maxLength: 5 }), (key, list) => {
        // One committer for several, so that what is left in its buffers would show.
        const committer = createCommitter(key);
        for (const [name, given] of list) {
          const { r, m } = committer.open(name, given);
          expect(createHash('sha256').update(r).update(m).digest('hex')).toBe(reference(key, name, given));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('commit to the parts that they say', () => {
    fc.assert(
      fc.property(
        epochKey,
        text,
        text,
        texts,
        subjects,
        parts,
        (key, source, type, recordKey, people, start) => {
          const committer = createCommitter(key);
          const inner = [
            source,
            type,
            String(recordKey.length),
            ...recordKey,
            String(people.length),
            ...people.flat(),
          ];
          expect(committer.record(source, type, recordKey)).toBe(
            reference(key, 'record', [source, type, ...recordKey]),
          );
          expect(committer.subject(source, type)).toBe(reference(key, 'subject', [source, type]));
          expect(committer.incarnation(source, type, recordKey, people, start)).toBe(
            reference(key, 'incarnation', [...inner, String(start.length), ...start]),
          );
        },
      ),
      { numRuns: 500 },
    );
  });

  // The values are by Python's hmac and hashlib.
  it('stay what they are: a trail written today is read in ten years', () => {
    const committer = createCommitter(KEY);
    const incarnation = committer.incarnation(
      'crm',
      'contact',
      ['42'],
      [['email', 'ada@example.com']],
      ['2024-01-01', null],
    );
    expect([
      committer.record('crm', 'contact', ['42']),
      committer.subject('email', 'ada@example.com'),
      incarnation,
    ]).toEqual([
      '77daaf23851b33ec1c4bb588a86d611cb3d0a0ba10746a6363b98bd8aac479bf',
      '3295d8d7940007183bea06c54bec97e50b3144d632afef6e11cda74e8c0c35ce',
      '42f26378faf5f3c5092c1e220e0b852263988cadbd7c89c81a7f3be5a3dfdc26',
    ]);
  });

  it('have an m that can be read back, so that it stands for one list of parts', () => {
    const committer = createCommitter(KEY);
    fc.assert(
      fc.property(label, parts, (name, given) => {
        expect(decode(committer.open(name, given).m)).toEqual([name, ...given]);
      }),
    );
  });

  it('tell lists apart that only differ in where they are cut', () => {
    const committer = createCommitter(KEY);
    const of = (key: string[], people: [string, string][], start: Part[]): string =>
      committer.incarnation('crm', 'contact', key, people, start);
    const all = [
      of(['1', '2'], [], []),
      of(['1'], [], ['2']),
      of(['12'], [], []),
      of([], [['1', '2']], []),
      of([], [], ['1', '2']),
      of([], [], ['1', null]),
      of([], [], ['1', '']),
      of([], [], ['1']),
      committer.record('crm', 'contact', ['1', '2']),
      committer.record('crm', 'contact', ['12']),
      committer.record('crmcontact', '1', ['2']),
      committer.record('email', 'ada', []),
      committer.subject('email', 'ada'),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  it('differ from epoch to epoch', () => {
    const other = createCommitter(Buffer.alloc(32, 1));
    expect(other.record('crm', 'contact', ['42'])).not.toBe(
      createCommitter(KEY).record('crm', 'contact', ['42']),
    );
  });

  it('are proven by r and m, and by nothing else', () => {
    const committer = createCommitter(KEY);
    const commitment = committer.record('crm', 'contact', ['42']);
    const { r, m } = committer.open('record', recordParts('crm', 'contact', ['42']));
    expect(checkCommitment(commitment, { r, m })).toBe(true);
    const other = committer.open('record', recordParts('crm', 'contact', ['43']));
    expect(checkCommitment(commitment, other)).toBe(false);
    expect(checkCommitment(commitment, { r, m: other.m })).toBe(false);
    expect(checkCommitment(commitment, { r: other.r, m })).toBe(false);
    // The same bytes cut elsewhere.
    const bytes = Buffer.concat([r, m]);
    expect(checkCommitment(commitment, { r: bytes.subarray(0, 31), m: bytes.subarray(31) })).toBe(false);
    const parts = incarnationParts('crm', 'contact', ['42'], [], [null]);
    expect(
      checkCommitment(
        committer.incarnation('crm', 'contact', ['42'], [], [null]),
        committer.open('incarnation', parts),
      ),
    ).toBe(true);
  });

  it('are refused for a string that has no UTF-8, without quoting it', () => {
    const committer = createCommitter(KEY);
    expect(() => committer.subject('email', 'ada\ud83d')).toThrow(
      expect.objectContaining({ code: 'AUDIT_ENTRY' }),
    );
    expect(() => committer.subject('email', 'ada\ud83d')).not.toThrow(/ada/);
  });

  it('need a key of 32 bytes', () => {
    expect(() => createCommitter(new Uint8Array(16))).toThrow(
      expect.objectContaining({ code: 'AUDIT_KEY_INVALID' }),
    );
  });
});

describe('the digest of a batch', () => {
  it('is the hash of its commitments in their order', () => {
    const [a, b, c, d] = ['aa', 'bb', 'cc', 'dd'].map((byte) => byte.repeat(32)) as [
      string,
      string,
      string,
      string,
    ];
    const bytes = Buffer.from(a + b + c + d, 'hex');
    const records = [
      { record: a, incarnation: b },
      { record: c, incarnation: d },
    ];
    expect(batchDigest(records)).toBe(createHash('sha256').update(bytes).digest('hex'));
    expect(batchDigest([...records].reverse())).not.toBe(batchDigest(records));
  });
});
