/** Holds policies on files against the place: is it there, does the pattern give what is asked for, can it be done. */
import { createHash } from 'node:crypto';
import type { Encoding, Field, Replacements, StartColumn, View, ViewStage } from '../../policy/policy.ts';
import type { CheckReport, Finding } from '../connector.ts';
import { fieldsAsked, fieldsOf } from './item.ts';
import { patternOf } from './pattern.ts';
import { Folder } from './place/folder.ts';
import type { Place } from './place/place.ts';
import { RowFile } from './rows/open.ts';
import type { Wanted } from './rows/open.ts';

type Path = Finding['path'];

/** All that is wrong, at once. */
export async function checkFiles(
  source: string,
  place: Place,
  views: readonly View[],
  signal: AbortSignal,
): Promise<CheckReport> {
  const findings = new Findings(await place.check(source));
  const isThere = findings.list.length === 0;
  const encodings = new Map<View, readonly (Encoding | undefined)[]>();
  for (const view of views) {
    const found = isThere ? await firstFile(place, view, signal) : undefined;
    if (isThere && found === undefined)
      findings.add('warning', 'no-files', ofRecord(view, 'files'), `No file fits ${view.record.table}`, 'Correct the pattern, unless there are to be none yet. Links are not followed.'); // prettier-ignore
    const columns = found === undefined ? undefined : await columnsIn(place, view, found);
    encodings.set(view, new ViewCheck(view, columns, findings).run(place));
  }
  const tables = [...new Set(views.map((view) => view.record.table))].sort();
  const catalogue = createHash('sha256').update(tables.join('\0')).digest('hex');
  return { findings: findings.list, encodings, catalogue };
}

/** How many rows of a file are looked at to tell whether a name is ever used. */
const SAMPLE = 1000;

/** Members that no row has: a condition on a name that somebody has misspelt is never met, and says nothing. */
export async function adviseFiles(
  place: Place,
  views: readonly View[],
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const findings = new Findings([]);
  for (const view of views) {
    const { rows, table, name } = view.record;
    const found = rows?.format === 'ndjson' ? await firstFile(place, view, signal) : undefined;
    if (rows === undefined || found === undefined || !(place instanceof Folder)) continue;
    const wanted = { top: await place.top(), pattern: patternOf(table), rows, fields: [] };
    const fields = fieldsAsked(view).filter((one) => one.part === undefined);
    for (const field of await unseenIn(wanted, found, fields, signal)) {
      const member = [field.column, ...(field.path ?? [])].join('/');
      const message = `None of the first ${String(SAMPLE)} rows of the first file of "${name}" has a value in "${member}"`;
      findings.add('warning', 'unseen-column', ['policies', view.policy], message, 'Correct the name, unless few rows have it.'); // prettier-ignore
    }
  }
  return findings.list;
}

async function unseenIn(
  wanted: Wanted,
  names: readonly string[],
  fields: readonly Field[],
  signal: AbortSignal,
): Promise<readonly Field[]> {
  const file = await RowFile.open(wanted, names);
  let unseen = fields;
  let looked = 0;
  try {
    for await (const items of file?.items(signal) ?? []) {
      const readable = items.slice(0, SAMPLE - looked).filter((item) => item.unreadable === undefined);
      unseen = unseen.filter((field) => readable.every((item) => (item.valueOf(field) ?? null) === null));
      looked += items.length;
      if (looked >= SAMPLE || unseen.length === 0) break;
    }
    return looked === 0 ? [] : unseen;
  } finally {
    await file?.close();
  }
}

async function firstFile(
  place: Place,
  { record }: View,
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  for await (const { names, state } of place.walk(patternOf(record.table), [], signal))
    if (state !== undefined) return names;
  return undefined;
}

/** The columns that rows of CSV have in this file; undefined where they cannot be told. */
async function columnsIn(
  place: Place,
  { record: { rows, table } }: View,
  names: readonly string[],
): Promise<readonly string[] | undefined> {
  if (rows?.format !== 'csv' || !(place instanceof Folder)) return undefined;
  const wanted = { top: await place.top(), pattern: patternOf(table), rows, fields: [] };
  const file = await RowFile.open(wanted, names);
  try {
    return await file?.columns();
  } finally {
    await file?.close();
  }
}

class Findings {
  readonly list: Finding[];

  constructor(first: readonly Finding[]) {
    this.list = [...first];
  }

  /** What several views share is said once. */
  add(severity: Finding['severity'], code: string, path: Path, message: string, remedy: string): void {
    if (this.list.some((one) => one.message === message && one.code === code)) return;
    this.list.push({ severity, code, path, message, remedy });
  }
}

function ofRecord(view: View, ...rest: Path): Path {
  return ['sources', view.source, 'records', view.record.name, ...rest];
}

class ViewCheck {
  readonly #view: View;
  /** Of the row; undefined where any may stand there. */
  readonly #columns: readonly string[] | undefined;
  readonly #findings: Findings;
  readonly #ofFile: readonly string[];

