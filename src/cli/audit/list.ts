import { ENTRY_TYPES } from '../../audit/entry.ts';
import { readSpan, timeOf, type Placed, type Span } from '../../audit/lookup/range.ts';
import type { TrailReader } from '../../audit/lookup/reader.ts';
import { EXIT, FristError } from '../../errors.ts';
import { isDay } from '../shared/as-of.ts';
import type { Io } from '../print/io.ts';
import { formatOf, type Format } from './formats.ts';

export interface ListOptions {
  readonly policy: string | undefined;
  /** One of these. */
  readonly source: readonly string[];
  readonly run: string | undefined;
  readonly batch: string | undefined;
  readonly kind: readonly string[];
  /** Days (UTC), the last one included. */
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly limit: string | undefined;
  /** `csv` or `ndjson`; undefined: columns for people. */
  readonly format: string | undefined;
  readonly json: boolean;
}

const DAY_MS = 86_400_000;
/** Characters that are gathered before they are written. */
const WRITE_AT_ONCE = 32_768;

function usage(what: string): never {
  throw new FristError('USAGE', { what });
}

/** `frist audit list`: the entries of the trail, streamed. Answers the exit status. */
export async function auditList(reader: TrailReader, options: ListOptions, io: Io): Promise<number> {
  const span = spanOf(options);
  const wanted = filterOf(options, span);
  const most = limitOf(options.limit);
  const format: Format = formatOf(options.json ? 'json' : options.format, reader.head);
  let text = format.begin;
  let listed = 0;
  // What a batch's opening says of its records stands nowhere else: it may lie before the span.
  const read = options.run === undefined && options.source.length === 0 ? span : { to: span.to };
  for await (const entry of readSpan(reader, read)) {
    if (!wanted(entry)) continue;
    text += format.line(entry, listed === 0);
    if (text.length >= WRITE_AT_ONCE) {
      io.out(text);
      text = '';
    }
    if (++listed === most) break;
  }
  io.out(text + format.end);
  if (listed === 0) io.err('No entry fits.\n');
  return EXIT.ok;
}

function spanOf({ from, to }: ListOptions): Span {
  const start = (option: string, day: string | undefined): number | undefined => {
    if (day !== undefined && !isDay(day)) usage(`${option} must be a day, e.g. 2026-11-22`);
    return day === undefined ? undefined : Date.parse(`${day}T00:00:00Z`);
  };
  const [first, last] = [start('--from', from), start('--to', to)];
  if (first !== undefined && last !== undefined && first > last)
    usage(`--from ${from ?? ''} lies after --to ${to ?? ''}`);
  return { from: first, to: last === undefined ? undefined : last + DAY_MS - 1 };
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return Infinity;
  return /^[1-9]\d{0,15}$/.test(text) ? Number(text) : usage('--limit must be a number from 1');
}

/** What of a batch is told by the entry that opens it, and not by those of its records. */
type Opening = Readonly<Record<string, unknown>>;

/** A test of entries in the order of the trail. It must see all of them: those of a batch belong to the run that opened it. */
function filterOf(
  options: ListOptions,
  { from = -Infinity, to = Infinity }: Span,
): (entry: Placed) => boolean {
  const { policy, source, run, batch, kind } = options;
  const unknown = kind.find((one) => !(ENTRY_TYPES as readonly string[]).includes(one));
  if (unknown !== undefined) usage(`there is no kind ${unknown}; there are: ${ENTRY_TYPES.join(', ')}`);
  const asked = Object.entries({ policy: [policy], source, run: [run], batch: [batch] })
    .map(([field, values]) => ({ field, values: values.filter((value) => value !== undefined) }))
    .filter(({ values }) => values.length > 0);
  const open = new Map<unknown, Opening>();
  return ({ fields: entry }) => {
    const { type, batch: of } = entry;
    if (type === 'batch-opened') open.set(of, entry);
    const opening = open.get(of);
    if (type === 'batch-settled') open.delete(of);
    const at = timeOf(entry);
    return (
      at >= from &&
      at <= to &&
      (kind.length === 0 || kind.some((one) => one === type)) &&
      asked.every(({ field, values }) => values.some((value) => value === (entry[field] ?? opening?.[field])))
    );
  };
}
