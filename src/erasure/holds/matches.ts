/** What a hold is about, as the sources have it now. */
import { NOTHING_ASKED, SourceFailure } from '../../connectors/connector.ts';
import type { Key, Normalisation, RecordType, Source } from '../../policy/policy.ts';
import type { HeldRecord, Hold } from '../../policy/subject.ts';
import { subjectsWithParts } from '../../policy/view.ts';
import type { Engine } from '../engine.ts';
import type { Holding } from './place.ts';

/** How many records of one type a hold protects; `comparable` is false where the type declares none of its identifiers. */
export interface Match {
  readonly source: string;
  readonly record: string;
  readonly comparable: boolean;
  readonly records: number;
  /** The source could not be asked: the hold stands all the same. */
  readonly unreachable?: boolean;
}

/** How many records of each type the subject has now. */
export async function matchesOf(
  { engine, sources }: Pick<Holding, 'engine' | 'sources'>,
  { subjects, sources: only }: Pick<Hold, 'subjects' | 'sources'>,
): Promise<Match[]> {
  const matches: Match[] = [];
  for (const source of sources) {
    if (only?.includes(source.name) === false) continue;
    for (const type of source.records) {
      const record = { ...type, subjects: subjectsWithParts(source.records, type) };
      if (record.subjects.length === 0) continue;
      const shared = subjects.filter(([kind]) => record.subjects.some((declared) => declared.kind === kind));
      const base = { source: source.name, record: record.name, comparable: shared.length > 0 };
      try {
        let records = 0;
        for (const [kind, value] of shared) {
          // A record that has several of the identifiers is counted once for each.
          records += await engine.connector(source.name).find(record, kind, value);
        }
        matches.push({ ...base, records });
      } catch {
        matches.push({ ...base, records: 0, unreachable: true });
      }
    }
  }
  return matches;
}

/** The key of a record as the source writes it; undefined where there is none. */
export async function keyInSource(
  engine: Engine,
  source: string,
  record: RecordType,
  key: Key,
): Promise<Key | 'unreachable' | undefined> {
  const never = new AbortController().signal;
  try {
    const [found] = await engine.connector(source).read({ ...NOTHING_ASKED, source, record }, [key], never);
    return found?.key;
  } catch (error) {
    if (!(error instanceof SourceFailure)) throw error;
    return 'unreachable';
  }
}

/** Whether held records are there now: one may have been erased before its hold stood. */
export async function matchesOfRecords(
  all: readonly Holding[],
  records: readonly HeldRecord[],
): Promise<Match[]> {
  const matches: Match[] = [];
  for (const { controller, source, record, key } of records) {
    const holding = all.find((one) => one.engine.controller.name === controller);
    const types = holding?.sources.find((one) => one.name === source)?.records;
    const type = types?.find((one) => one.name === record);
    if (holding === undefined || type === undefined) continue;
    const found = await keyInSource(holding.engine, source, type, key);
    const base = { source, record, comparable: true };
    if (found === 'unreachable') matches.push({ ...base, records: 0, unreachable: true });
    else matches.push({ ...base, records: found === undefined ? 0 : 1 });
  }
  return matches;
}

/** The ways in which these sources write identifiers of a kind. */
export function waysOf(sources: readonly Source[], kind: string): readonly Normalisation[] {
  const ways = sources
    .flatMap((source) => source.records)
    .flatMap((record) => record.subjects)
    .filter((declared) => declared.kind === kind)
    .map((declared) => declared.normalise);
  return ways.length === 0 ? ['lowercase'] : [...new Set(ways)];
}
