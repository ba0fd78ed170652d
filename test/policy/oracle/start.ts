/** What stored values mean as starts, spelled out case by case. Shares no code with src/policy. */
import type { Controller, Encoding, Raw, Start, StartColumn } from '../../../src/policy/policy.ts';
import { beginningOf, dayAt, readWall, type Day } from './calendar.ts';

export type Read =
  | { what: 'unknown' }
  | { what: 'not yet' }
  | { what: 'implausible' }
  /** Another source does not tell. */
  | { what: 'silent' }
  | { what: 'day'; day: Day }
  | { what: 'instant'; early: number; late: number };

/** How a leaf finds its stored value and its encoding. */
export interface Store {
  raw: (leaf: StartColumn) => Raw;
  encoding: (leaf: StartColumn) => Encoding;
  /** What the other source has about the person: which named conditions its records meet, and how they start. */
  elsewhere?: 'unreachable' | readonly { truths: readonly string[]; start: Raw }[];
}

export function readStart(
  start: Start,
  store: Store,
  side: 'early' | 'late',
  controller: Controller,
  asOf: number,
): Read {
  if (start.kind === 'column')
    return readLeaf(start, store.raw(start), store.encoding(start), controller, asOf);
  if (start.kind === 'elsewhere') return readElsewhere(start, store, side, controller, asOf);
  const parts = start.of.map((part) => readStart(part, store, side, controller, asOf));
  const has = (what: Read['what']): boolean => parts.some((part) => part.what === what);
  if (start.kind === 'first known of') {
    for (const part of parts) {
      if (part.what === 'unknown' || part.what === 'not yet') continue;
      return part;
    }
    return has('not yet') ? { what: 'not yet' } : { what: 'unknown' };
  }
  const stuck = parts.find((part) => part.what === 'implausible' || part.what === 'silent');
  if (stuck !== undefined) return stuck;
  return latestOf(parts, side, controller);
}

function readElsewhere(
  { where, start, whenNone, whenSeveral }: Start & { kind: 'elsewhere' },
  store: Store,
  side: 'early' | 'late',
  controller: Controller,
  asOf: number,
): Read {
  if (store.elsewhere === 'unreachable') return { what: 'silent' };
  const name = where.kind === 'is' ? where.column : undefined;
  const found = (store.elsewhere ?? []).filter((one) => name === undefined || one.truths.includes(name));
  const different = new Set(found.map((one) => one.start));
  if (different.size === 0) return { what: whenNone === 'keep' ? 'silent' : 'unknown' };
  if (different.size > 1 && whenSeveral === 'keep') return { what: 'silent' };
  const reads = [...different].map((raw) => readLeaf(start, raw, store.encoding(start), controller, asOf));
  return reads.find((one) => one.what === 'implausible') ?? latestOf(reads, side, controller);
}

/** One that has not come yet outweighs the known; of those the latest. */
function latestOf(parts: readonly Read[], side: 'early' | 'late', controller: Controller): Read {
  const has = (what: Read['what']): boolean => parts.some((part) => part.what === what);
  if (has('not yet')) return { what: 'not yet' };
  const known = parts.filter((part) => part.what === 'day' || part.what === 'instant');
  if (known.length === 0) return { what: 'unknown' };
  return known.reduce((best, part) =>
    when(part, side, controller) > when(best, side, controller) ? part : best,
  );
}

