/** What `check` finds, and where in the policy file it stands. */
import type { StartTree, View } from '../../../policy/policy.ts';
import type { Finding } from '../../connector.ts';

export type Path = Finding['path'];

export class Findings {
  readonly #all: Finding[];
  #said: ReadonlySet<string> = new Set();

  constructor(all: Finding[] = []) {
    this.#all = all;
  }

  error(code: string, path: Path, message: string, remedy: string): void {
    this.#add({ severity: 'error', code, path, message, remedy });
  }

  warning(code: string, path: Path, message: string, remedy: string): void {
    this.#add({ severity: 'warning', code, path, message, remedy });
  }

  /** A warning about something that several paths lead to: said where it is met first. */
  warnOnce(code: string, path: Path, message: string, remedy: string): void {
    if (!this.#all.some((one) => one.code === code && one.message === message))
      this.warning(code, path, message, remedy);
  }

  /** In the order found; what several views share stands once. */
  get all(): readonly Finding[] {
    return this.#all;
  }

  /** The same list, which takes nothing more of what was said elsewhere already. */
  except(said: ReadonlySet<string>): Findings {
    const others = new Findings(this.#all);
    others.#said = said;
    return others;
  }

  #add(finding: Finding): void {
    if (this.#said.has(finding.message)) return;
    const same = (one: Finding): boolean =>
      one.code === finding.code &&
      one.message === finding.message &&
      one.path.join('\0') === finding.path.join('\0');
    if (!this.#all.some(same)) this.#all.push(finding);
  }
}

export const ofRecord = (view: View, ...rest: Path): Path => [
  'sources',
  view.source,
  'records',
  view.record.name,
  ...rest,
];

export const ofPolicy = (view: View, ...rest: Path): Path => ['policies', view.policy, ...rest];

/** A policy with one stage writes it without the word. */
export function ofStage(view: View, stage: number, ...rest: Path): Path {
  const at = view.stages[stage]?.at ?? (view.stages.length > 1 ? ['stages', stage] : []);
  return ofPolicy(view, ...at, ...rest);
}

/** Where a start of the view is written: in the policy itself, or in another policy on the same record type. */
export function ofStart(view: View, index: number): Path {
  const own = pathIn(view.startTree, index);
  return own === undefined ? ofRecord(view) : ofPolicy(view, 'start', ...own);
}

function pathIn(tree: StartTree, index: number): Path | undefined {
  if (tree.kind === 'column') return tree.index === index ? [] : undefined;
  for (const [i, part] of tree.of.entries()) {
    const found = pathIn(part, index);
    if (found !== undefined) return [tree.kind, i, ...found];
  }
  return undefined;
}

/** "Did you mean …?" for a name that is not there, else `otherwise`. */
export function didYouMean(name: string, known: Iterable<string>, otherwise: string): string {
  let best: string | undefined;
  let least = (name.length < 4 ? 1 : Math.max(2, Math.floor(name.length / 3))) + 1;
  for (const one of known) {
    const distance = edits(name.toLowerCase(), one.toLowerCase());
    if (distance < least) [best, least] = [one, distance];
  }
  return best === undefined ? otherwise : `Did you mean "${best}"?`;
}

/** Levenshtein's distance: how many letters must be added, left out or changed. */
function edits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 0; i < a.length; i += 1) {
    const next = [i + 1];
    for (let j = 1; j <= b.length; j += 1) {
      const swap = (row[j - 1] ?? 0) + (b[j - 1] === a[i] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
