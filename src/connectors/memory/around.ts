/** The rows around a record in memory: its parts, and the rows that belong to it. */
import type { Surroundings } from '../../policy/condition.ts';
import type { Condition, Match, Pair, Part, RecordType, Related } from '../../policy/policy.ts';
import { SourceFailure } from '../connector.ts';
import { inScope, relationOf, tableOf } from './database.ts';
import type { MemoryDatabase, MemoryRow } from './database.ts';

/** What stands around the records of a type, for the policy's own evaluator. */
export function aroundOf(database: MemoryDatabase, record: RecordType): Surroundings {
  return {
    related: (name, row, within) => relatedRows(database, record, name, row as MemoryRow, within),
    part: (name, row) => partOf(database, record, name, row as MemoryRow),
    selected: () => {
      throw new SourceFailure('fatal', 'NO_SELECTIONS');
    },
  };
}

/** Whether the row is a record of the type: its scope, and its own `where`. */
export function isRecord(database: MemoryDatabase, record: RecordType, row: MemoryRow): boolean {
  if (!inScope(record.scope, row)) return false;
  return record.where === undefined || meets(database, record, record.where, row);
}

/** Whether a record of this type, or one of its related rows of the name `within`, meets the condition. */
export function meets(
  database: MemoryDatabase,
  record: RecordType,
  condition: Condition,
  row: MemoryRow,
  within?: string,
): boolean {
  return database.meaning.holds(condition, row, aroundOf(database, record), within);
}

/** Rows of this name that belong to the record `row`, or with `within` to this related row. NULL belongs to nothing. */
export function relatedRows(
  database: MemoryDatabase,
  record: RecordType,
  name: string,
  row: MemoryRow,
  within?: string,
): MemoryRow[] {
  const relation = relationOf(record.related, name);
  const all = belonging(database, record, relation, row, within);
  return all.filter((theirs) => meets(database, record, relation.where, theirs, name));
}

/** The same without the relation's own `where`. */
export function belonging(
  database: MemoryDatabase,
  record: RecordType,
  relation: Related,
  row: MemoryRow,
  within?: string,
): MemoryRow[] {
  const ours = ownersOf(database, record, relation, row, within);
  const matches = [relation.match, ...(relation.orMatch ?? [])];
  const belongs = (theirs: MemoryRow, our: MemoryRow): boolean =>
    matches.some((match) => isMatch(database, record, match, theirs, our, relation.ignoreCase === true));
  return [...tableOf(database, relation.table).rows.values()].filter(
    (theirs) => inScope(relation.scope, theirs) && ours.some((our) => belongs(theirs, our)),
  );
}

function ownersOf(
  database: MemoryDatabase,
  record: RecordType,
  relation: Related,
  row: MemoryRow,
  within: string | undefined,
): readonly MemoryRow[] {
  if (relation.of === within) return [row];
  if (relation.of === undefined) throw new SourceFailure('fatal', 'NESTED_RELATED');
  return relatedRows(database, record, relation.of, row, within);
}

export function isMatch(
  database: MemoryDatabase,
  record: RecordType,
  match: Match,
  theirs: MemoryRow,
  ours: MemoryRow,
  ignoreCase: boolean,
): boolean {
  return match.every((pair) => {
    const from = pair.part === undefined ? ours : partOf(database, record, pair.part, ours);
    const our = from?.[pair.ours] ?? null;
    const their = theirs[pair.theirs] ?? null;
    if (our === null || their === null) return false;
    if (pair.inText !== undefined) return holdsValue(their, our, pair.inText);
    return ignoreCase ? our.toLowerCase() === their.toLowerCase() : our === their;
  });
}

/** Directly beside the value stands no letter or digit of ASCII, no `_`, no `-`, and nothing beyond ASCII. */
function holdsValue(text: string, value: string, { before, after }: NonNullable<Pair['inText']>): boolean {
  const piece = `${before}${value}${after}`;
  const free = (beside: string | undefined): boolean =>
    beside === undefined || (beside <= '\x7f' && !/[\w-]/.test(beside));
  if (value === '') return false;
  for (let at = text.indexOf(piece); at >= 0; at = text.indexOf(piece, at + 1))
    if (free(text[at - 1]) && free(text[at + piece.length])) return true;
  return false;
}

export function partOf(
  database: MemoryDatabase,
  record: RecordType,
  name: string,
  row: MemoryRow,
): MemoryRow | undefined {
  const part = record.parts?.find((one): one is Part => one.name === name);
  if (part === undefined) throw new SourceFailure('fatal', 'UNKNOWN_PART');
  return [...tableOf(database, part.table).rows.values()].find(
    (theirs) => inScope(part.scope, theirs) && isMatch(database, record, part.match, theirs, row, false),
  );
}
