/** What the words of a condition, a starting point or a column can refer to where they stand. */
import type { Path } from '../../position.ts';
import { suggestion } from '../../report.ts';
import type { Report } from '../../report.ts';

export interface Sight {
  /** Names of related rows that can be spoken of here. */
  readonly related: ReadonlySet<string>;
  readonly parts: ReadonlySet<string>;
  readonly selections: ReadonlySet<string>;
  /** The columns are members of JSON, which can be missing, and removed. */
  readonly members?: true;
  /** The related rows that a condition inside is about; undefined where it is the record itself. */
  readonly within?: string;
  /** What can be referred to from inside the related rows of this name. */
  readonly inside: (related: string) => Sight;
}

const NO_NAMES: ReadonlySet<string> = new Set();

/** Of rows of which nothing is declared but their own columns. */
export const COLUMNS_ONLY: Sight = {
  related: NO_NAMES,
  parts: NO_NAMES,
  selections: NO_NAMES,
  inside: () => COLUMNS_ONLY,
};

/** Where it is not known what there is: every name is then taken on trust. */
const ANY_NAME: ReadonlySet<string> = Object.assign(new Set<string>(), { has: () => true });
export const ANYTHING: Sight = {
  related: ANY_NAME,
  parts: ANY_NAME,
  selections: ANY_NAME,
  inside: () => ANYTHING,
};

/** Of a record; `of` says for each of its related rows of which others they are rows, if of any. */
export function sightOf(
  of: ReadonlyMap<string, string | undefined>,
  parts: ReadonlySet<string>,
  selections: ReadonlySet<string>,
): Sight {
  const inside = (within: string): Sight => {
    const below = [...of.keys()].filter((name) => of.get(name) === within);
    return { related: new Set(below), parts: NO_NAMES, selections: NO_NAMES, within, inside };
  };
  return { related: new Set(of.keys()), parts, selections, inside };
}

/** The name of declared related rows; undefined, and reported, where there are none of that name. */
export function readRelatedName(name: string, path: Path, sight: Sight, report: Report): string | undefined {
  if (sight.related.has(name)) return name;
  report.add({
    code: 'unknown-related',
    path,
    message: `No related rows are called "${name}"`,
    remedy:
      sight.within === undefined
        ? `Declare them below \`related\` of the record type. ${suggestion(name, sight.related, 'related rows')}`
        : `Here only columns can be tested, and related rows that are declared with \`of: ${sight.within}\`. ${suggestion(name, sight.related, 'such rows')}`,
  });
  return undefined;
}
