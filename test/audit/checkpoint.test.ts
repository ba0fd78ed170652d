import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { SIGNER, signerFromSeed, VECTOR_SIGNER } from '../support/trail.ts';
import {
  formatCheckpoint,
  openCheckpoint,
  parseCheckpoint,
  parseVkey,
  signCheckpoint,
} from '../../src/audit/checkpoint.ts';

const vector = (name: string): Buffer => readFileSync(join(import.meta.dirname, 'vectors', name));
const VKEY = vector('v3/log.vkey').toString().trim();
const VERIFIER = parseVkey(VKEY);
const corrupt = expect.objectContaining({ code: 'AUDIT_CORRUPT' });
const badKey = expect.objectContaining({ code: 'AUDIT_KEY_INVALID' });

describe('checkpoints', () => {
  it.each([
    'v3/checkpoint',
    'v257/checkpoint.1',
    'v257/checkpoint.255',
    'v257/checkpoint.256',
    'v257/checkpoint.257',
  ])('of Go are opened, and are written the same: %s', async (name) => {
    const note = vector(name);
    const head = openCheckpoint(note, VERIFIER);
    expect(await signCheckpoint('example.com/erasure-log', head, VECTOR_SIGNER)).toBe(note.toString());
  });

  it('say size and root', () => {
    expect(openCheckpoint(vector('v3/checkpoint'), VERIFIER)).toEqual({
      size: 3,
      root: 'AKcKsZUbOSDpO7cxOBdBlx0JYMGuQc5ky21fozC//MY=',
    });
  });

  it('are refused with any one byte changed', () => {
    const note = vector('v257/checkpoint');
    for (let at = 0; at < note.length; at++) {
      for (const mask of [1, 0x20, 0x80]) {
        const spoilt = Buffer.from(note);
        spoilt[at]! ^= mask;
        expect(() => openCheckpoint(spoilt, VERIFIER)).toThrow(corrupt);
      }
      expect(() => openCheckpoint(note.subarray(0, at), VERIFIER)).toThrow(corrupt);
    }
    expect(() => openCheckpoint(Buffer.concat([note, Buffer.from('\n')]), VERIFIER)).toThrow(corrupt);
  });

  it('may carry signatures of others, before and after', async () => {
    const note = vector('v3/checkpoint').toString();
    const [text, own] = note.split('\n\n') as [string, string];
    const witness = '\u2014 witness.example/w AAAAAQIDBAUGBwgJ\n';
    const head = openCheckpoint(Buffer.from(`${text}\n\n${witness}${own}${witness}`), VERIFIER);
    expect(head.size).toBe(3);
    expect(() => openCheckpoint(Buffer.from(`${text}\n\n${witness}`), VERIFIER)).toThrow(corrupt);
    // The same name and another key: nobody this verifier knows.
    const stranger = signerFromSeed(Buffer.alloc(32, 9), 'example.com/erasure-log');
    const theirs = await signCheckpoint('example.com/erasure-log', head, stranger);
    expect(() => openCheckpoint(Buffer.from(theirs), VERIFIER)).toThrow(corrupt);
  });

  it('are refused when a line of this key does not verify, whatever else does', () => {
    const note = vector('v3/checkpoint').toString();
    const forged = vector('v257/checkpoint').toString().split('\n').at(-2)!;
    expect(() => openCheckpoint(Buffer.from(`${note}${forged}\n`), VERIFIER)).toThrow(corrupt);
    expect(() => openCheckpoint(Buffer.from(`${note}no signature line\n`), VERIFIER)).toThrow(corrupt);
  });

  it('are refused when they are of another trail', async () => {
    const note = await signCheckpoint(
      'example.com/other',
      { size: 3, root: openCheckpoint(vector('v3/checkpoint'), VERIFIER).root },
      VECTOR_SIGNER,
    );
    expect(() => openCheckpoint(Buffer.from(note), VERIFIER)).toThrow(corrupt);
  });

  const root = 'AKcKsZUbOSDpO7cxOBdBlx0JYMGuQc5ky21fozC//MY=';
  it.each([
    ['a leading zero', `example.com/t\n03\n${root}\n`],
    ['a sign', `example.com/t\n+3\n${root}\n`],
    ['a fraction', `example.com/t\n3.5\n${root}\n`],
    ['no size', `example.com/t\n\n${root}\n`],
    ['a size over 2^53', `example.com/t\n9007199254740993\n${root}\n`],
    ['stray bits in the root', `example.com/t\n3\n${root.replace('MY=', 'MZ=')}\n`],
    ['a root without padding', `example.com/t\n3\n${root.slice(0, -1)}\n`],
    ['a short root', 'example.com/t\n3\nAAAA\n'],
    ['an extension line', `example.com/t\n3\n${root}\nmore\n`],
    ['no last newline', `example.com/t\n3\n${root}`],
    ['a carriage return', `example.com/t\r\n3\r\n${root}\r\n`],
    ['a space in the origin', `example com\n3\n${root}\n`],
    ['a plus in the origin', `a+b\n3\n${root}\n`],
    ['no origin', `\n3\n${root}\n`],
    ['nothing', ''],
  ])('are refused with %s', (_, text) => {
    expect(() => parseCheckpoint(text)).toThrow(corrupt);
  });

  it('read back', () => {
    for (const size of [0, 1, 2 ** 53 - 1]) {
      const head = { size, root };
      expect(parseCheckpoint(formatCheckpoint('example.com/t', head))).toEqual({
        origin: 'example.com/t',
        ...head,
      });
    }
  });
});

describe('verifier keys', () => {
  it('are those of Go', () => {
    expect(VECTOR_SIGNER.vkey).toBe(VKEY);
    expect(VERIFIER).toMatchObject({ name: 'example.com/erasure-log', keyId: '712f8d61' });
  });

  it('are split at the first two plus signs: base64 has its own', () => {
    // Some key among these has a plus sign in its base64.
    const vkeys = Array.from(
      { length: 40 },
      (_, i) => signerFromSeed(Buffer.alloc(32, i), 'example.com/t').vkey,
    );
    expect(vkeys.some((vkey) => vkey.split('+').length > 3)).toBe(true);
    for (const vkey of vkeys) expect(parseVkey(vkey).name).toBe('example.com/t');
  });

  it.each([
    ['nothing', ''],
    ['no key', 'example.com/erasure-log+712f8d61'],
    ['another name', VKEY.replace('erasure', 'other')],
    ['another id', VKEY.replace('712f', '712e')],
    ['upper case in the id', VKEY.replace('8d', '8D')],
    ['another kind of key', VKEY.replace('+AQOh', '+AgOh')],
    ['a cut key', VKEY.slice(0, -4)],
    ['a space', `${VKEY} `],
    ['an empty name', VKEY.replace('example.com/erasure-log', '')],
  ])('are refused with %s', (_, vkey) => {
    expect(() => parseVkey(vkey)).toThrow(badKey);
  });

  it('differ from trail to trail', () => {
    expect(parseVkey(SIGNER.vkey).keyId).not.toBe(VERIFIER.keyId);
  });
});
