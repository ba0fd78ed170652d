/**
 * Where things stand in a policy file, so that a problem found later (an unknown column, say) can still name its line.
 */

/** Place in the text; both 1-based, columns in UTF-16 units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export type Path = readonly (string | number)[];

/** A node of the document with its offsets in the text. */
export interface Place {
  /** Offset of the value. */
  readonly value: number;
  /** Offset of the key before it; undefined for the items of a list and for the document itself. */
  readonly key?: number;
  /** Whether the value begins below its key (a block), so that the key is what a reader looks for. */
  readonly block: boolean;
  /** The text of a scalar. */
  readonly text?: string;
  readonly children: ReadonlyMap<string | number, Place>;
}

export interface Locator {
  /**
   * The value at `path`, or its key where the value is a block below it. Where the path leads nowhere, its last
   * segment is looked for below the nearest place that exists (a column somewhere in a condition), else that place
   * itself is meant.
   */
  readonly locate: (path: Path) => Position;
  /** The key at `path`, e.g. one that is unknown. */
  readonly locateKey: (path: Path) => Position;
}

function follow(root: Place, path: Path): { readonly place: Place; readonly rest: Path } {
  let place = root;
  for (const [index, segment] of path.entries()) {
    // `records: crm.*` becomes one policy per record type, named `policy/record`; the file knows `policy`.
    const child = place.children.get(segment) ?? place.children.get(String(segment).split('/')[0] ?? '');
    if (child === undefined) return { place, rest: path.slice(index) };
    place = child;
  }
  return { place, rest: [] };
}

/** Depth first: the first key or scalar that reads `text`. */
function search(place: Place, text: string): number | undefined {
  for (const [name, child] of place.children) {
    if (name === text) return child.key ?? child.value;
    if (child.text === text) return child.value;
    const below = search(child, text);
    if (below !== undefined) return below;
  }
  return undefined;
}

/** Makes the locator of a document from its places and a function from offset to position. */
export function createLocator(root: Place, at: (offset: number) => Position): Locator {
  const own = (place: Place): number => (place.block ? (place.key ?? place.value) : place.value);
  return {
    locate(path) {
      const { place, rest } = follow(root, path);
      const last = rest.at(-1);
      const found = last === undefined ? undefined : search(place, String(last));
      return at(found ?? own(place));
    },
    locateKey(path) {
      const { place, rest } = follow(root, path);
      return at(rest.length > 0 ? own(place) : (place.key ?? place.value));
    },
  };
}
