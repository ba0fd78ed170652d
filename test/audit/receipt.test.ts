// A receipt proves what it says to who has the public key alone, and every byte of it counts.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseVkey } from '../../src/audit/checkpoint.ts';
import { createCommitter, parseParts, recordParts } from '../../src/audit/commitment.ts';
import type { Part } from '../../src/audit/commitment.ts';
import { canonical } from '../../src/audit/format/canonical.ts';
import { formatProof, parseProof } from '../../src/audit/format/proof.ts';
import { openReader } from '../../src/audit/lookup/reader.ts';
import { checkReceipt, formatReceipt, parseReceipt } from '../../src/audit/receipt.ts';
import type { LabelledOpening, Proven, Receipt } from '../../src/audit/receipt.ts';
import { openFileStore } from '../../src/audit/store/file.ts';
import { checkInclusion, leafHash } from '../../src/audit/tree.ts';
import { entries, logOf, SIGNER, VECTOR_SIGNER } from '../support/trail.ts';
import { COMMITTER, erased, held, SOURCE } from './lookup/support.ts';

const VERIFIER = parseVkey(SIGNER.vkey);
const EMAIL = 'åse+1@example.dk';
const AT = 300;
const SIZE = 700;

const subjectOpening: LabelledOpening = {
  label: 'subject',
  ...COMMITTER.open('subject', ['email', EMAIL]),
};
const recordOpening: LabelledOpening = {
  label: 'record',
  ...COMMITTER.open('record', recordParts(SOURCE, 'contact', ['42'])),
};

let receipt: Receipt;
let file: string;
let hold: Receipt;
beforeAll(async () => {
  const others = entries(SIZE - 2);
  const texts = [
    ...others.slice(0, AT),
    erased({ key: '42', email: EMAIL }),
    held('hold-1', EMAIL),
    ...others.slice(AT),
  ];
  const { store } = await logOf(texts);
  const reader = await openReader({ store, vkey: SIGNER.vkey });
  const receiptOf = async (index: number, openings: readonly LabelledOpening[]): Promise<Receipt> => {
    return { entry: await reader.entry(index), openings, proof: await reader.prove(index) };
  };
  receipt = await receiptOf(AT, [subjectOpening, recordOpening]);
  hold = await receiptOf(AT + 1, [subjectOpening]);
  file = formatReceipt(receipt);
});

/** What a file proves, or the first thing that is wrong with it. */
function verdict(bytes: Uint8Array | string, verifier = VERIFIER): Proven | string {
  try {
    return checkReceipt(parseReceipt(Buffer.from(bytes)), verifier);
  } catch (error) {
    const { code, params } = error as {
      readonly code?: string;
      readonly params?: { readonly what?: string };
    };
    expect(code).toBe('AUDIT_RECEIPT');
    return params?.what ?? '';
  }
}

