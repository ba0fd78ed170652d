/** The files that rows of a batch name: found before the rows are changed, removed when nothing can go wrong any more. */
import { text } from '../../../database.ts';
import type { Connection } from '../../../database.ts';
import type { Files, Piece } from '../../../policy/policy.ts';
import type { DependentCount, FileCount } from '../../connector.ts';
import { SourceFailure } from '../../connector.ts';
import { FileTrouble } from '../../files/root.ts';
import type { FileOutcome, FileRoot, OpenRoot } from '../../files/root.ts';
import type { Question } from '../compile/facts.ts';
import { refTo } from '../compile/place.ts';
import type { Context } from '../compile/place.ts';
import { oneOf } from '../compile/values.ts';
import { readable } from '../dialect.ts';
import type { NamedFiles } from '../erase/work.ts';
import type { Sql } from '../sql.ts';
import { FALSE, join, sql } from '../sql.ts';

export interface FoundFiles {
  /** As in `BatchResult.dependents`. */
  readonly name: string;
  readonly root: string;
  readonly paths: readonly string[];
  readonly shared: number;
}

/** The files that go with the rows that `whereOf` names, each with its dependent; without them: with the records. */
export async function findFiles(
  connection: Connection,
  context: Context,
  files: readonly NamedFiles[],
  whereOf: (of: NamedFiles['of']) => Sql,
): Promise<readonly FoundFiles[]> {
  const all: FoundFiles[] = [];
  for (const one of files) all.push(await filesOf(connection, context, one, whereOf(one.of)));
  return all;
}

/** The files that these rows name, without those that other rows of the table name too. */
async function filesOf(
  connection: Connection,
  context: Context,
  { of, place, files }: NamedFiles,
  where: Sql,
): Promise<FoundFiles> {
  const fields = files.path.filter((piece) => typeof piece !== 'string');
  const refs = fields.map((field) => refTo(context, place, field));
  const cells = join(refs.map((ref) => readable(context.dialect, ref)), ', '); // prettier-ignore
  const ask = async (condition: Sql): Promise<readonly (readonly (string | null)[])[]> => {
    if (condition === FALSE) return [];
    const { rows } = await connection.query(sql`SELECT ${cells} FROM ${place.from} WHERE ${condition}`);
    return rows.map((row) => row.map(text));
  };
  const own = counted(files, await ask(where));
  const values = [...own.values()].map((one) => one.values);
  const all = values.length === 0 ? own : counted(files, await ask(oneOf(context.dialect, refs, values)));
  const shared = [...own].filter(([path, one]) => (all.get(path)?.rows ?? 0) > one.rows);
  const paths = [...own.keys()].filter((path) => !shared.some(([one]) => one === path));
  return { name: of?.dependent.related ?? '', root: files.root, paths, shared: shared.length };
}

interface Named {
  readonly values: readonly string[];
  readonly rows: number;
}

/** Each path with how many rows name it. */
function counted(files: Files, rows: readonly (readonly (string | null)[])[]): ReadonlyMap<string, Named> {
  const found = new Map<string, Named>();
  for (const row of rows) {
    const values = row.filter((cell): cell is string => cell !== null && cell !== '');
    if (values.length < row.length) continue;
    const path = pathOf(files, values);
    if (path === undefined) continue;
    found.set(path, { values, rows: (found.get(path)?.rows ?? 0) + 1 });
  }
  return found;
}

/** Undefined where a value is too short to have the characters that the path asks for. */
function pathOf({ path }: Files, values: readonly string[]): string | undefined {
  let at = 0;
  const pieces = path.map((piece) => (typeof piece === 'string' ? piece : some(piece, values[at++] ?? '')));
  return pieces.includes('') ? undefined : pieces.join('');
}

function some({ characters }: Piece, text: string): string {
  if (characters === undefined) return text;
  const [first, last] = characters;
  return Array.from(text)
    .slice(first - 1, last)
    .join('');
}

/** Files removed at a time. */
const TOGETHER = 16;

/** Of a dependent that nothing has been done about. */
export const NOTHING: DependentCount = { deleted: 0, anonymised: 0, detached: 0, kept: 0 };

/**
 * Removes them, directly before the commit (see files/root.ts), and counts them.
 * @throws SourceFailure where a file is there and stays, so that its row stays too.
 */
export async function removeFiles(
  { connection, question, openRoot }: Removing,
  files: readonly FoundFiles[],
  counts: Map<string, DependentCount>,
): Promise<void> {
  if (files.every((one) => one.paths.length + one.shared === 0)) return;
  // What waits for the commit to object, objects now.
  if (question.context.dialect === 'postgres') await connection.query('SET CONSTRAINTS ALL IMMEDIATE');
  for (const one of files) {
    const before = counts.get(one.name) ?? NOTHING;
    const removed = await removeFrom(connection, openRoot(one.root), one);
    counts.set(one.name, { ...before, files: sum(before.files, removed) });
  }
}

export interface Removing {
  readonly connection: Connection;
  readonly question: Question;
  readonly openRoot: OpenRoot;
}

async function removeFrom(
  connection: Connection,
  root: FileRoot,
  { paths, shared }: FoundFiles,
): Promise<FileCount> {
  try {
    const outcomes: FileOutcome[] = [];
    for (let at = 0; at < paths.length; at += TOGETHER) {
      // Who has lost the connection while he slept has lost the lock with it: another may have looked, and settled.
      if (at > 0) await connection.query('SELECT 1');
      outcomes.push(...(await root.remove(paths.slice(at, at + TOGETHER))));
    }
    const removed = outcomes.filter((one) => one === 'removed').length;
    const missing = outcomes.filter((one) => one === 'missing').length;
    return { removed, missing, shared, refused: outcomes.length - removed - missing };
  } catch (error) {
    if (!(error instanceof FileTrouble)) throw error;
    throw new SourceFailure(error.code === 'ROOT_MISSING' ? 'fatal' : 'data', `FILE_${error.code}`);
  }
}

function sum(one: FileCount | undefined, other: FileCount): FileCount {
  return {
    removed: (one?.removed ?? 0) + other.removed,
    missing: (one?.missing ?? 0) + other.missing,
    shared: (one?.shared ?? 0) + other.shared,
    refused: (one?.refused ?? 0) + other.refused,
  };
}
