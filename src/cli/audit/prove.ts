import { parseVkey } from '../../audit/checkpoint.ts';
import { findByCommitment, type Found } from '../../audit/lookup/find.ts';
import { fieldsOf } from '../../audit/lookup/names.ts';
import { checkReceipt, formatReceipt, parseReceipt, type LabelledOpening } from '../../audit/receipt.ts';
import { EXIT, FristError } from '../../errors.ts';
import type { Inquiry } from '../../installation/inquiry.ts';
import type { PolicyFile } from '../../policy/policy.ts';
import { readBytes, writeNew } from '../shared/files.ts';
import { printJson, type Io } from '../print/io.ts';
import { number } from '../print/text.ts';
import { askedOf, openingsOf, type AskedOptions } from './asked.ts';
import { gapOf, gapWords, type Gap } from './find.ts';
import { provenText } from './proven.ts';

export interface ProveOptions extends AskedOptions {
  readonly files: readonly PolicyFile[];
  /** Which entry, where there are several. */
  readonly entry: string | undefined;
  readonly out: string | undefined;
  readonly json: boolean;
}

/** Entries named in a message at most. */
const NAMED = 20;

function usage(what: string): never {
  throw new FristError('USAGE', { what });
}

/** `frist audit prove`: a receipt for one entry about a person or a record. Answers the exit status. */
export async function auditProve(inquiry: Inquiry, options: ProveOptions, io: Io): Promise<number> {
  const { reader, index, epochs, vkey } = inquiry;
  const file = options.out ?? usage('--out FILE says where the receipt goes');
  const openings = openingsOf(askedOf(options.files, options), epochs);
  const found: Found[] = [];
  for await (const one of findByCommitment(reader, index, new Set(openings.keys()))) found.push(one);
  const chosen = choose(found, options.entry, epochs.flatMap(gapOf));
  const opened = chosen.commitments.map((commitment) => openings.get(commitment) as LabelledOpening);
  if (options.start !== undefined && options.start.length > 0 && !opened.some(isLife))
    usage(
      `entry ${chosen.index} is not about the record with this starting point: give it as the source had it, and every identifier that it had`,
    );
  const text = formatReceipt({
    entry: chosen.text,
    openings: opened,
    proof: await reader.prove(chosen.index),
  });
  // Nobody is given what does not hold.
  checkReceipt(parseReceipt(Buffer.from(text)), parseVkey(vkey));
  // It holds personal data: nobody else may read it.
  writeNew(file, text, 0o600);
  if (options.json) {
    printJson(io, { file, entry: chosen.index, verifierKey: vkey, exit: EXIT.ok, statuses: [] });
  } else {
    io.out(
      `${file} proves entry ${number(chosen.index)}. It says whom the entry is about: give it to nobody else.\n` +
        `Anyone can check it: frist audit prove --check ${file} --key ${vkey}\n`,
    );
  }
  return EXIT.ok;
}

const isLife = ({ label }: LabelledOpening): boolean => label === 'incarnation';

/** The entry to prove: the one that was named, or the only one about a record. */
function choose(found: readonly Found[], named: string | undefined, gaps: readonly Gap[]): Found {
  const numbers = (some: readonly Found[]): string =>
    some
      .slice(0, NAMED)
      .map((one) => one.index)
      .join(', ') + (some.length > NAMED ? ', …' : '');
  if (named !== undefined) {
    // As people read numbers: find writes 12,345.
    const one = found.find((candidate) => String(candidate.index) === named.replaceAll(',', ''));
    return one ?? usage(`entry ${named} is not about it; these are: ${numbers(found)}`);
  }
  const records = found.filter((one) => fieldsOf(one.text, one.index)['type'] === 'record');
  const [first, ...others] = records;
  if (first === undefined) {
    // Nobody is told that there is nothing where nobody can look.
    const untold = gaps.map((gap) => `; it cannot be told ${gapWords(gap)}`).join('');
    return usage(
      `the trail has no entry about it that says what became of a record (audit find says what it has)${untold}`,
    );
  }
  if (others.length > 0) usage(`several entries are about it; name one by --entry: ${numbers(records)}`);
  return first;
}

export interface CheckOptions {
  readonly file: string;
  /** The verifier key. */
  readonly key: string | undefined;
  readonly json: boolean;
}

/**
 * `frist audit prove --check`: holds a receipt against a public key, with nothing else. Answers the exit status.
 * @throws AUDIT_RECEIPT with the first thing that is wrong.
 */
export function checkProof({ file, key, json }: CheckOptions, io: Io): number {
  const verifier = parseVkey(key ?? usage('--key VKEY is needed: the public key of the trail'));
  const proven = checkReceipt(parseReceipt(readBytes(file)), verifier);
  if (json) printJson(io, { ...proven, origin: verifier.name, exit: EXIT.ok, statuses: [] });
  else io.out(provenText(proven, verifier.name));
  return EXIT.ok;
}
