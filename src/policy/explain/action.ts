/** What is done, in clauses: what columns become, and what happens to dependents. */
import { fieldName } from '../model/condition.ts';
import { ALWAYS } from '../policy.ts';
import type { Dependent, Files, Piece, Redaction, Replacement, Replacements } from '../policy.ts';
import { having } from './condition.ts';

/** "name (empty), email (“erased-{key}@invalid”)". */
export function explainReplacements(set: Replacements): string {
  return set.map((one) => `${fieldName(one)} (${becomes(one.with)})`).join(', ');
}

function becomes(by: Replacement): string {
  switch (by.kind) {
    case 'constant':
      return by.value === null || by.value === '' ? 'empty' : quoted(by.value);
    case 'placeholder':
      return quoted(by.template);
    case 'keep first':
      return `only its first ${by.characters === 1 ? 'character' : `${String(by.characters)} characters`}`;
    case 'generalise':
      return `only its ${by.to}`;
    case 'round':
      return `rounded down to a multiple of ${String(by.to)}`;
    case 'keep domain':
      return `${quoted(by.local)} at the same domain`;
    case 'redact':
      return `${by.patterns.map(found).join(', ')} in it replaced by ${quoted(by.with)}`;
    case 'remove':
      return 'removed';
  }
}

function found(pattern: Redaction): string {
  return 'named' in pattern ? pattern.named : `what matches ${quoted(pattern.matching)}`;
}

function quoted(value: string | number | bigint | boolean): string {
  return `“${String(value)}”`;
}

/** "messages (delete)", "events (delete, unless links still refer to them)". */
export function explainDependent(dependent: Dependent): string {
  const { related, kind, where = ALWAYS } = dependent;
  const owners = kind === 'delete' ? dependent.unlessOwned : undefined;
  const files = kind === 'delete' || kind === 'anonymise' ? dependent.files : undefined;
  const words = [
    kind === 'anonymise' ? `anonymise: ${explainReplacements(dependent.set)}` : kind,
    ...(kind === 'detach' && dependent.to !== undefined ? [`to ${String(dependent.to)}`] : []),
    ...(owners === undefined ? [] : [`unless ${owners.join(' or ')} still refer to them`]),
    ...(files === undefined ? [] : [`with their files in ${files.root}`]),
  ];
  return `${related}${having(where)} (${words.filter((word) => word !== '').join(', ')})`;
}

const pieceName = ({ characters, ...field }: Piece): string =>
  characters === undefined ? fieldName(field) : `${fieldName(field)}:${characters.join('-')}`;

/** The files of the record itself, as a sentence. */
export function explainFiles(files: Files): string {
  const path = files.path.map((part) => (typeof part === 'string' ? part : `{${pieceName(part)}}`)).join('');
  return `With it goes the file ${files.root}/${path}.`;
}
