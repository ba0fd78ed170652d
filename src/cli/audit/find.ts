import type { Epoch } from '../../audit/keys/ring.ts';
import { parseAnyEntry, readEntry, type Entry } from '../../audit/entry.ts';
import { Contexts, type Context } from '../../audit/lookup/context.ts';
import { findByCommitment, type Found } from '../../audit/lookup/find.ts';
import { fieldsOf } from '../../audit/lookup/names.ts';
import { EXIT } from '../../errors.ts';
import type { Inquiry } from '../../installation/inquiry.ts';
import type { PolicyFile } from '../../policy/policy.ts';
import { printJson, type Io } from '../print/io.ts';
import { number } from '../print/text.ts';
import { askedOf, openingsOf, type AskedOptions } from './asked.ts';

export interface FindOptions extends AskedOptions {
  readonly files: readonly PolicyFile[];
  readonly json: boolean;
}

/** Days of which nobody can be asked any more. */
export interface Gap {
  readonly from: string;
  readonly to: string;
  /** Day on which the key was destroyed, or on which it was found to be lost. */
  readonly destroyed: string;
}

/** `frist audit find`: what the trail says of a person or a record. Answers the exit status. */
export async function auditFind(inquiry: Inquiry, options: FindOptions, io: Io): Promise<number> {
  const { reader, index, epochs, waiting } = inquiry;
  const openings = openingsOf(askedOf(options.files, options), epochs);
  const contexts = new Contexts(reader, index);
  const told: { readonly found: Found; readonly context: Context }[] = [];
  for await (const found of findByCommitment(reader, index, new Set(openings.keys()))) {
    told.push({ found, context: await contexts.of(found) });
  }
  const gaps = epochs.flatMap(gapOf);
  if (options.json) {
    const { size, root } = reader.head;
    printJson(io, {
      found: told.length > 0,
      size,
      root,
      entries: told.map(({ found: { index: at, text }, context }) => {
        return { index: at, entry: fieldsOf(text, at), ...context };
      }),
      unanswerable: gaps,
      waiting,
      exit: EXIT.ok,
      statuses: [],
    });
    return EXIT.ok;
  }
  io.out(
    told.length === 0
      ? `Nothing: the trail of ${number(reader.head.size)} entries has none about it.\n`
      : `${told.map(({ found, context }) => paragraph(found, context)).join('\n')}\n`,
  );
  for (const gap of gaps) io.out(`Cannot be told: ${gapWords(gap)}.\n`);
  if (waiting) io.err('warning: entries wait to be published; what they say is not in this answer\n');
  return EXIT.ok;
}

/** The days of an epoch whose key was destroyed. */
export function gapOf({ from, to, destroyed }: Epoch): Gap[] {
  if (destroyed === undefined) return [];
  return [{ from: from.slice(0, 10), to: (to ?? destroyed.on).slice(0, 10), destroyed: destroyed.on }];
}

/** A gap in words. */
export function gapWords({ from, to, destroyed }: Gap): string {
  return `what was written from ${from} to ${to}, because the key of these days is gone since ${destroyed}`;
}

function paragraph({ index, text }: Found, context: Context): string {
  const { type, at } = parseAnyEntry(text);
  const known = readEntry(text);
  const [first = type, ...more] = known === undefined ? [] : linesOf(known, context);
  return [`${at.slice(0, 10)}  ${first}  (entry ${number(index)})`, ...more].join('\n            ');
}

/** What an entry says of the person or the record, the gist first. */
function linesOf(entry: Entry, { promise, verification, replay, released }: Context): readonly string[] {
  if (entry.type === 'record') {
    const code = entry.code === undefined ? '' : ` (${entry.code})`;
    const again = verification === undefined ? '' : `; looking again: ${verification}`;
    const day = entry.promised === undefined ? '' : `, promised by ${entry.promised}`;
    return [
      `${entry.source}.${entry.record}: ${entry.action}, ${entry.outcome}${code}${again}`,
      ...(replay === true ? ['by a replay: it had been erased before, and was back from a backup'] : []),
      `policy ${entry.policy}${day}`,
      ...(promise === undefined ? [] : [`“${promise}”`]),
    ];
  }
  if (entry.type !== 'hold-placed') return [];
  const until = released === undefined ? 'stands' : `released ${released.slice(0, 10)}`;
  const kind = entry.kind === 'restriction' ? 'restriction ' : '';
  const on = entry.records === undefined ? '' : 'on the record, ';
  const where = entry.source === undefined ? 'in every source' : `in ${entry.source}`;
  const review = entry.review === undefined ? '' : `, to be reviewed ${entry.review}`;
  return [`${kind}${entry.hold} placed by ${entry.who}, ${on}${where}: ${until}${review}`];
}
