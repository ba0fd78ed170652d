/** Holds policies on files against the folder: is it there, may files go from it, does the pattern give what is asked for. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import type { Condition, Encoding, Field, StartColumn, View } from '../../policy/policy.ts';
import type { CheckReport, ConnectorContext, Finding } from '../connector.ts';
import { patternOf } from './pattern.ts';
import type { Pattern } from './pattern.ts';
import { codeOf } from './root.ts';

/** The absolute folder of a connection `file:/…`, never `/` itself; undefined for anything else. */
export function folderOf(connection: string): string | undefined {
  const folder = /^file:(?:\/\/)?(\/[^/\0][^\0]*)$/.exec(connection)?.[1];
  return folder === undefined || folder.split('/').includes('..') ? undefined : folder;
}

/** All that is wrong, at once. `finds` tells whether a pattern fits any file. */
export async function checkFiles(
  { source, connection }: ConnectorContext,
  views: readonly View[],
  finds: (pattern: Pattern) => Promise<boolean>,
): Promise<CheckReport> {
  const findings = await checkFolder(source, connection);
  const isThere = findings.length === 0;
  const encodings = new Map(views.map((view) => [view, checkView(view, findings)]));
  const patterns = new Map(views.map((view) => [view.record.table, view]));
  for (const [text, view] of isThere ? patterns : []) {
    if (await finds(patternOf(text))) continue;
    const message = `No file fits ${text}`;
    const remedy = 'Correct the pattern, unless there are to be none yet. Links are not followed.';
    add(findings, { severity: 'warning', code: 'no-files', path: ofRecord(view, 'files'), message, remedy });
  }
  const catalogue = createHash('sha256')
    .update([...patterns.keys()].sort().join('\0'))
    .digest('hex');
  return { findings, encodings, catalogue };
}

async function checkFolder(source: string, connection: string): Promise<Finding[]> {
  const path = ['sources', source, 'connection'];
  const error = (code: string, message: string, remedy: string): Finding[] => {
    return [{ severity: 'error', code, path, message, remedy }];
  };
  const folder = folderOf(connection);
  if (folder === undefined)
    return error('no-folder', 'The connection names no folder', 'Write file: and an absolute path, e.g. file:/srv/exports.'); // prettier-ignore
  try {
    if (!(await stat(folder)).isDirectory())
      return error(
        'no-folder',
        'The connection names no folder',
        'Name the folder that the files lie below.',
      );
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return [];
  } catch (reason) {
    return error(
      'folder-out-of-reach',
      `The folder of ${source} cannot be used (${codeOf(reason)})`,
      'It must be there, and frist must be allowed to read it and to remove files from it.',
    );
  }
}

const ofRecord = (view: View, ...rest: Finding['path']): Finding['path'] => [
  'sources', view.source, 'records', view.record.name, ...rest,
]; // prettier-ignore

/** What several views share is said once. */
function add(findings: Finding[], finding: Finding): void {
  if (!findings.some((one) => one.message === finding.message && one.code === finding.code))
    findings.push(finding);
}

/** The encodings of the view's starts. */
function checkView(view: View, findings: Finding[]): readonly (Encoding | undefined)[] {
  const { record, stages, conditions, where, exempt, starts } = view;
  const { columns } = patternOf(record.table);
  const ofPolicy = ['policies', view.policy];
  const known = ({ column, path: inside }: Field, path: Finding['path']): boolean => {
    if (columns.includes(column) && inside === undefined) return true;
    const message = `Files that fit ${record.table} have no "${column}"`;
    const remedy = `They have: ${columns.join(', ')}.`;
    add(findings, { severity: 'error', code: 'unknown-column', path, message, remedy });
    return false;
  };
  for (const subject of record.subjects) known(subject, ofRecord(view, 'subject', subject.kind));
  for (const field of record.where === undefined ? [] : fieldsOf(record.where))
    known(field, ofRecord(view, 'where'));
  for (const field of [where, ...exempt, ...conditions].flatMap(fieldsOf)) known(field, ofPolicy);
  if (stages.some(({ action, files }) => action.kind !== 'delete' || files !== undefined)) {
    const message = 'Files can be deleted, and nothing else';
    add(findings, { severity: 'error', code: 'delete-only', path: ofPolicy, message, remedy: 'Write action: delete.' }); // prettier-ignore
  }
  return starts.map((start) =>
    known(start, [...ofPolicy, 'start']) ? encodingOf(start, view, findings) : undefined,
  );
}

function encodingOf(start: StartColumn, view: View, findings: Finding[]): Encoding | undefined {
  const path = ['policies', view.policy, 'start'];
  if (start.timeColumn !== undefined) {
    const message = 'The name of a file holds no time of day in a column of its own';
    add(findings, { severity: 'error', code: 'start-time', path, message, remedy: 'Leave out `time:`.' });
  }
  // Nobody can declare these otherwise: they are ours.
  if (start.column === 'modified') return { kind: 'instant' };
  if (start.column === 'date') return { kind: 'date' };
  if (start.encoding !== undefined) return start.encoding;
  const message = `Nothing says how "${start.column}" is written in the names of files`;
  const remedy = 'Write {yyyy}, {mm} and {dd} in the pattern and start: date, or `as:` beside the column.';
  add(findings, { severity: 'error', code: 'start-type', path, message, remedy });
  return undefined;
}

/** The columns that a condition asks for. A file has nothing else that could be asked. */
function fieldsOf(condition: Condition): readonly Field[] {
  if (condition.kind === 'all' || condition.kind === 'any') return condition.of.flatMap(fieldsOf);
  if (condition.kind === 'not') return fieldsOf(condition.of);
  return 'column' in condition ? [condition] : [];
}
