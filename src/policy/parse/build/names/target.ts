/** Which records `source.record` names, and what can be spoken of there. */
import type { Path } from '../../position.ts';
import { suggestion } from '../../report.ts';
import type { Report } from '../../report.ts';
import type { RecordEntry, SourceEntry } from '../source.ts';
import type { ElsewhereScene, Scene } from '../start.ts';
import { ANYTHING } from './sight.ts';

export interface Target {
  readonly source: SourceEntry;
  readonly records: readonly RecordEntry[];
  readonly specific: boolean;
}

/** What `source.record` means; undefined, and reported, where there is no such thing. */
export function readTarget(
  text: string,
  path: Path,
  sources: ReadonlyMap<string, SourceEntry>,
  report: Report,
): Target | undefined {
  // Where there are no sources or records at all, that is what is wrong, and it is already reported.
  if (sources.size === 0) return undefined;
  const [, sourceName, recordName] = /^([^.]+)\.(.+)$/s.exec(text) ?? [];
  if (sourceName === undefined || recordName === undefined) {
    const all = [...sources.values()].flatMap((one) =>
      [...one.records.keys()].map((name) => `${one.name}.${name}`),
    );
    report.add({
      code: 'unknown-record',
      path,
      message: `"${text}" names no records`,
      remedy: `Write source.record, or source.* for all records of a source. ${suggestion(text, all, 'records')}`,
    });
    return undefined;
  }
  const source = sources.get(sourceName);
  if (source === undefined) {
    report.add({
      code: 'unknown-source',
      path,
      message: `There is no source "${sourceName}"`,
      remedy: suggestion(sourceName, sources.keys(), 'sources'),
    });
    return undefined;
  }
  if (source.records.size === 0) return undefined;
  if (recordName === '*') return { source, records: [...source.records.values()], specific: false };
  const record = source.records.get(recordName);
  if (record !== undefined) return { source, records: [record], specific: true };
  report.add({
    code: 'unknown-record',
    path,
    message: `Source "${sourceName}" has no records called "${recordName}"`,
    remedy: suggestion(recordName, source.records.keys(), 'records'),
  });
  return undefined;
}

/** What the words of a policy on these records can refer to. */
export function sceneOf(
  { sight, datetimesIn, identifiers, type }: RecordEntry,
  sources: ReadonlyMap<string, SourceEntry>,
  report: Report,
): Scene {
  const elsewhere = (text: string, path: Path): ElsewhereScene | undefined => {
    const target = readTarget(text, path, sources, report);
    const [record] = target?.records ?? [];
    if (target === undefined || record === undefined) return undefined;
    if (target.specific)
      return { ...sceneOf(record, sources, report), source: target.source.name, record: record.name };
    report.add({
      code: 'unknown-record',
      path,
      message: 'It is not said which records are asked for',
      remedy: 'Write source.record.',
    });
    return undefined;
  };
  const related = type?.subjects.filter((one) => one.related !== undefined) ?? [];
  const inRelated = new Set(related.map((one) => one.kind));
  return { sight, datetimesIn, identifiers, inRelated, elsewhere, report };
}

/** Without a target only what needs none can be judged. */
export function nowhere(path: Path): RecordEntry {
  return { name: '', path, sight: ANYTHING, datetimesIn: 'UTC', identifiers: undefined, type: undefined };
}