  constructor(view: View, columns: readonly string[] | undefined, findings: Findings) {
    this.#view = view;
    this.#columns = columns;
    this.#findings = findings;
    this.#ofFile = patternOf(view.record.table).columns;
  }

  /** The encodings of the view's starts. */
  run(place: Place): readonly (Encoding | undefined)[] {
    const { record, stages, conditions, where, exempt, starts } = this.#view;
    if (record.rows !== undefined && !(place instanceof Folder))
      this.#error('rows-in-bucket', ofRecord(this.#view, 'rows'), 'Rows inside the objects of a bucket cannot be records', 'Leave out `rows`: then the objects themselves are. Or name a folder.'); // prettier-ignore
    for (const subject of record.subjects)
      this.#known(subject, ofRecord(this.#view, 'subject', subject.kind));
    for (const field of record.where === undefined ? [] : fieldsOf(record.where))
      this.#known(field, ofRecord(this.#view, 'where'));
    for (const field of [where, ...exempt, ...conditions].flatMap(fieldsOf)) this.#known(field, this.#path());
    for (const stage of stages) this.#stage(stage);
    return starts.map((start) => {
      const path = this.#path('start');
      if (start.timeColumn !== undefined) this.#time(start, path);
      return this.#known(start, path) ? this.#encoding(start, path) : undefined;
    });
  }

  #path(...rest: Path): Path {
    return ['policies', this.#view.policy, ...rest];
  }

  #error(code: string, path: Path, message: string, remedy: string): void {
    this.#findings.add('error', code, path, message, remedy);
  }

  /** Whether there is such a column: of the file, or of its rows. */
  #known({ part, column, path: inside }: Field, path: Path): boolean {
    const { table, rows } = this.#view.record;
    const ofRow = rows !== undefined && part === undefined;
    const columns = ofRow ? this.#columns : this.#ofFile;
    // A member of JSON may be missing in any row.
    const mayLieInside = ofRow && rows.format === 'ndjson';
    if ((columns?.includes(column) ?? true) && (inside === undefined || mayLieInside)) return true;
    const things = ofRow ? 'Rows of files' : 'Files';
    this.#error('unknown-column', path, `${things} that fit ${table} have no "${[column, ...(inside ?? [])].join('/')}"`, columns === undefined ? 'The cells of CSV are text, with nothing inside.' : `They have: ${columns.join(', ')}.`); // prettier-ignore
    return false;
  }

  #stage({ action, files, when, at = [] }: ViewStage): void {
    const { rows } = this.#view.record;
    for (const field of when === undefined ? [] : fieldsOf(when)) this.#known(field, this.#path());
    const path = this.#path(...at);
    if (files !== undefined || (rows === undefined && action.kind !== 'delete')) {
      this.#error('delete-only', path, 'Files can be deleted, and nothing else', 'Write action: delete.');
    } else if (action.kind === 'anonymise') {
      for (const one of action.set) this.#replacement(one, path);
    }
  }

  #replacement({ with: by, ...field }: Replacements[number], path: Path): void {
    if (field.part !== undefined) {
      this.#error('delete-only', path, 'What a file is called, and when it was written, cannot be overwritten', 'Name columns of the row.'); // prettier-ignore
    } else if (this.#known(field, path) && usesKey(by)) {
      this.#error('no-key', path, `"${field.column}" cannot hold {key}: the key of a row is made of all its bytes, these included`, 'Write a constant, or `keep domain` without {key}.'); // prettier-ignore
    }
  }

  #time(start: StartColumn, path: Path): void {
    const ofRow = this.#view.record.rows !== undefined && start.part === undefined;
    if (ofRow) this.#known({ column: start.timeColumn ?? '' }, path);
    else this.#error('start-time', path, 'The name of a file holds no time of day in a column of its own', 'Leave out `time:`.'); // prettier-ignore
  }

  #encoding(start: StartColumn, path: Path): Encoding | undefined {
    const ofRow = this.#view.record.rows !== undefined && start.part === undefined;
    // Nobody can declare these otherwise: they are ours.
    if (!ofRow && start.column === 'modified') return { kind: 'instant' };
    if (!ofRow && start.column === 'date') return { kind: 'date' };
    if (ofRow && start.whenNull === undefined)
      this.#error('start-null', path, `A row can be without "${start.column}", and the file does not say what that means`, 'Write `null: not yet` (the period has not begun) or `null: unknown`.'); // prettier-ignore
    if (start.encoding !== undefined) return start.encoding;
    if (ofRow)
      this.#error('start-type', path, `Nothing says how "${start.column}" is written in the rows`, 'Write `as:` beside the column.'); // prettier-ignore
    else
      this.#error('start-type', path, `Nothing says how "${start.column}" is written in the names of files`, 'Write {yyyy}, {mm} and {dd} in the pattern and start: date, or `as:` beside the column.'); // prettier-ignore
    return undefined;
  }
}

function usesKey(by: Replacements[number]['with']): boolean {
  return by.kind === 'placeholder' || (by.kind === 'keep domain' && by.local.includes('{key}'));
}
