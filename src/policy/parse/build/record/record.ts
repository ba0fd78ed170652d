/** Record types. */
import type { Part, RecordType, Related, Selection } from '../../../policy.ts';
import { isMapping } from '../../document.ts';
import type { Mapping } from '../../document.ts';
import type { Path } from '../../position.ts';
import { suggestion } from '../../report.ts';
import type { Report } from '../../report.ts';
import { recordShape } from '../../schema/source.ts';
import { opening, readFields, readNamed } from '../../shape.ts';
import type { Fields, Named } from '../../shape.ts';
import { readCondition } from '../condition.ts';
import { readZone } from '../controller.ts';
import { sightOf } from '../names/sight.ts';
import type { Sight } from '../names/sight.ts';
import { readPart, readRelated, readScope, readTable } from './related.ts';
import type { Owner } from './related.ts';
import { readSubjects } from './subject.ts';

/** A record type as far as it is valid. */
export interface RecordEntry {
  readonly name: string;
  readonly path: Path;
  /** Every declared name, also of what is wrong in itself. */
  readonly sight: Sight;
  readonly datetimesIn: string | undefined;
  /** Kinds of identifiers that `subject` declares; undefined where it is wrong. */
  readonly identifiers: ReadonlySet<string> | undefined;
  /** Undefined where something in it is wrong. */
  readonly type: RecordType | undefined;
}

function readKey(raw: string | readonly string[], path: Path, report: Report): readonly string[] | undefined {
  const key = typeof raw === 'string' ? [raw] : raw;
  if (new Set(key).size === key.length) return key;
  report.add({
    code: 'contradiction',
    path,
    message: 'A key column stands here twice',
    remedy: 'Name each column once.',
  });
  return undefined;
}

/** Of which others each of the related rows are, as far as that leads to the record. */
function readChains(
  declared: readonly Named[],
  path: Path,
  report: Report,
): ReadonlyMap<string, string | undefined> {
  const of = new Map(
    declared.map(({ name, raw }) => {
      const above = isMapping(raw) ? raw['of'] : undefined;
      return [name, typeof above === 'string' ? above : undefined] as const;
    }),
  );
  for (const [name, above] of of) {
    if (above === undefined) continue;
    const at = [...path, name, 'of'];
    if (!of.has(above)) {
      report.add({
        code: 'unknown-related',
        path: at,
        message: `No related rows are called "${above}"`,
        remedy: suggestion(above, of.keys(), 'related rows'),
      });
    } else if (leadsInCircle(name, of)) {
      report.add({
        code: 'contradiction',
        path: at,
        message: `"${name}" are rows of themselves`,
        remedy: 'Follow `of` from the rows to the record: it must end at rows without one.',
      });
    }
  }
  return of;
}

function leadsInCircle(name: string, of: ReadonlyMap<string, string | undefined>): boolean {
  const seen = new Set<string>();
  for (let here: string | undefined = name; here !== undefined; here = of.get(here)) {
    if (seen.has(here)) return true;
    seen.add(here);
  }
  return false;
}

function refuseSharedNames(parts: readonly Named[], of: ReadonlyMap<string, unknown>, report: Report): void {
  for (const { name, path } of parts.filter((one) => of.has(one.name))) {
    report.add({
      code: 'contradiction',
      path,
      message: `"${name}" is both a part and related rows`,
      remedy: 'A part is one row that is the record too; related rows belong to it. Rename one.',
      on: 'key',
    });
  }
}

/** Parts in their order: one may be matched with those before it. */
function readParts(declared: readonly Named[], owner: Owner): readonly (Part | undefined)[] {
  const before = new Set<string>();
  return declared.map((one) => {
    const part = readPart(one, { ...owner, sight: { ...owner.sight, parts: new Set(before) } });
    before.add(one.name);
    return part;
  });
}

interface Declared {
  readonly parts: readonly Part[];
  readonly related: readonly Related[];
}

