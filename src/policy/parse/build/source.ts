/** Sources and the record types in them. */
import { ALWAYS } from '../../policy.ts';
import type {
  Normalisation,
  RecordType,
  Related,
  Scalar,
  Scope,
  Source,
  SubjectIdentifier,
} from '../../policy.ts';
import { isMapping } from '../document.ts';
import type { Mapping } from '../document.ts';
import type { Path } from '../position.ts';
import { suggestion } from '../report.ts';
import type { Report } from '../report.ts';
import { recordShape, relatedShape, sourceShape } from '../schema/source.ts';
import { opening, readFields, readNamed } from '../shape.ts';
import type { Named } from '../shape.ts';
import { readCondition, readRelatedName } from './condition.ts';
import { readZone } from './controller.ts';
import { readConnection } from './reference.ts';
import type { Resolve } from './reference.ts';

/** A record type as far as it is valid. */
export interface RecordEntry {
  readonly name: string;
  readonly path: Path;
  /** Declared names of related rows, also of those that are wrong in themselves. */
  readonly related: ReadonlySet<string>;
  readonly datetimesIn: string | undefined;
  /** Undefined where something in it is wrong. */
  readonly type: RecordType | undefined;
}

export interface SourceEntry {
  readonly name: string;
  readonly records: ReadonlyMap<string, RecordEntry>;
  readonly source: Source | undefined;
}

export interface SourceOptions {
  readonly resolve: Resolve;
  /** Kinds of systems that there are connectors for; undefined: not checked here. */
  readonly kinds: readonly string[] | undefined;
}

/** How spellings of an identifier are made equal where the file does not say it. */
const NORMALISED: Readonly<Record<string, Normalisation>> = { email: 'lowercase', phone: 'digits' };

function readScope(raw: Mapping | undefined, path: Path, report: Report): Scope | undefined {
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

function readRelated(
  { name, raw, path }: Named,
  inherited: Scope | undefined,
  report: Report,
): Related | undefined {
  const { values, given } = readFields(relatedShape, raw, path, report);
  const { table, match, where, scope } = values;
  const filter = where === undefined ? ALWAYS : readCondition(where, [...path, 'where'], undefined, report);
  const own = scope === 'none' ? [] : readScope(scope, [...path, 'scope'], report);
  const pairs = Object.entries(match ?? {}).map(([theirs, ours]) => ({ theirs, ours }));
  if (match !== undefined && pairs.length === 0) {
    report.add({
      code: 'tautology',
      path: [...path, 'match'],
      message: 'Without a match every row of the table would belong to every record',
      remedy: 'Write { their column: our column }.',
    });
    return undefined;
  }
  const effective = given.has('scope') ? own : inherited;
  if (table === undefined || match === undefined || filter === undefined || effective === undefined)
    return undefined;
  return { name, table, match: pairs, scope: effective, where: filter };
}

function readSubjects(
  raw: unknown,
  path: Path,
  related: ReadonlySet<string>,
  report: Report,
): readonly SubjectIdentifier[] | undefined {
  if (raw === 'none') return [];
  const entries = Object.entries(raw as Mapping);
  if (entries.length === 0) {
    report.add({
      code: 'wrong-value',
      path,
      message: 'It is not said whose data these are',
      remedy: 'Write { email: column }, or `subject: none` for rows that are about nobody.',
    });
    return undefined;
  }
  const subjects = entries.map(([kind, one]): SubjectIdentifier | undefined => {
    const usual = NORMALISED[kind] ?? 'exact';
    if (!isMapping(one)) return { kind, column: String(one), normalise: usual };
    const from = one['from'];
    const base = {
      kind,
      column: String(one['column']),
      normalise: (one['normalise'] as Normalisation | undefined) ?? usual,
    };
    if (typeof from !== 'string') return base;
    const name = readRelatedName(from, [...path, kind, 'from'], related, report);
    return name === undefined ? undefined : { ...base, related: name };
  });
  const known = subjects.filter((one) => one !== undefined);
  return known.length < subjects.length ? undefined : known;
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

function readRecord({ name, raw, path }: Named, zone: string | undefined, report: Report): RecordEntry {
  const { values } = readFields(opening(recordShape, ['related']), raw, path, report);
  const declared =
    values.related === undefined
      ? []
      : readNamed(values.related, [...path, 'related'], 'related rows', report);
  const names = new Set(declared.map((one) => one.name));
  const scope = readScope(values.scope, [...path, 'scope'], report);
  const related = declared.map((one) => readRelated(one, scope, report));
  const whole = related.filter((one) => one !== undefined);
  const own = values['datetimes in'];
  const datetimesIn = own === undefined ? zone : readZone(own, [...path, 'datetimes in'], report);
  const subjects =
    values.subject === undefined
      ? undefined
      : readSubjects(values.subject, [...path, 'subject'], names, report);
  const key = values.key === undefined ? undefined : readKey(values.key, [...path, 'key'], report);
  const entry = { name, path, related: names, datetimesIn };
  const { table } = values;
  if (
    table === undefined ||
    key === undefined ||
    scope === undefined ||
    subjects === undefined ||
    whole.length < related.length
  ) {
    return { ...entry, type: undefined };
  }
  const type = { name, table, key, scope, subjects, related: whole };
  return { ...entry, type: datetimesIn === undefined ? type : { ...type, datetimesIn } };
}

function knownKind(kind: string, path: Path, kinds: readonly string[] | undefined, report: Report): boolean {
  if (kinds === undefined || kinds.includes(kind)) return true;
  report.add({
    code: 'unknown-kind',
    path,
    message: `There is no connector for "${kind}"`,
    remedy: suggestion(kind, kinds, 'kinds'),
  });
  return false;
}

/** Reads one source with all its record types. */
export function readSource({ name, raw, path }: Named, options: SourceOptions, report: Report): SourceEntry {
  const { values } = readFields(opening(sourceShape, ['records']), raw, path, report);
  const own = values['datetimes in'];
  const zone = own === undefined ? undefined : readZone(own, [...path, 'datetimes in'], report);
  const declared =
    values.records === undefined
      ? []
      : readNamed(values.records, [...path, 'records'], 'record types', report);
  const records = new Map(declared.map((one) => [one.name, readRecord(one, zone, report)]));
  const { kind } = values;
  const known = kind !== undefined && knownKind(kind, [...path, 'kind'], options.kinds, report);
  const connection =
    values.connection === undefined
      ? undefined
      : readConnection(values.connection, [...path, 'connection'], options.resolve, report);
  const types = [...records.values()].map((entry) => entry.type).filter((type) => type !== undefined);
  if (!known || connection === undefined) return { name, records, source: undefined };
  return { name, records, source: { name, kind, connection, records: types } };
}
