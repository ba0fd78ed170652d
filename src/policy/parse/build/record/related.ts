/** Rows of other tables: those that belong to a record, and those that are part of it. */
import { ALWAYS } from '../../../policy.ts';
import { isTablePattern } from '../../../table-name.ts';
import type { Match, Pair, Part, Related, Scalar, Scope } from '../../../policy.ts';
import type { Mapping } from '../../document.ts';
import { isMapping } from '../../document.ts';
import type { Path } from '../../position.ts';
import type { Report } from '../../report.ts';
import { partShape, relatedShape } from '../../schema/source.ts';
import { readFields } from '../../shape.ts';
import type { Named } from '../../shape.ts';
import { readCondition } from '../condition.ts';
import { readPlainField } from '../names/field.ts';
import { COLUMNS_ONLY } from '../names/sight.ts';
import type { Sight } from '../names/sight.ts';

/** What a part or related rows stand in. */
export interface Owner {
  readonly sight: Sight;
  /** Of the record type; undefined where it is wrong. */
  readonly scope: Scope | undefined;
  /** The table of the record type, which may be a pattern. */
  readonly table: string;
  readonly report: Report;
}

/** Reads `scope:`: constant columns. */
export function readScope(raw: Mapping | undefined, path: Path, report: Report): Scope | undefined {
  if (raw === undefined) return [];
  const entries = Object.entries(raw) as [string, Scalar][];
  if (entries.length === 0 || entries.some(([, value]) => value === null)) {
    report.add({
      code: 'wrong-value',
      path,
      message: entries.length === 0 ? 'An empty scope limits nothing' : 'A scope cannot be NULL',
      remedy: 'Write constant columns, e.g. { tenant_id: 7 }; leave `scope` out where there are none.',
    });
    return undefined;
  }
  return entries.map(([column, value]) => ({ column, value }));
}

function readInheritedScope(
  raw: Mapping | 'none' | undefined,
  given: boolean,
  path: Path,
  owner: Owner,
): Scope | undefined {
  if (!given) return owner.scope;
  return raw === 'none' ? [] : readScope(raw, path, owner.report);
}

/** A table name with one `*`, or with `#`s; and with no more of them than the record type's own table has. */
export function readTable(name: string, path: Path, own: string, report: Report): string | undefined {
  const count = (text: string, letter: string): number => text.split(letter).length - 1;
  const [stars, numbers] = [count(name, '*'), count(name, '#')];
  if (stars > 1 || (stars > 0 && numbers > 0))
    report.add({
      code: 'contradiction',
      path,
      message: 'A name of tables can hold one `*`',
      remedy: 'Write one `*` for what differs between the tables, or `#` for each number.',
    });
  else if (stars > count(own, '*') || numbers > count(own, '#'))
    report.add({
      code: 'contradiction',
      path,
      message: `Here \`${stars > 0 ? '*' : '#'}\` stands for nothing`,
      remedy: "It is what it is in the record type's own table: write one there first.",
    });
  else return name;
  return undefined;
}

function refuseMissing(path: Path, report: Report): void {
  report.add({
    code: 'contradiction',
    path: [...path, 'if missing'],
    message: 'This table is one, and must be there',
    remedy: 'Leave `if missing` out: it is for tables with `*` or `#` in their name.',
  });
}

/** `holds: 'id={id}'`: the record's column inside a text of theirs. */
function readText(theirs: string, holds: string, path: Path, sight: Sight, report: Report): Pair | undefined {
  const found = /^([^{}]+)\{([^{}]+)\}([^{}]*)$/s.exec(holds);
  const [, before, column, after] = found ?? [];
  if (before === undefined || column === undefined || after === undefined) {
    report.add({
      code: 'bad-template',
      path,
      message: 'It does not say which text surrounds which column',
      remedy: "Write text with one column in braces behind it, e.g. 'candidateID={id}'.",
    });
    return undefined;
  }
  const ours = readPlainField(column, path, sight, report);
  if (ours === undefined) return undefined;
  return { theirs, ours: ours.column, ...partOf(ours), inText: { before, after } };
}

function partOf({ part }: { readonly part?: string }): Pick<Pair, 'part'> {
  return part === undefined ? {} : { part };
}

function readPairs(raw: Mapping, path: Path, sight: Sight, report: Report): Match | undefined {
  const entries = Object.entries(raw);
  if (entries.length === 0) {
    report.add({
      code: 'tautology',
      path,
      message: 'Without a match every row of the table would belong to every record',
      remedy: 'Write { their column: our column }.',
    });
    return undefined;
  }
  const pairs = entries.map(([theirs, ours]): Pair | undefined => {
    const at = [...path, theirs];
    if (isMapping(ours)) return readText(theirs, String(ours['holds']), [...at, 'holds'], sight, report);
    const field = readPlainField(String(ours), at, sight, report);
    return field && { theirs, ours: field.column, ...partOf(field) };
  });
  const known = pairs.filter((pair) => pair !== undefined);
  return known.length < pairs.length ? undefined : known;
}

/** Reads one entry of `parts:`. `owner.sight` knows the parts that stand before it. */
export function readPart({ name, raw, path }: Named, owner: Owner): Part | undefined {
  const { report, sight } = owner;
  const { values, given } = readFields(partShape, raw, path, report);
  const { table, match, scope } = values;
  const pairs = match && readPairs(match, [...path, 'match'], sight, report);
  const effective = readInheritedScope(scope, given.has('scope'), [...path, 'scope'], owner);
  const named = table === undefined ? undefined : readTable(table, [...path, 'table'], owner.table, report);
  if (named === undefined || pairs === undefined || effective === undefined) return undefined;
  return { name, table: named, match: pairs, scope: effective };
}

/** Reads one entry of `related:`. */
export function readRelated({ name, raw, path }: Named, owner: Owner): Related | undefined {
  const { report, sight } = owner;
  const { values, given } = readFields(relatedShape, raw, path, report);
  const { table, match, where, scope, of, ignoring } = values;
  const inside = sight.inside(name);
  const filter = where === undefined ? ALWAYS : readCondition(where, [...path, 'where'], inside, report);
  const effective = readInheritedScope(scope, given.has('scope'), [...path, 'scope'], owner);
  const matches = readMatches(match, [...path, 'match'], of === undefined ? sight : COLUMNS_ONLY, report);
  const named = table === undefined ? undefined : readTable(table, [...path, 'table'], owner.table, report);
  const missing = values['if missing'];
  if (missing !== undefined && named !== undefined && !isTablePattern(named)) refuseMissing(path, report);
  if (named === undefined || matches === undefined || filter === undefined || effective === undefined)
    return undefined;
  const [first, ...others] = matches;
  return {
    name,
    table: named,
    ...(of === undefined ? {} : { of }),
    match: first,
    ...(others.length === 0 ? {} : { orMatch: others }),
    ...(ignoring === undefined ? {} : { ignoreCase: true }),
    scope: effective,
    where: filter,
    ...(missing === undefined ? {} : { mayBeMissing: true }),
  };
}

function readMatches(
  raw: Mapping | readonly Mapping[] | undefined,
  path: Path,
  sight: Sight,
  report: Report,
): readonly [Match, ...Match[]] | undefined {
  if (raw === undefined) return undefined;
  const read = Array.isArray(raw)
    ? (raw as readonly Mapping[]).map((one, i) => readPairs(one, [...path, i], sight, report))
    : [readPairs(raw as Mapping, path, sight, report)];
  const [first, ...others] = read.filter((one) => one !== undefined);
  return first === undefined || others.length + 1 < read.length ? undefined : [first, ...others];
}
