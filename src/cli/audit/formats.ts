/**
 * How `audit list` writes entries.
 *
 *   text     columns for people: number, time (UTC), kind, policy, place, and all else that the entry says
 *   csv      RFC 4180 with the line end of Unix; first the names of the columns; `entry` is the whole text. A cell that a
 *            spreadsheet would take for a formula begins with an apostrophe
 *   ndjson   one object a line: {"index": number, "entry": the entry}
 *   json     one document: {"size", "root", "entries": as in ndjson, "exit", "statuses"}
 */
import type { Head } from '../../audit/checkpoint.ts';
import type { Placed } from '../../audit/lookup/range.ts';
import { EXIT, FristError } from '../../errors.ts';
import { printable } from '../print/printable.ts';
import { number } from '../print/text.ts';

export interface Format {
  readonly begin: string;
  readonly line: (entry: Placed, first: boolean) => string;
  readonly end: string;
}

type Fields = Placed['fields'];

const object = ({ index, text }: Placed): string => `{"index":${index},"entry":${text}}`;

/** The format of this name; the one for people when it is undefined. */
export function formatOf(name: string | undefined, { size, root }: Head): Format {
  switch (name) {
    case undefined:
      return { begin: HEAD, line: textLine, end: '' };
    case 'csv':
      return { begin: `${CSV.join(',')}\n`, line: csvLine, end: '' };
    case 'ndjson':
      return { begin: '', line: (entry) => `${object(entry)}\n`, end: '' };
    case 'json':
      return {
        begin: `{"size":${size},"root":${JSON.stringify(root)},"entries":[`,
        line: (entry, first) => `${first ? '' : ','}\n${object(entry)}`,
        end: `],"exit":${EXIT.ok},"statuses":[]}\n`,
      };
    default:
      throw new FristError('USAGE', { what: `there is no format ${name}; there are: csv, ndjson` });
  }
}

/** What has a column of its own, or says nothing to people. */
const SHOWN = new Set(['v', 'type', 'eid', 'at', 'policy', 'source', 'record', 'commitments', 'subject']);

function textLine({ index, fields }: Placed): string {
  const { at, type, policy, source, record } = fields;
  const place = [source, record]
    .map(cellText)
    .filter((part) => part !== '')
    .join('.');
  const rest = Object.entries(fields)
    .filter(([field]) => !SHOWN.has(field))
    .map(([field, value]) => `${field}=${valueText(value)}`);
  const time = cellText(at).slice(0, 19).replace('T', ' ');
  const cells = [number(index), time, cellText(type), cellText(policy), place, rest.join(' ')];
  return columns(cells.map(printable));
}

/** Widths of the columns; whole columns are not known while they are streamed. */
const WIDTHS = [9, 19, 14, 16, 20, 0];

function columns(cells: readonly string[]): string {
  const padded = cells.map((cell, i) =>
    i === 0 ? cell.padStart(WIDTHS[i] ?? 0) : cell.padEnd(WIDTHS[i] ?? 0),
  );
  return `${padded.join('  ').trimEnd()}\n`;
}

const HEAD = columns(['entry', 'time (UTC)', 'kind', 'policy', 'place', 'more']);

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

/** Counts as `erased:3,failed:1`; evidence by its hash, and of a hash what tells it apart. */
function valueText(value: unknown): string {
  if (!isObject(value)) return cellText(value).replace(DIGEST, '$1');
  if (typeof value['sha256'] === 'string') return valueText(value['sha256']);
  return Object.entries(value)
    .map(([name, count]) => `${name}:${cellText(count)}`)
    .join(',');
}

const DIGEST = /^([0-9a-f]{12})[0-9a-f]{52}$/;
const cellText = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';

const FIELDS = [
  'at',
  'type',
  'policy',
  'source',
  'record',
  'run',
  'batch',
  'action',
  'outcome',
  'promised',
  'age',
];
const CSV = ['index', ...FIELDS, 'entry'];

function csvLine({ index, text, fields }: Placed): string {
  const cells = [String(index), ...FIELDS.map((field) => cellText(fields[field])), text];
  return `${cells.map(quoted).join(',')}\n`;
}

/** What a name in a trail may not become in a spreadsheet: a call of a program. */
const FORMULA = /^[=+\-@\t\r]/;

function quoted(cell: string): string {
  const plain = FORMULA.test(cell) ? `'${cell}` : cell;
  return /[",\n\r]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
