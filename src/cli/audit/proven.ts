/** What a sound receipt proves, and what it does not, in words for the person who was given it. */
import type { Label, Part } from '../../audit/commitment.ts';
import { readEntry, type Entry } from '../../audit/entry.ts';
import type { Proven } from '../../audit/receipt.ts';
import { printable } from '../print/printable.ts';
import { number, table } from '../print/text.ts';

/** What became of a record, by its outcome. */
const OUTCOMES: Readonly<Record<string, string>> = {
  erased: 'done, as the database confirmed',
  'absent-after-crash': 'found gone after a crash; that frist did it was not seen',
  failed: 'tried, and refused by the database',
};

/** What erasure/batch/settle.ts writes beside `erased` where a second look found the record there. */
const FOUND_AGAIN = 'FOUND_AGAIN';
const codeOf = ({ code }: { readonly code?: string }): string => (code === undefined ? '' : ` (${code})`);

/** The words for a receipt that was checked. */
export function provenText({ entry, index, head, openings }: Proven, origin: string): string {
  const known = readEntry(JSON.stringify(entry));
  const rows = [
    ...unique(openings.flatMap(({ label, parts }) => whoRows(label, parts))),
    ...(known === undefined ? [['what', `an entry of the kind ${entry.type}`]] : whatRows(known)),
    ['when', `${entry.at}, by the clock of the machine that wrote it`],
  ];
  return [
    `The receipt is sound: entry ${number(index)} of the trail ${origin}, signed with ${number(head.size)} entries.`,
    '',
    'It proves that this was written down:',
    table(rows.map((row) => row.map(printable))).replaceAll(/^/gm, '  '),
    '',
    'It does not prove:',
    ...limits(known).map((limit) => `  - ${limit}`),
    '',
  ].join('\n');
}

/** A record that is named by its key and by its life is one. */
function unique(rows: readonly string[][]): readonly string[][] {
  return [...new Map(rows.map((row) => [row.join('\n'), row])).values()];
}

function whoRows(label: Label, parts: readonly Part[]): string[][] {
  if (label === 'subject') return [['who', parts.map(partText).join('=')]];
  const [source, type, ...rest] = parts;
  const record = (key: readonly Part[]): string[] => [
    'record',
    `${sourceText(source ?? null)}: ${partText(type ?? null)} ${key.map(partText).join(', ')}`,
  ];
  if (label === 'record') return [record(rest)];
  // Number of key parts, key parts; number of subjects, kind and value of each; number of raw values, each.
  const keyEnd = 1 + Number(rest[0]);
  const subjectsEnd = keyEnd + 1 + 2 * Number(rest[keyEnd]);
  const start = rest.slice(subjectsEnd + 1);
  return [record(rest.slice(1, keyEnd)), ['start', start.map(partText).join(', ')]];
}

const partText = (part: Part): string => part ?? 'nothing';

/** Controller and source, which stand together as a JSON array. */
function sourceText(part: Part): string {
  try {
    const names: unknown = JSON.parse(part ?? '');
    return Array.isArray(names) ? names.map(String).join(', ') : partText(part);
  } catch {
    return partText(part);
  }
}

function whatRows(entry: Entry): string[][] {
  if (entry.type === 'hold-placed') return [['what', `a hold was placed (${entry.hold})`]];
  if (entry.type !== 'record') return [['what', `an entry of the kind ${entry.type}`]];
  const day = entry.promised === undefined ? '' : `, promised by ${entry.promised}`;
  return [
    ['what', `${entry.source}.${entry.record}: ${entry.action}, ${entry.outcome}${codeOf(entry)}`],
    [
      '',
      entry.code === FOUND_AGAIN
        ? 'done, but a second look found it, or what goes with it'
        : (OUTCOMES[entry.outcome] ?? ''),
    ],
    ['policy', `${entry.policy}${day}`],
  ];
}

function limits(entry: Entry | undefined): readonly string[] {
  const erased = entry?.type === 'record' && entry.outcome === 'erased' && entry.code !== FOUND_AGAIN;
  return [
    ...(erased ? [] : ['that anything was erased']),
    'that the data lie nowhere else: in other systems, in backups, or written anew since',
    'that who holds the signing key shows everybody the same trail: for that, hold its size and root against a head kept elsewhere (frist audit verify --head)',
  ];
}
