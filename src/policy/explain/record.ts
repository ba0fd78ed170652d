/** What a record is, in sentences: which rows, whose data, and what belongs to it. */
import { fieldName } from '../model/condition.ts';
import type { Match, Pair, RecordType, Related, SubjectIdentifier } from '../policy.ts';
import { isTablePattern } from '../table-name.ts';
import { explainCondition, having } from './condition.ts';

/** One sentence for the record, one for its subject, and one for each kind of related rows. */
export function explainRecord(record: RecordType): string[] {
  const { table, scope, where, parts = [], repeats = false } = record;
  const tables = isTablePattern(table) ? `every table ${table}` : table;
  const fixed = scope.map((one) => `${one.column} is ${String(one.value)}`);
  const limits = [...fixed, ...(where === undefined ? [] : [explainCondition(where)])];
  const about = limits.length === 0 ? '' : ` where ${limits.join(', and ')}`;
  const company = parts.map((part) => `its row of ${part.table} (${part.name})`).join(' and ');
  if (record.files === true)
    return [`A record is ${explainFile(record)}${about}.`, explainSubjects(record.subjects)];
  const rows = repeats
    ? `All rows of ${tables}${about} with one ${record.key.join(' and ')} are a record`
    : `A record is a row of ${tables}${about}`;
  return [
    `${rows}${company === '' ? '' : `, with ${company}`}.`,
    explainSubjects(record.subjects),
    ...record.related.map(explainRelated),
  ];
}

function explainFile({ table, rows }: RecordType): string {
  if (rows === undefined) return `a file whose path fits ${table}`;
  const what = rows.format === 'csv' ? 'CSV' : 'JSON lines';
  return `a row of the ${what} in a file whose path fits ${table}`;
}

function explainSubjects(subjects: readonly SubjectIdentifier[]): string {
  if (subjects.length === 0) return 'It is about nobody.';
  const known = subjects.map((one) => {
    const from = one.related === undefined ? '' : ` of ${one.related}`;
    return `${one.kind} in ${fieldName(one)}${from}`;
  });
  return `It is about the person with that ${known.join(', or ')}.`;
}

function explainRelated(rows: Related): string {
  const { name, table, of, match, orMatch = [], ignoreCase, where, mayBeMissing = false } = rows;
  const ways = [match, ...orMatch].map((one) => explainMatch(one, of)).join(', or ');
  const letters = ignoreCase === true ? ', whatever letters are capitals' : '';
  const there = mayBeMissing ? ', where there is such a table' : '';
  return `${name} are rows of ${table}${there}${having(where)} ${ways}${letters}.`;
}

function explainMatch(match: Match, of: string | undefined): string {
  return `whose ${match.map((pair) => explainPair(pair, of)).join(' and ')}`;
}

function explainPair({ theirs, ours, part, inText }: Pair, of: string | undefined): string {
  const field = fieldName(part === undefined ? { column: ours } : { part, column: ours });
  if (inText !== undefined) return `${theirs} holds “${inText.before}{${field}}${inText.after}”`;
  return `${theirs} is ${of === undefined ? 'its' : 'the'} ${field}${of === undefined ? '' : ` of ${of}`}`;
}
