/** Record types that are files. */
import type { FileRows, RecordType } from '../../../policy.ts';
import type { Path } from '../../position.ts';
import type { Report } from '../../report.ts';
import { fileRecordShape } from '../../schema/source.ts';
import { readFields } from '../../shape.ts';
import type { Fields, Named } from '../../shape.ts';
import { readCondition } from '../condition.ts';
import { readZone } from '../controller.ts';
import { COLUMNS_ONLY } from '../names/sight.ts';
import type { Sight } from '../names/sight.ts';
import { kindsOf } from './record.ts';
import type { RecordEntry } from './record.ts';
import { readSubjects } from './subject.ts';

const DATE = ['yyyy', 'mm', 'dd'];
/** Columns that every file has, and the one that the parts of a date make. */
const TAKEN = ['path', 'name', 'size', 'modified', 'date'];

/** What is wrong with a pattern, and what to do; undefined where nothing is. */
function faultOf(pattern: string): readonly [message: string, remedy: string] | undefined {
  const steps = pattern.split('/');
  if (/[\\\0]/.test(pattern) || steps.some((step) => step === '' || step === '.' || step === '..'))
    return [
      'A pattern is a path below the folder',
      'Write it without a / at either end, and without . and ..',
    ];
  if (/[{}]/.test(pattern.replaceAll(/\{[a-z][a-z0-9_]*\}/g, '')))
    return [
      'A part of a name is a word in braces',
      'Write {email}, or {customer_id}: small letters, digits and _.',
    ];
  const names = [...pattern.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) return [`{${twice}} stands twice`, 'Give one of them another name.'];
  const taken = names.find((name) => TAKEN.includes(name));
  if (taken !== undefined) return [`Every file has a ${taken} of its own`, 'Give this part another name.'];
  const dated = names.filter((name) => DATE.includes(name)).length;
  if (dated > 0 && dated < DATE.length) return ['Half a date is no date', 'Write {yyyy}, {mm} and {dd}.'];
  if (/\*\*|\}\*|\*\{|\}\{/.test(pattern.replaceAll(/\{(?:yyyy|mm|dd)\}/g, '0')))
    return [
      'Nobody can tell where one part ends and the next begins',
      'Write the text that stands between them.',
    ];
  return undefined;
}

function readPattern(pattern: string, path: Path, report: Report): string | undefined {
  const fault = faultOf(pattern);
  if (fault === undefined) return pattern;
  report.add({ code: 'bad-files', path, message: fault[0], remedy: fault[1] });
  return undefined;
}

/** A row speaks of the file that it stands in as of a part. */
const OF_CSV: Sight = { ...COLUMNS_ONLY, parts: new Set(['file']) };
const SIGHTS: Readonly<Record<FileRows['format'], Sight>> = {
  csv: OF_CSV,
  ndjson: { ...OF_CSV, members: true },
};
const UNTOUCHED_MINUTES = 10;

/** How the rows are written; undefined where the records are whole files. */
function readRows(
  { values, given }: Fields<typeof fileRecordShape>,
  path: Path,
  report: Report,
): FileRows | undefined {
  const { rows: format, separator = ',' } = values;
  const misplaced = (key: string, beside: string): void => {
    if (given.has(key))
      report.add({ code: 'contradiction', path: [...path, key], message: `\`${key}\` stands only beside \`${beside}\``, remedy: 'Remove it.', on: 'key' }); // prettier-ignore
  };
  if (format !== 'csv') misplaced('separator', 'rows: csv');
  if (format !== undefined)
    return { format, separator, untouchedMinutes: values['untouched minutes'] ?? UNTOUCHED_MINUTES };
  if (!given.has('rows')) misplaced('untouched minutes', 'rows');
  return undefined;
}

/** Reads one entry of `records:` of a source of kind `files`. `zone` is that of the source. */
export function readFileRecord(
  { name, raw, path }: Named,
  zone: string | undefined,
  report: Report,
): RecordEntry {
  const fields = readFields(fileRecordShape, raw, path, report);
  const { files, subject, where } = fields.values;
  const own = fields.values['datetimes in'];
  const datetimesIn = own === undefined ? zone : readZone(own, [...path, 'datetimes in'], report);
  const rows = readRows(fields, path, report);
  const sight = rows === undefined ? COLUMNS_ONLY : SIGHTS[rows.format];
  const table = files && readPattern(files, [...path, 'files'], report);
  const subjects = subject && readSubjects(subject, [...path, 'subject'], sight, report);
  const meant = where && readCondition(where, [...path, 'where'], sight, report);
  const type: RecordType | undefined =
    table && subjects && (where === undefined || meant !== undefined)
      ? {
          name,
          table,
          files: true,
          ...(rows === undefined ? {} : { rows }),
          key: rows === undefined ? ['path'] : ['path', 'row'],
          scope: [],
          ...(meant === undefined ? {} : { where: meant }),
          subjects,
          related: [],
          ...(datetimesIn === undefined ? {} : { datetimesIn }),
        }
      : undefined;
  const identifiers = subject === undefined ? undefined : kindsOf(subject);
  return { name, path, sight, datetimesIn, identifiers, type };
}
