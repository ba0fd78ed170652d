/** Counting the records of one person, by an identifier in any spelling that its normalisation makes equal. */
import { text } from '../../../database.ts';
import type { Normalisation, Raw } from '../../../policy/policy.ts';
import type { Question } from '../compile/facts.ts';
import { after } from '../compile/values.ts';
import { TRUE, and, join, sql } from '../sql.ts';
import type { Reader } from './scan.ts';
import { raw } from '../sql.ts';

const PAGE = 5000;

/** The same rule as `normalise` of policy/subject.ts, which a connector may not call; a test holds the two together. */
export function spelling(value: string, how: Normalisation): string {
  if (how === 'digits') return value.replace(/[\s\-()+./]/g, '');
  const trimmed = value.trim();
  return how === 'lowercase' ? trimmed.normalize('NFC').toLowerCase() : trimmed;
}

/** Goes through all records, because no database folds letters as the policy does. `question` asks for subjects only. */
export async function countSubjects(
  question: Question,
  kind: string,
  value: string,
  read: Reader,
): Promise<number> {
  const wanted = question.view.record.subjects.map((one) =>
    one.kind === kind ? spelling(value, one.normalise) : '',
  );
  if (wanted.every((one) => one === '')) return 0;
  const isMeant = (subjects: readonly Raw[]): boolean =>
    question.view.record.subjects.some(
      (one, i) => wanted[i] !== '' && spelling(subjects[i] ?? '', one.normalise) === wanted[i],
    );
  const { byKey, scope, select, keys, context, decode } = question;
  let found = 0;
  let behind = TRUE;
  for (;;) {
    const order = join(keys.map((key) => key.text), ', '); // prettier-ignore
    const rows = await read(
      sql`SELECT ${select} FROM ${byKey} WHERE ${and(scope, behind)} ORDER BY ${order} LIMIT ${raw(String(PAGE))}`,
    );
    for (const row of rows) if (isMeant(decode(row)?.subjects ?? [])) found += 1;
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE) return found;
    behind = after(context.dialect, keys, keys.map((_, i) => text(last[i]) ?? '')); // prettier-ignore
  }
}
