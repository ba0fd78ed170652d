/**
 * Which files of a folder are records, and what their names tell: `chats/{email}/{yyyy}-{mm}-{dd}-*.log`.
 *
 * `*` is any text, `{name}` any text of one character or more, which becomes a column; neither crosses a `/`. `{yyyy}`,
 * `{mm}` and `{dd}` are digits, and together the column `date`. The parser has checked the form. Pure.
 */

/** Columns that every file has; a pattern cannot give them again. */
const OF_EVERY_FILE = ['path', 'name', 'size', 'modified'] as const;
const DIGITS: Readonly<Record<string, number>> = { yyyy: 4, mm: 2, dd: 2 };

export interface Pattern {
  /** Names of the columns that a file has. */
  readonly columns: readonly string[];
  /** How many names a path has that fits. */
  readonly depth: number;
  /** What every path that fits begins with. */
  readonly start: string;
  /** Whether a file below this folder (names from the root) can fit. */
  leadsOn(folder: readonly string[]): boolean;
  /** What the path tells; `ambiguous` where it can be read in more ways than one; undefined where it does not fit. */
  read(names: readonly string[]): Readonly<Record<string, string>> | 'ambiguous' | undefined;
  /** Whether the folder at this depth is named by more than constant text, so that its name may be personal data. */
  varies(depth: number): boolean;
}

interface Step {
  readonly greedy: RegExp;
  readonly lazy: RegExp;
  readonly names: readonly string[];
  readonly varies: boolean;
}

export function patternOf(text: string): Pattern {
  const steps = text.split('/').map(stepOf);
  const given = steps.flatMap((step) => step.names);
  const dated = given.includes('yyyy');
  const fits = (names: readonly string[]): boolean =>
    names.every((name, i) => steps[i]?.greedy.test(name) === true);
  return {
    columns: [
      ...OF_EVERY_FILE,
      ...(dated ? ['date'] : []),
      ...given.filter((name) => DIGITS[name] === undefined),
    ],
    depth: steps.length,
    start: text.slice(0, /[*{]|$/.exec(text)?.index),
    leadsOn: (folder) => folder.length < steps.length && fits(folder),
    varies: (depth) => steps[depth]?.varies === true,
    read(names) {
      if (names.length !== steps.length || !fits(names)) return undefined;
      const found: Record<string, string> = {};
      for (const [i, step] of steps.entries()) {
        const values = valuesIn(step, names[i] ?? '');
        if (values === 'ambiguous') return values;
        step.names.forEach((name, at) => (found[name] = values[at] ?? ''));
      }
      const { yyyy = '', mm = '', dd = '', ...own } = found;
      return dated ? { ...own, date: `${yyyy}-${mm}-${dd}` } : own;
    },
  };
}

/** The first and the last way to read the name are the same only where there is but one. */
function valuesIn({ greedy, lazy, names }: Step, name: string): readonly string[] | 'ambiguous' {
  const first = greedy.exec(name);
  const last = lazy.exec(name);
  if (names.length > 0 && first?.some((value, i) => value !== last?.[i]) === true) return 'ambiguous';
  return names.map((one) => first?.groups?.[one] ?? '');
}

function stepOf(text: string): Step {
  const parts = text.split(/(\*|\{\w+\})/);
  const names = parts.flatMap((part) => /^\{(\w+)\}$/.exec(part)?.[1] ?? []);
  const compile = (lazy: '' | '?'): RegExp =>
    new RegExp(`^${parts.map((part) => expressionOf(part, lazy)).join('')}$`, 'su');
  return { greedy: compile(''), lazy: compile('?'), names, varies: parts.length > 1 };
}

function expressionOf(part: string, lazy: '' | '?'): string {
  if (part === '*') return `(.*${lazy})`;
  const name = /^\{(\w+)\}$/.exec(part)?.[1];
  if (name === undefined) return part.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  const digits = DIGITS[name];
  return digits === undefined ? `(?<${name}>.+${lazy})` : `(?<${name}>[0-9]{${String(digits)}})`;
}
