/** What a file tells of itself, by its name and its modification time, as the contract's `Facts`. */
import type { Condition, Facts, Key, Raw, RecordType, View } from '../../policy/policy.ts';
import { SourceFailure } from '../connector.ts';
import type { Meaning } from '../connector.ts';
import type { Pattern } from './pattern.ts';
import { fileAt, namesOf } from './walk.ts';
import type { Found } from './walk.ts';

/** What is asked of the files of a folder. */
export interface Asked {
  readonly meaning: Meaning;
  /** The real path of the folder. */
  readonly top: string;
  readonly pattern: Pattern;
  readonly view: View;
}

export interface ReadFile {
  readonly found: Found;
  readonly facts: Facts;
}

type Row = Readonly<Record<string, Raw>>;

/** The columns of a file; undefined where its name can be read in several ways, or is no text. */
function rowOf(pattern: Pattern, { names, stats }: Found): Row | undefined {
  const own = pattern.read(names);
  if (stats === undefined || own === undefined || own === 'ambiguous') return undefined;
  return {
    ...own,
    path: names.join('/'),
    name: names.at(-1) ?? null,
    size: String(stats.size),
    modified: instant(stats.mtimeNs),
  };
}

/** Rounded up to the millisecond, so that no start is read too early; null for what no calendar holds. */
function instant(nanoseconds: bigint): Raw {
  const moment = new Date(Number((nanoseconds + 999_999n) / 1_000_000n));
  return Number.isNaN(moment.getTime()) ? null : moment.toISOString();
}

/** Whether the file is a record of the type. One that cannot be read is: it is kept and reported. */
export function isRecord(meaning: Meaning, pattern: Pattern, record: RecordType, found: Found): boolean {
  const row = rowOf(pattern, found);
  return row === undefined || record.where === undefined || meaning.holds(record.where, row);
}

/** Whether the policy is about the file, or nobody can say; `erasing`: and none of its exemptions. */
export function isMeant(
  meaning: Meaning,
  pattern: Pattern,
  { where, exempt }: View,
  found: Found,
  erasing?: 'erasing',
): boolean {
  const row = rowOf(pattern, found);
  if (row === undefined) return erasing === undefined;
  const holds = (one: Condition): boolean => meaning.holds(one, row);
  return holds(where) && (erasing === undefined || !exempt.some(holds));
}

/** Everything the view asks about one file. */
export function factsOf(meaning: Meaning, pattern: Pattern, view: View, found: Found): Facts {
  const row = rowOf(pattern, found);
  const key = [found.names.join('/')];
  const done = view.stages.map(() => false);
  const { record, starts, conditions } = view;
  if (row === undefined) {
    const [nothing, unmet] = [starts.map(() => null), conditions.map(() => false)];
    return { key, starts: nothing, truths: unmet, subjects: record.subjects.map(() => null), done, unreadable: ['path'] }; // prettier-ignore
  }
  const value = (column: string): Raw => {
    const there = row[column];
    if (there === undefined) throw new SourceFailure('fatal', 'UNKNOWN_COLUMN');
    return there;
  };
  return {
    key,
    starts: starts.map((start) => value(start.column)),
    truths: conditions.map((condition) => meaning.holds(condition, row)),
    subjects: record.subjects.map((subject) => value(subject.column)),
    done,
  };
}

/** The file with this key as it is now; undefined where there is no such record. */
export async function readFile(asked: Asked, [path = '']: Key): Promise<ReadFile | undefined> {
  const { meaning, top, pattern, view } = asked;
  const names = namesOf(path);
  if (names === undefined || pattern.read(names) === undefined) return undefined;
  const stats = await fileAt(top, names);
  if (stats === undefined) return undefined;
  const found = { names, stats };
  if (!isRecord(meaning, pattern, view.record, found)) return undefined;
  return { found, facts: factsOf(meaning, pattern, view, found) };
}