/** All of them, or undefined where one is wrong. */
function complete(
  parts: readonly (Part | undefined)[],
  related: readonly (Related | undefined)[],
): Declared | undefined {
  const known = { parts: parts.filter(isThere), related: related.filter(isThere) };
  return known.parts.length < parts.length || known.related.length < related.length ? undefined : known;
}

function isThere<T>(one: T | undefined): one is T {
  return one !== undefined;
}

/** That it is one SELECT is all that can be told here; the database says the rest at `check`. */
function readSelections(
  raw: Readonly<Record<string, string>> | undefined,
  path: Path,
  report: Report,
): readonly Selection[] {
  return Object.entries(raw ?? {}).flatMap(([name, text]) => {
    const sql = text.trim().replace(/;$/, '').trim();
    if (/^(?:select|with)\b/i.test(sql) && !sql.includes(';')) return [{ name, sql }];
    report.add({
      code: 'wrong-value',
      path: [...path, name],
      message: 'A selection is one SELECT statement',
      remedy: 'Write SELECT and the key columns in their order, without a semicolon.',
    });
    return [];
  });
}

/** Reads one entry of `records:`. `zone` is that of the source. */
export function readRecord(
  { name, raw, path }: Named,
  zone: string | undefined,
  report: Report,
): RecordEntry {
  const { values } = readFields(opening(recordShape, ['related', 'parts']), raw, path, report);
  const { subject } = values;
  const selections = readSelections(values.selections, [...path, 'selections'], report);
  const named = (key: 'related' | 'parts', what: string): readonly Named[] =>
    values[key] === undefined ? [] : readNamed(values[key], [...path, key], what, report);
  const [rows, parts] = [named('related', 'related rows'), named('parts', 'parts')];
  const of = readChains(rows, [...path, 'related'], report);
  refuseSharedNames(parts, of, report);
  const partNames = new Set(parts.map((one) => one.name));
  const sight = sightOf(of, partNames, new Set(Object.keys(values.selections ?? {})));
  const own = values['datetimes in'];
  const datetimesIn = own === undefined ? zone : readZone(own, [...path, 'datetimes in'], report);
  const identifiers = subject === undefined ? undefined : kindsOf(subject);
  const type = readType({ name, path, values, sight, rows, parts, selections, datetimesIn }, report);
  return { name, path, sight, datetimesIn, identifiers, type };
}

interface Reading {
  readonly name: string;
  readonly path: Path;
  readonly values: Omit<Fields<typeof recordShape>['values'], 'related' | 'parts'>;
  readonly sight: Sight;
  readonly rows: readonly Named[];
  readonly parts: readonly Named[];
  readonly selections: readonly Selection[];
  readonly datetimesIn: string | undefined;
}

/** The record type itself; undefined where anything in it is wrong. */
function readType(reading: Reading, report: Report): RecordType | undefined {
  const { name, path, values, sight, rows, parts, selections, datetimesIn } = reading;
  const scope = readScope(values.scope, [...path, 'scope'], report);
  const owner: Owner = { sight, scope, table: values.table ?? '', report };
  const declared = complete(
    readParts(parts, owner),
    rows.map((one) => readRelated(one, owner)),
  );
  const table = values.table && readTable(values.table, [...path, 'table'], values.table, report);
  const key = values.key && readKey(values.key, [...path, 'key'], report);
  const subjects = values.subject && readSubjects(values.subject, [...path, 'subject'], sight, report);
  const where = values.where && readCondition(values.where, [...path, 'where'], sight, report);
  if (!table || !key || !scope || !subjects || !declared) return undefined;
  return {
    name,
    table,
    key,
    ...(values.duplicates === undefined ? {} : { repeats: true }),
    scope,
    ...(where === undefined ? {} : { where }),
    ...(declared.parts.length === 0 ? {} : { parts: declared.parts }),
    subjects,
    related: declared.related,
    ...(selections.length === 0 ? {} : { selections }),
    ...(datetimesIn === undefined ? {} : { datetimesIn }),
  };
}

/** The kinds of identifiers that `subject` declares. */
export function kindsOf(subject: 'none' | Mapping): ReadonlySet<string> {
  return new Set(subject === 'none' ? [] : Object.keys(subject));
}