describe('a receipt', () => {
  it('says whom and what the entry is about, and where it stands', () => {
    const proven = verdict(file);
    expect(proven).toMatchObject({
      index: AT,
      head: { size: SIZE },
      entry: { type: 'record', policy: 'contacts', outcome: 'erased' },
      openings: [
        { label: 'subject', parts: ['email', EMAIL] },
        { label: 'record', parts: [SOURCE, 'contact', '42'] },
      ],
    });
    expect(formatReceipt(parseReceipt(Buffer.from(file)))).toBe(file);
    expect(verdict(formatReceipt(hold))).toMatchObject({ index: AT + 1, entry: { type: 'hold-placed' } });
  });

  it('can open the life of a record too', () => {
    const parts = [SOURCE, 'contact', '1', '42', '1', 'email', EMAIL, '1', '2025-11-20'];
    const opening: LabelledOpening = { label: 'incarnation', ...COMMITTER.open('incarnation', parts) };
    expect(verdict(formatReceipt({ ...receipt, openings: [opening] }))).toMatchObject({
      openings: [{ label: 'incarnation', parts }],
    });
  });

  it('is refused when any one byte is another', () => {
    const bytes = Buffer.from(file);
    for (let at = 0; at < bytes.length; at++) {
      for (const bit of [0, 1, 3, 5, 7]) {
        const changed = Buffer.from(bytes);
        changed[at]! ^= 1 << bit;
        if (typeof verdict(changed) !== 'string') throw new Error(`byte ${at}, bit ${bit} does not count`);
      }
    }
  });

  it('is refused when any bytes are changed, cut out or put in', () => {
    const bytes = Buffer.from(file);
    const places = fc.nat({ max: bytes.length });
    fc.assert(
      fc.property(places, fc.nat({ max: 40 }), fc.uint8Array({ maxLength: 40 }), (from, length, put) => {
        const changed = Buffer.concat([bytes.subarray(0, from), put, bytes.subarray(from + length)]);
        fc.pre(!changed.equals(bytes));
        expect(typeof verdict(changed)).toBe('string');
      }),
      { numRuns: 500 },
    );
  });

  it('is refused in any other JSON than the one form', () => {
    const value: unknown = JSON.parse(file);
    const fields = value as Readonly<Record<string, unknown>>;
    for (const text of [
      JSON.stringify(value, undefined, 2) + '\n',
      file.replace('":"', '": "'),
      ` ${file}`,
      `${file}\n`,
      `\uFEFF${file}`,
      file.slice(0, -1),
      file.replace('\n', '\r\n'),
      `${JSON.stringify(Object.fromEntries(Object.entries(fields).reverse()))}\n`,
      file.replace('"format"', '"f\\u006frmat"'),
      file.replace('{"entry"', '{"entry":"","entry"'),
      `${canonical({ ...fields, note: 'paid' })}\n`,
      `${canonical({ ...fields, openings: [] })}\n`,
      `${canonical({ ...fields, openings: {} })}\n`,
      `${canonical({ ...fields, proof: 7 })}\n`,
      `${canonical({ ...fields, format: 'frist/receipt/2' })}\n`,
      'null\n',
      '[]\n',
      '\n',
      '',
    ])
      expect([text, typeof verdict(text)]).toEqual([text, 'string']);
  });

  it('names the first thing that is wrong', async () => {
    const other = (change: Partial<Receipt>): Proven | string =>
      verdict(formatReceipt({ ...receipt, ...change }));
    const stranger = COMMITTER.open('subject', ['email', 'jens@example.dk']);
    const lie = receipt.entry.replace('"erased"', '"failed"');
    expect(other({ openings: [{ label: 'subject', ...stranger }] })).toBe(
      'its entry is not about the subject that it names',
    );
    expect(other({ openings: [{ ...recordOpening, label: 'subject' }] })).toBe(
      'what the subject opens to is not about a subject',
    );
    const key = createCommitter(Buffer.alloc(32, 4)).open('subject', ['email', EMAIL]);
    expect(other({ openings: [{ label: 'subject', ...key }] })).toMatch(/not about the subject/);
    expect(other({ entry: lie })).toBe('its entry is not in the trail that was signed');
    expect(other({ entry: receipt.entry.replace(',', ', ') })).toBe(
      'its entry: its JSON is not in canonical form',
    );
    expect(other({ proof: hold.proof })).toBe('its entry is not in the trail that was signed');
    expect(other({ entry: hold.entry, openings: [recordOpening] })).toMatch(/not about the record/);
    const { checkpoint } = receipt.proof;
    expect(
      other({ proof: { ...receipt.proof, checkpoint: checkpoint.replace(`\n${SIZE}\n`, '\n701\n') } }),
    ).toBe('its checkpoint: its signature does not verify');
    expect(verdict(file, parseVkey(VECTOR_SIGNER.vkey))).toMatch(
      /^its checkpoint: no signature is by the key/,
    );
  });
});

describe('the parts of an m', () => {
  const text = fc.string({ unit: 'binary' }).filter((value) => value.isWellFormed());
  it('are read as they were written', () => {
    fc.assert(
      fc.property(fc.array(fc.option(text), { maxLength: 6 }), (parts: Part[]) => {
        expect(parseParts(COMMITTER.open('record', parts).m)).toEqual(['record', ...parts]);
      }),
    );
  });

  it('are refused when they are cut off or no UTF-8', () => {
    for (const hex of ['00', '00000001', '000000026', '00000001ff', '0000000161ff', '00000003efbb'])
      expect([hex, parseParts(Buffer.from(hex, 'hex'))]).toEqual([hex, undefined]);
    expect(parseParts(Buffer.from('00000003efbbbfffffffff00000000', 'hex'))).toEqual(['\uFEFF', null, '']);
  });
});

describe('the text of a proof', () => {
  it('is read only in the form in which it is written', () => {
    const text = formatProof(receipt.proof);
    expect(parseProof(text)).toEqual(receipt.proof);
    expect(text.split('\n').slice(0, 2)).toEqual(['c2sp.org/tlog-proof@v1', `index ${AT}`]);
    for (const other of [
      text.replace('@v1', '@v2'),
      text.replace(`index ${AT}`, `index 0${AT}`),
      text.replace(`index ${AT}`, 'index 9999999999999999'),
      text.replace(`index ${AT}`, 'extra AAAA\nindex 300'),
      text.replace('=\n', '\n'),
      text.replace(/.=\n/, '9=\n'),
      text.replace('\n\n', '\n'),
      text.slice(0, text.indexOf('\n\n') + 2),
    ])
      expect([other, parseProof(other)]).toEqual([other, undefined]);
  });

  const folder = join(import.meta.dirname, 'vectors');
  it.each([
    ['v3', 1],
    ['v257', 0],
    ['v257', 100],
    ['v257', 256],
  ])('is what Go’s tlog makes of %s, entry %i', async (name, index) => {
    const store = await openFileStore(join(folder, name));
    const { vkey } = VECTOR_SIGNER;
    const reader = await openReader({ store, vkey });
    const wanted = await readFile(join(folder, name, `${index}.tlog-proof`), 'utf8');
    expect(formatProof(await reader.prove(index))).toBe(wanted);
    const proof = parseProof(wanted)!;
    const root = Buffer.from(reader.head.root, 'base64');
    expect(
      checkInclusion(proof.path, leafHash(Buffer.from(`{"i":${index}}`)), index, reader.head.size, root),
    ).toBe(true);
  });
});
