/** What columns become when a row is anonymised. */
import type { Redaction, Replacement, Replacements, Scalar } from '../../../policy.ts';
import { isMapping } from '../../document.ts';
import type { Mapping } from '../../document.ts';
import type { Path } from '../../position.ts';
import type { Report } from '../../report.ts';
import { replacementShape } from '../../schema/values.ts';
import { readField } from '../names/field.ts';
import type { Sight } from '../names/sight.ts';

/** Every word of a replacement but `with`, which belongs to `redact`. */
const KINDS = Object.keys(replacementShape).filter((word) => word !== 'with');
const REDACTED_TO = '…';

function refuse(report: Report, path: Path, message: string, remedy: string): void {
  report.add({ code: 'contradiction', path, message, remedy, on: 'key' });
}

/** Text in which `{key}` stands for the key of the row. `must`: without it, rows could not be told apart. */
function readKeyText(text: string, must: boolean, path: Path, report: Report): string | undefined {
  const rest = text.replaceAll('{key}', '');
  if (!/[{}]/.test(rest) && (rest !== text || !must)) return text;
  report.add({
    code: 'bad-template',
    path,
    message: must ? 'A placeholder holds {key}, and no other braces' : 'It holds braces other than {key}',
    remedy: "Write for example 'erased-{key}@invalid'.",
  });
  return undefined;
}

function readRedaction(value: unknown): Redaction {
  if (isMapping(value)) return { matching: String(value['matching']) };
  return { named: value as Extract<Redaction, { named: unknown }>['named'] };
}

function readKind(word: string, raw: Mapping, path: Path, report: Report): Replacement | undefined {
  const value = raw[word];
  const at = [...path, word];
  switch (word) {
    case 'placeholder': {
      const template = readKeyText(String(value), true, at, report);
      return template === undefined ? undefined : { kind: 'placeholder', template };
    }
    case 'keep domain': {
      const local = readKeyText(String(value), false, at, report);
      return local === undefined ? undefined : { kind: 'keep domain', local };
    }
    case 'keep first':
      return { kind: 'keep first', characters: Number(value) };
    case 'generalise':
      return { kind: 'generalise', to: value as 'year' | 'month' | 'decade' };
    case 'round to':
      return { kind: 'round', to: Number(value) };
    case 'redact': {
      const patterns = (value as readonly unknown[]).map(readRedaction);
      return { kind: 'redact', patterns, with: (raw['with'] as string | undefined) ?? REDACTED_TO };
    }
    default:
      return { kind: 'remove' };
  }
}

function readReplacement(raw: unknown, path: Path, report: Report): Replacement | undefined {
  if (!isMapping(raw)) return { kind: 'constant', value: raw as Scalar };
  const words = KINDS.filter((word) => word in raw);
  const [word] = words;
  if (word === undefined || words.length > 1) {
    const message =
      word === undefined ? 'It is not said what it becomes' : `${words.join(' and ')} cannot stand together`;
    refuse(report, word === undefined ? path : [...path, words[1] ?? word], message, `Write exactly one of: ${KINDS.join(', ')}.`); // prettier-ignore
    return undefined;
  }
  if (raw['with'] !== undefined && word !== 'redact') {
    refuse(report, [...path, 'with'], '`with` stands only beside `redact`', 'Remove it.');
    return undefined;
  }
  return readKind(word, raw, path, report);
}

/** Reads `set:`. */
export function readReplacements(
  raw: Mapping,
  path: Path,
  sight: Sight,
  report: Report,
): Replacements | undefined {
  const entries = Object.entries(raw);
  if (entries.length === 0) {
    report.add({
      code: 'wrong-value',
      path,
      message: 'No column is named',
      remedy: 'Write columns and what they become, e.g. { name: null }.',
    });
    return undefined;
  }
  const replacements = entries.map(([key, value]) => {
    const at = [...path, key];
    const field = readField(key, at, sight, report, 'key');
    const by = readReplacement(value, at, report);
    if (field === undefined || by === undefined) return undefined;
    if (by.kind !== 'remove' || field.path !== undefined || sight.members === true)
      return { ...field, with: by };
    refuse(report, at, 'Only a member of JSON can be removed', 'Write null, or column/member.');
    return undefined;
  });
  const known = replacements.filter((one) => one !== undefined);
  return known.length < replacements.length ? undefined : known;
}
