/**
 * Collects what is wrong with a policy file, so that everything is told at once.
 */
import type { Problem } from '../../errors.ts';
import type { Locator, Path } from './position.ts';

/** Stable codes of problems in a file. `docs/policies.md` explains each; a test provokes each. */
export const PROBLEM_CODES = [
  // The text itself
  'not-yaml',
  'not-text',
  'empty-file',
  'byte-order-mark',
  'tab-indent',
  'several-documents',
  'yaml-directive',
  'too-large',
  'alias',
  'tag',
  'duplicate-key',
  'bad-key',
  'bad-number',
  'empty-value',
  // Shape
  'unknown-key',
  'missing-key',
  'wrong-type',
  'wrong-value',
  'bad-name',
  // Names and references
  'unknown-source',
  'unknown-record',
  'unknown-related',
  'unknown-part',
  'unknown-selection',
  'unknown-kind',
  'unset-reference',
  'bad-reference',
  'literal-secret',
  // Values
  'bad-timezone',
  'missing-timezone',
  'bad-date',
  'bad-period',
  'short-period',
  'bad-margin',
  'bad-cron',
  'bad-encoding',
  'bad-template',
  'bad-column',
  'bad-files',
  // Meaning
  'contradiction',
  'tautology',
  'protected-column',
  'changes-meaning',
  'subject-lost',
  'stage-order',
  'normalise-differs',
  // Policies against each other
  'impossible-promise',
  'never-wins',
  'keep-bypassed',
  'shared-files',
] as const;

export type ProblemCode = (typeof PROBLEM_CODES)[number];

export interface Complaint {
  readonly code: ProblemCode;
  readonly path: Path;
  readonly message: string;
  readonly remedy: string;
  /** Default: error. */
  readonly severity?: 'error' | 'warning';
  /** Whether the key or the value is at fault. Default: the value. */
  readonly on?: 'key' | 'value';
}

export interface Report {
  readonly add: (complaint: Complaint) => void;
  /** Says that what stands at `path` is already reported, so that nothing more is said about it or what is below it. */
  readonly silence: (path: Path) => void;
  readonly failed: () => boolean;
  /** All problems in the order of the text. */
  readonly problems: () => readonly Problem[];
}

function within(path: Path, above: Path): boolean {
  return above.length <= path.length && above.every((segment, index) => segment === path[index]);
}

/** A report on `file`; `locator` turns paths into lines and columns. */
export function createReport(file: string, locator: Locator, before: readonly Problem[] = []): Report {
  const problems: Problem[] = [...before];
  const silenced: Path[] = [];
  // A default (`records: crm.*`) is read once per record type; what is wrong with it is told once.
  const told = new Set<string>();
  return {
    add({ code, path, message, remedy, severity = 'error', on = 'value' }) {
      const telling = JSON.stringify([code, path, message]);
      if (told.has(telling) || silenced.some((above) => within(path, above))) return;
      told.add(telling);
      const position = on === 'key' ? locator.locateKey(path) : locator.locate(path);
      problems.push({ code, path, message, remedy, severity, file, ...position });
    },
    silence(path) {
      silenced.push(path);
    },
    failed: () => problems.some((problem) => problem.severity === 'error'),
    problems: () =>
      problems.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0)),
  };
}

/** Edits between two words: letters added, removed, changed, or two neighbours swapped. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 0; i < a.length; i += 1) {
    const row = [i + 1];
    for (let j = 0; j < b.length; j += 1) {
      const changed = (previous[j] ?? 0) + (a[i] === b[j] ? 0 : 1);
      const swapped = a[i] === b[j - 1] && a[i - 1] === b[j] ? (before[j - 1] ?? Infinity) + 1 : Infinity;
      row.push(Math.min(changed, swapped, (previous[j + 1] ?? 0) + 1, (row[j] ?? 0) + 1));
    }
    before = previous;
    previous = row;
  }
  return previous.at(-1) ?? 0;
}

/** The known word nearest to `word`, where one is near enough to be meant. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  const near = [...known]
    .filter((candidate) => Math.abs(candidate.length - word.length) <= 3)
    .map((candidate) => ({
      candidate,
      edits: distance(word.toLowerCase().slice(0, 80), candidate.toLowerCase()),
    }))
    .filter(({ candidate, edits }) => edits <= Math.max(1, Math.min(3, Math.floor(candidate.length / 3))))
    .toSorted((a, b) => a.edits - b.edits);
  return near[0]?.candidate;
}

/** `Did you mean "x"? ` or nothing, followed by the words that are known here. */
export function suggestion(word: string, known: Iterable<string>, what: string): string {
  const all = [...known];
  const near = nearest(word, all);
  const list = all.length === 0 ? `There are no ${what}.` : `Known ${what}: ${all.join(', ')}.`;
  return near === undefined ? list : `Did you mean "${near}"? ${list}`;
}
