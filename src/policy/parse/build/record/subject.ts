/** Whose data a record is. */
import type { Normalisation, SubjectIdentifier } from '../../../policy.ts';
import { isMapping } from '../../document.ts';
import type { Mapping } from '../../document.ts';
import type { Path } from '../../position.ts';
import type { Report } from '../../report.ts';
import { readField } from '../names/field.ts';
import { COLUMNS_ONLY, readRelatedName } from '../names/sight.ts';
import type { Sight } from '../names/sight.ts';

/** How spellings of an identifier are made equal where the file does not say it. */
const NORMALISED: Readonly<Record<string, Normalisation>> = { email: 'lowercase', phone: 'digits' };

function readIdentifier(
  kind: string,
  raw: unknown,
  path: Path,
  sight: Sight,
  report: Report,
): SubjectIdentifier | undefined {
  const given = isMapping(raw) ? raw : { column: raw };
  const { column, from, normalise } = given;
  const base = {
    kind,
    normalise: (normalise as Normalisation | undefined) ?? NORMALISED[kind] ?? 'exact',
  };
  const at = isMapping(raw) ? [...path, 'column'] : path;
  if (typeof from !== 'string') {
    const field = readField(String(column), at, sight, report);
    return field && { ...base, ...field };
  }
  const related = readRelatedName(from, [...path, 'from'], sight, report);
  const field = readField(String(column), at, COLUMNS_ONLY, report);
  return related === undefined || field === undefined ? undefined : { ...base, ...field, related };
}

/** Reads `subject:`; empty only for rows that are about nobody. */
export function readSubjects(
  raw: unknown,
  path: Path,
  sight: Sight,
  report: Report,
): readonly SubjectIdentifier[] | undefined {
  if (raw === 'none') return [];
  const entries = Object.entries(raw as Mapping);
  if (entries.length === 0) {
    report.add({
      code: 'wrong-value',
      path,
      message: 'It is not said whose data these are',
      remedy: 'Write { email: column }, or `subject: none` for rows that are about nobody.',
    });
    return undefined;
  }
  const subjects = entries.map(([kind, one]) => readIdentifier(kind, one, [...path, kind], sight, report));
  const known = subjects.filter((one) => one !== undefined);
  return known.length < subjects.length ? undefined : known;
}