function when(
  part: Read & { what: 'day' | 'instant' },
  side: 'early' | 'late',
  controller: Controller,
): number {
  if (part.what === 'instant') return part[side];
  if (side === 'early') return beginningOf(controller.timezone, part.day);
  const next = new Date(Date.parse(`${part.day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
  return beginningOf(controller.timezone, next);
}

function readLeaf(
  leaf: StartColumn,
  raw: Raw,
  encoding: Encoding,
  controller: Controller,
  asOf: number,
): Read {
  if (raw === null) return leaf.whenNull === 'not yet' ? { what: 'not yet' } : { what: 'unknown' };
  const listed = (list: readonly string[]): boolean =>
    list.some(
      (one) =>
        plain(one) === plain(raw) ||
        (leaf.timeColumn !== undefined && plain(one) === plain(raw.slice(0, 10))),
    );
  if (listed(leaf.notYet)) return { what: 'not yet' };
  if (listed(leaf.unknown)) return { what: 'unknown' };
  const read = decode(raw.trim(), encoding);
  if (read === undefined) return { what: 'unknown' };
  const zone = controller.timezone;
  if (read.what === 'day') {
    if (read.day < leaf.earliest) return { what: 'implausible' };
    if (!leaf.mayLieAhead && read.day > dayAt(zone, asOf)) return { what: 'implausible' };
    return read;
  }
  if (read.late < beginningOf(zone, leaf.earliest)) return { what: 'implausible' };
  if (read.early > (leaf.mayLieAhead ? Date.parse('9999-12-31T23:59:59.999Z') : asOf))
    return { what: 'implausible' };
  return read;
}

/** 2024-01-01 00:00:00 and 2024-01-01 are one value, and so are 0000-00-00 and 0. */
function plain(text: string): string {
  const short = text.trim().replace(/^(\d{4}-\d\d-\d\d)[ T]00:00:00(\.0*)?$/, '$1');
  return short === '0000-00-00' ? '0' : short;
}

type Known = Read & { what: 'day' | 'instant' };

function decode(text: string, encoding: Encoding): Known | undefined {
  return encoding.kind === 'epoch seconds' || encoding.kind === 'epoch milliseconds'
    ? decodeNumber(text, encoding.kind === 'epoch seconds' ? 3 : 0)
    : decodeText(text, encoding);
}

function decodeNumber(text: string, digits: number): Known | undefined {
  if (!/^-?\d+(\.\d*)?$/.test(text)) return undefined;
  const [whole = '', fraction = ''] = text.replace('-', '').split('.');
  const scaled = `${whole}${fraction.padEnd(digits, '0').slice(0, digits)}`;
  const rest = fraction.slice(digits).replaceAll('0', '') !== '';
  const amount = text.startsWith('-') ? -Number(scaled) : Number(scaled) + (rest ? 1 : 0);
  return { what: 'instant', early: amount, late: amount };
}

const SHAPE =
  /^(\d{4}-\d\d-\d\d)(?:[T ]+(\d?\d):(\d\d)(?::(\d\d))?(?:\.(\d+))?(?: ?(Z|[+-]\d\d(?::?\d\d)?))?)?$/;

function decodeText(text: string, encoding: Encoding): Known | undefined {
  const shape = SHAPE.exec(text);
  if (shape === null) return undefined;
  const [, day = '', h, mi = '', s = '00', fraction = '', offset] = shape;
  if (new Date(`${day}T00:00:00Z`).toJSON()?.slice(0, 10) !== day) return undefined;
  if (Number(h ?? 0) > 23 || Number(mi) > 59 || Number(s) > 59) return undefined;
  if (offset !== undefined && encoding.kind !== 'instant') return undefined;
  if (encoding.kind === 'date') return { what: 'day', day };
  if (h === undefined) return encoding.kind === 'local' ? { what: 'day', day } : undefined;
  const ms = Number(fraction.padEnd(3, '0').slice(0, 3)) + (/[1-9]/.test(fraction.slice(3)) ? 1 : 0);
  const wall = `${day} ${h.padStart(2, '0')}:${mi}:${s}.000`;
  if (encoding.kind === 'local') {
    const [early, late] = [readWall(encoding.zone, wall, 'early'), readWall(encoding.zone, wall, 'late')];
    return { what: 'instant', early: early + ms, late: late + ms };
  }
  const instant = Date.parse(`${wall.replace(' ', 'T')}Z`) + ms - shiftOf(offset);
  return { what: 'instant', early: instant, late: instant };
}

function shiftOf(offset: string | undefined): number {
  const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)?$/.exec(offset ?? '') ?? [];
  if (sign === undefined) return 0;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes ?? 0)) * 60_000;
}
