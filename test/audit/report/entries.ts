/** Entries for reports, written shortly. */
import { hash } from 'node:crypto';
import { formatEntry, type Entry, type EntryOf, type EntryType } from '../../../src/audit/entry.ts';
import { createUlids } from '../../../src/audit/format/ulid.ts';

type Fields<K extends EntryType> = Omit<EntryOf<K>, 'v' | 'type' | 'eid' | 'at'>;

/** A digest that stands for `text`. */
export function digestOf(text: string): string {
  return hash('sha256', text, 'hex');
}

/** What stands for the evidence of a text that is not kept. */
export function gone(text: string): { readonly bytes: number; readonly sha256: string } {
  return { bytes: 32 + text.length, sha256: digestOf(text) };
}

/** A trail under way: `at` sets the moment of what follows, such as `2026-06-10T22:30`. */
export class Writer {
  readonly texts: string[] = [];
  #at = '2026-01-01T00:00:00.000Z';
  #made = 0;
  readonly #ulid = createUlids(
    (n) => hash('sha256', String(this.#made++), 'buffer').subarray(0, n),
    () => Date.parse(this.#at),
  );

  at(moment: string): this {
    this.#at = `${moment}:00.000Z`;
    return this;
  }

  add<K extends EntryType>(type: K, fields: Fields<K>): this {
    const entry = { v: 1, type, eid: this.#ulid(), at: this.#at, ...fields } as unknown as Entry;
    this.texts.push(formatEntry(entry));
    return this;
  }

  /** A record of a batch of the policy. */
  record(
    batch: string,
    of: { readonly policy: string; readonly source: string; readonly record: string },
    fields: Pick<EntryOf<'record'>, 'outcome'> &
      Partial<Pick<EntryOf<'record'>, 'promised' | 'action' | 'code'>>,
  ): this {
    const digest = digestOf(`${batch} ${this.#made}`);
    const commitments = { incarnation: digest, record: digest, subject: [digest] };
    return this.add('record', { batch, action: 'delete', age: '<1y', commitments, ...of, ...fields });
  }
}
