/**
 * Receipts: one entry of the trail with all that is needed to check, offline and with nothing but the public key, that
 * it is in the trail and whom it is about. A receipt holds personal data: it is for the person, or who acts for him.
 *
 * File: canonical JSON (format/canonical.ts), UTF-8, and one newline at the end. Fields:
 *   format    "frist/receipt/1"
 *   entry     the text of the entry (entry.ts), verbatim
 *   openings  one or more objects {label, m, r}: a commitment that the entry holds, opened (commitment.ts). label is
 *             `record`, `subject` or `incarnation`; m and r in base64; the first part of m is the label
 *   proof     format/proof.ts: the number of the entry, the way to the root, the signed checkpoint. The first line of
 *             the checkpoint is the name of the trail and of the key that signed it
 *
 * It is sound when, checked in this order: the file has this form; the entry is one; each opening gives a commitment
 * that stands under its label in the entry; the key has signed the checkpoint; the entry's hash leads by the proof to
 * the checkpoint's root. Every byte of the file counts. Pure.
 */
import { FristError } from '../errors.ts';
import { openCheckpoint, rootBytes } from './checkpoint.ts';
import type { Head, Verifier } from './checkpoint.ts';
import { checkCommitment, parseParts } from './commitment.ts';
import type { Label, Opening, Part } from './commitment.ts';
import { parseAnyEntry } from './entry.ts';
import type { AnyEntry } from './entry.ts';
import { canonical, NotCanonical, parseCanonical } from './format/canonical.ts';
import { formatProof, parseProof } from './format/proof.ts';
import type { Proof } from './format/proof.ts';
import { checkInclusion, leafHash } from './tree.ts';

/** A commitment of an entry, opened. */
export interface LabelledOpening extends Opening {
  readonly label: Label;
}

export interface Receipt {
  /** The text of the entry. */
  readonly entry: string;
  readonly openings: readonly LabelledOpening[];
  readonly proof: Proof;
}

/** What a sound receipt proves. */
export interface Proven {
  readonly entry: AnyEntry;
  /** Number of the entry. */
  readonly index: number;
  /** The trail that it is in, as it was signed. */
  readonly head: Head;
  /** What the entry's commitments commit to: the parts after the label. */
  readonly openings: readonly { readonly label: Label; readonly parts: readonly Part[] }[];
}

const FORMAT = 'frist/receipt/1';
const LABELS: readonly unknown[] = ['record', 'subject', 'incarnation'] satisfies readonly Label[];

function refuse(what: string): never {
  throw new FristError('AUDIT_RECEIPT', { what });
}

type Fields = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The fields of an object that has these and no others. */
function fieldsOf(value: unknown, names: readonly string[], where: string): Fields {
  if (!isObject(value) || Object.keys(value).join() !== names.join())
    refuse(`${where} has not the fields ${names.join(', ')}`);
  return value;
}

function textOf(value: unknown, where: string): string {
  return typeof value === 'string' ? value : refuse(`${where} is not text`);
}

function bytesOf(value: unknown, where: string): Buffer {
  const text = textOf(value, where);
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : refuse(`${where} is not base64`);
}

/** The text of a receipt, as it stands in its file. */
export function formatReceipt({ entry, openings, proof }: Receipt): string {
  const opened = openings.map(({ label, m, r }) => {
    return { label, m: m.toString('base64'), r: r.toString('base64') };
  });
  return `${canonical({ entry, format: FORMAT, openings: opened, proof: formatProof(proof) })}\n`;
}

function parseDocument(file: Uint8Array): unknown {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(file);
    if (!text.endsWith('\n')) refuse('it does not end with a newline');
    return parseCanonical(text.slice(0, -1));
  } catch (error) {
    if (error instanceof NotCanonical) refuse(error.message);
    if (error instanceof FristError) throw error;
    return refuse('it is not UTF-8');
  }
}

function parseOpening(value: unknown): LabelledOpening {
  const { label, m, r } = fieldsOf(value, ['label', 'm', 'r'], 'an opening');
  if (!LABELS.includes(label)) refuse('the label of an opening is unknown');
  return { label: label as Label, m: bytesOf(m, 'm'), r: bytesOf(r, 'r') };
}

/**
 * Reads the file of a receipt, which proves nothing yet.
 * @throws AUDIT_RECEIPT for anything that `formatReceipt` would not write.
 */
export function parseReceipt(file: Uint8Array): Receipt {
  const document = fieldsOf(parseDocument(file), ['entry', 'format', 'openings', 'proof'], 'it');
  const { entry, format, openings, proof } = document;
  if (format !== FORMAT) refuse(`its format is not ${FORMAT}`);
  if (!Array.isArray(openings) || openings.length === 0) refuse('it opens no commitment');
  return {
    entry: textOf(entry, 'its entry'),
    openings: openings.map(parseOpening),
    proof: parseProof(textOf(proof, 'its proof')) ?? refuse('its proof is not in the form of a tlog-proof'),
  };
}

/** The commitments that stand under a label in an entry. */
function commitmentsUnder(label: Label, entry: Fields): readonly unknown[] {
  const own = isObject(entry['commitments']) ? entry['commitments'] : {};
  // Entries about a person and no record, such as holds, have them at the top.
  return label === 'subject' ? [own['subject'], entry['subject']].flat() : [own[label]];
}

function checkOpening(opening: LabelledOpening, entry: Fields): Proven['openings'][number] {
  const { label, m } = opening;
  const [first, ...parts] = parseParts(m) ?? [];
  if (first !== label) refuse(`what the ${label} opens to is not about a ${label}`);
  const held = commitmentsUnder(label, entry).some(
    (commitment) => typeof commitment === 'string' && checkCommitment(commitment, opening),
  );
  if (!held) refuse(`its entry is not about the ${label} that it names`);
  return { label, parts };
}

/** What an error of another format says is wrong, as a finding about the receipt. */
function finding<T>(check: () => T, subject: string): T {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof FristError)) throw error;
    return refuse(`${subject}: ${String(error.params['what'])}`);
  }
}

/**
 * Checks a receipt.
 * @returns what it proves.
 * @throws AUDIT_RECEIPT with the first thing that is wrong.
 */
export function checkReceipt(receipt: Receipt, verifier: Verifier): Proven {
  const { index, path, checkpoint } = receipt.proof;
  const entry = finding(() => parseAnyEntry(receipt.entry), 'its entry');
  const openings = receipt.openings.map((opening) => checkOpening(opening, entry));
  const head = finding(() => openCheckpoint(Buffer.from(checkpoint), verifier), 'its checkpoint');
  const leaf = leafHash(Buffer.from(receipt.entry));
  if (!checkInclusion(path, leaf, index, head.size, rootBytes(head)))
    refuse('its entry is not in the trail that was signed');
  return { entry, index, head, openings };
}
