/**
 * Related rows whose table may be missing (`if missing: no rows`) can only be dependents. A starting point, a condition
 * or an owner that a missing table takes away would erase records that it kept: and a table is missing too where nobody
 * allowed frist to see it.
 */
import type { RecordType } from '../../policy.ts';
import type { PolicyEntry } from '../build/policy.ts';
import type { RecordEntry } from '../build/record/record.ts';
import type { Report } from '../report.ts';

export function checkMissing(
  records: readonly RecordEntry[],
  policies: readonly PolicyEntry[],
  report: Report,
): void {
  for (const { type, path } of records) {
    if (type === undefined) continue;
    const own = { ...type, related: type.related.map((one) => one.where) };
    const about = policies.filter((one) => one.record.type === type || asksElsewhere(one.policy, type.name));
    for (const name of mayBeMissing(type)) {
      const uses = [own, ...about.map((one) => one.policy)].some((one) => asksAbout(one, name));
      if (!uses) continue;
      report.add({
        code: 'contradiction',
        path: [...path, 'related', name],
        message: `"${name}" may be missing, and something rests on them`,
        remedy: 'Use such rows as dependents only, or leave `if missing` out.',
        on: 'key',
      });
    }
  }
}

/** Those that may be missing, and those that are `of` them. */
function mayBeMissing({ related }: RecordType): readonly string[] {
  const found = new Set(related.filter((one) => one.mayBeMissing === true).map((one) => one.name));
  for (let before = -1; before < found.size;) {
    before = found.size;
    for (const one of related) if (one.of !== undefined && found.has(one.of)) found.add(one.name);
  }
  return [...found];
}

/** Whether a policy on other records asks records of this name. */
function asksElsewhere(part: unknown, record: string): boolean {
  if (typeof part !== 'object' || part === null) return false;
  const { by, record: asked } = part as Readonly<Record<string, unknown>>;
  return (
    (typeof by === 'string' && asked === record) ||
    Object.values(part).some((one) => asksElsewhere(one, record))
  );
}

/** Whether a starting point, a condition, a subject or `unless owned` names these rows, however deep it stands. */
function asksAbout(part: unknown, name: string): boolean {
  if (typeof part !== 'object' || part === null) return false;
  if (Array.isArray(part)) return part.some((one) => asksAbout(one, name));
  const { kind, related, unlessOwned, ...rest } = part as Readonly<Record<string, unknown>>;
  const isDependent = kind === 'delete' || kind === 'anonymise' || kind === 'detach' || kind === 'keep';
  if (related === name && !isDependent) return true;
  if (Array.isArray(unlessOwned) && unlessOwned.includes(name)) return true;
  return Object.values({ ...rest, related }).some((one) => asksAbout(one, name));
}
