/**
 * Where a trail is kept: a flat set of objects under keys such as `tile/0/000`. The store is not trusted: whoever
 * reads from it checks what was read. Two kinds of object, two guarantees: immutable ones, and mutable ones that
 * change by compare-and-swap. test/audit/store-conformance.ts holds every kind of store to this.
 *
 * Keys: 1-200 characters of `A-Za-z0-9._-` in parts between `/`, no part empty, `.` or `..`, none of them ending in
 * `.tmp`.
 *
 * Any method may fail without saying whether it was carried out (a connection cut after the request): only
 * AUDIT_CONFLICT and AUDIT_SWAP_LOST say that it was not. Whoever must know reads back.
 */

/** An object as it was read. */
export interface Stored {
  readonly bytes: Buffer;
  /** Names this version of the object, for `replace`. Opaque. */
  readonly tag: string;
}

/** What a reader needs. */
export interface ReadStore {
  /** The object, or undefined when there is none. */
  get(key: string): Promise<Stored | undefined>;
  /** Every key that begins with `prefix` (which ends in `/`), in no order. */
  list(prefix: string): AsyncIterable<string>;
  /**
   * Every key that begins with `prefix` and that somebody hid below a delete marker: its bytes are still there, and
   * `get` gives those of tiles and heads. Only where a store keeps versions.
   */
  hidden?(prefix: string): AsyncIterable<string>;
}

/** What the writer needs besides. */
export interface Store extends ReadStore {
  /**
   * Writes objects that will never change. One that is there already with the same bytes is a success. When this
   * resolves all of them are durable; when it rejects any of them may be there.
   * @throws AUDIT_CONFLICT when other bytes are there; they stay.
   */
  putImmutable(objects: ReadonlyMap<string, Uint8Array>): Promise<void>;
  /**
   * Replaces a mutable object if it is still the version `expected` (null: if there is none), in one step that no
   * other writer can come between. When this resolves the new version is durable.
   * @returns the tag of the new version.
   * @throws AUDIT_SWAP_LOST when it is another version.
   */
  replace(key: string, bytes: Uint8Array, expected: string | null): Promise<string>;
  /**
   * Removes an object for good; only ever called for evidence, which has a life of its own. False: it was not there.
   * @throws AUDIT_STORE also where the store locks the object, or does not let this process remove any.
   */
  remove?(key: string): Promise<boolean>;
}

/** What changes by compare-and-swap; it can lie in another place than what never changes. */
export type Swap = Pick<Store, 'get' | 'replace'>;

const PART = /^[A-Za-z0-9._-]{1,200}$/;

/** Whether a key is one that every store can hold. Keys are made by frist, so that another one is a defect. */
export function isKey(key: string): boolean {
  const parts = key.split('/');
  const sound = parts.every(
    (part) => PART.test(part) && part !== '.' && part !== '..' && !part.endsWith('.tmp'),
  );
  return sound && key.length <= 200;
}
