/** Sources. */
import type { NotCovered, Source } from '../../policy.ts';
import type { Path } from '../position.ts';
import { suggestion } from '../report.ts';
import type { Report } from '../report.ts';
import { sourceShape } from '../schema/source.ts';
import { opening, readFields, readNamed } from '../shape.ts';
import type { Named } from '../shape.ts';
import { readZone } from './controller.ts';
import { readFileRecord } from './record/files.ts';
import { readRecord } from './record/record.ts';
import type { RecordEntry } from './record/record.ts';
import { readLimits } from './limits.ts';
import { readConnection } from './reference.ts';
import type { Resolve } from './reference.ts';

export type { RecordEntry } from './record/record.ts';

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

/** `table: why`, or `table.column: why`. */
function readNotCovered(raw: Readonly<Record<string, string>> | undefined): readonly NotCovered[] {
  return Object.entries(raw ?? {}).map(([text, reason]) => {
    const [, table, column] = /^(.+)\.([^.]+)$/s.exec(text) ?? [];
    return table === undefined || column === undefined ? { table: text, reason } : { table, column, reason };
  });
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
  const { kind } = values;
  const read = kind === 'files' ? readFileRecord : readRecord;
  const records = new Map(declared.map((one) => [one.name, read(one, zone, report)]));
  const known = kind !== undefined && knownKind(kind, [...path, 'kind'], options.kinds, report);
  const connection =
    values.connection === undefined
      ? undefined
      : readConnection(values.connection, [...path, 'connection'], options.resolve, report);
  const types = [...records.values()].map((entry) => entry.type).filter((type) => type !== undefined);
  if (!known || connection === undefined) return { name, records, source: undefined };
  const notCovered = readNotCovered(values['not covered']);
  const limits = values['pause above'];
  const recordsPerSecond = values['records per second'];
  const source = {
    name,
    kind,
    connection,
    records: types,
    ...(notCovered.length === 0 ? {} : { notCovered }),
    ...(limits === undefined
      ? {}
      : { limits: readLimits(limits, [...path, 'pause above'], options.resolve, report) }),
    ...(recordsPerSecond === undefined ? {} : { recordsPerSecond }),
  };
  return { name, records, source };
}
