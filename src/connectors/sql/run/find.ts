/** Counting the records of one person, by an identifier in any spelling that its normalisation makes equal. */
import type { Facts, Normalisation } from '../../../policy/policy.ts';
import type { Question } from '../compile/facts.ts';
import { Scan } from './scan.ts';
import type { Reader } from './scan.ts';

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
  const isMeant = ({ subjects }: Facts): boolean =>
    question.view.record.subjects.some(
      (one, i) => wanted[i] !== '' && spelling(subjects[i] ?? '', one.normalise) === wanted[i],
    );
  let found = 0;
  for await (const { facts } of new Scan(question, undefined, PAGE, read).pages(NEVER, undefined))
    found += facts.filter((one) => isMeant(one) || one.also?.some(isMeant) === true).length;
  return found;
}

const NEVER = new AbortController().signal;
