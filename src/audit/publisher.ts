/**
 * From the outbox to the log. Every process writes its entries to the outbox, in the transaction of the change that
 * they describe; whoever holds the lease publishes them, everything that waits in one append (group commit).
 *
 * The outbox keeps the head up to which it has been told that its rows are in the log. What lies in the log beyond
 * that head must be rows that still stand in the outbox: appended by someone who crashed, or lost the lease, before he
 * could say so. They are acknowledged and not appended again. Anything else there means that the state database is
 * older than the trail, and nothing is published.
 */
import { FristError } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';
import type { Head } from './checkpoint.ts';
import { parseAnyEntry } from './entry.ts';
import type { Log } from './log.ts';

/** Entries that were written in one transaction; they are published in one append. */
export interface OutboxRow {
  readonly id: string | number;
  readonly entries: readonly string[];
}

/** What the state database does for the publisher. */
export interface Outbox {
  /** The oldest rows, at most `limit`, each with exactly the texts that were put in. */
  pending(limit: number): Promise<readonly OutboxRow[]>;
  /**
   * These rows are in the log, whose head is now this one. In one transaction: forget the rows, and keep the head
   * unless a larger one is kept already. Rows that are gone are no error.
   */
  acknowledge(ids: readonly OutboxRow['id'][], head: Head): Promise<void>;
  /** The head kept; undefined before the first. */
  lastHead(): Promise<Head | undefined>;
}

export interface Publisher {
  /** Publishes everything that is in the outbox now. When it rejects, the outbox is as it was. */
  flush(): Promise<void>;
}

export interface PublisherOptions {
  readonly log: Log;
  readonly outbox: Outbox;
}

const PASSING: ReadonlySet<string> = new Set<ErrorCode>([
  'AUDIT_STORE',
  'AUDIT_BUSY',
  'AUDIT_SWAP_LOST',
  'AUDIT_OVERLAP',
]);

/** Whether a failure to publish may pass by itself: the store was not there, or another writer was. */
export function isPassing(code: string | undefined): boolean {
  return code !== undefined && PASSING.has(code);
}

/** Rows read at once. */
const ROWS = 1000;
/** Bytes of one append, of which the store gets one object: what every S3 takes in one request without ado. */
const APPEND_BYTES = 16 * 1024 * 1024;
/** Tries of recovery while another publisher moves the head. */
const ATTEMPTS = 5;
const EMPTY: Head = { size: 0, root: '' };

const codeOf = (error: unknown): ErrorCode | undefined =>
  error instanceof FristError ? error.code : undefined;

/** As many of the first rows as fit one append, at least one. */
function takeFitting(rows: readonly OutboxRow[]): readonly OutboxRow[] {
  let bytes = 0;
  const over = rows.findIndex(({ entries }) => {
    bytes += entries.reduce((sum, text) => sum + text.length, 0);
    return bytes > APPEND_BYTES;
  });
  return over < 0 ? rows : rows.slice(0, Math.max(1, over));
}

/**
 * A last look at what can never be taken back. It finds a column that cuts texts off or rewrites JSON, without the
 * cost of reading every entry.
 */
function check(row: OutboxRow): void {
  for (const text of [row.entries[0], row.entries.at(-1)]) if (text !== undefined) parseAnyEntry(text);
}

class GroupPublisher implements Publisher {
  readonly #log: Log;
  readonly #outbox: Outbox;
  #running: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(options: PublisherOptions) {
    this.#log = options.log;
    this.#outbox = options.outbox;
  }

  flush(): Promise<void> {
    // A round that runs already may have read the outbox before our row was in it: all who come now share the next.
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      const round = this.#publish();
      this.#running = round.catch(() => undefined);
      return round;
    });
    return this.#next;
  }

  async #publish(): Promise<void> {
    const known = await this.#outbox.lastHead();
    const head = this.#log.head();
    if ((known?.size ?? 0) !== head.size || (known !== undefined && known.root !== head.root))
      await this.#recover();
    for (;;) {
      const rows = await this.#outbox.pending(ROWS);
      if (rows.length === 0) return;
      await this.#append(takeFitting(rows));
    }
  }

  async #append(rows: readonly OutboxRow[]): Promise<void> {
    for (const row of rows) check(row);
    const before = this.#log.head();
    try {
      const { first, size, root } = await this.#log.append(rows.flatMap((row) => row.entries));
      // A crash here leaves rows in the outbox that are in the log; recovery acknowledges them.
      if (first === before.size) {
        const ids = rows.map((row) => row.id);
        await this.#outbox.acknowledge(ids, { size, root });
        return;
      }
    } catch (error) {
      if (codeOf(error) !== 'AUDIT_OVERLAP') throw error;
    }
    // Another publisher came between: what it appended is not ours to skip.
    await this.#recover();
  }

  /** Acknowledges the rows that lie in the log beyond the head kept. */
  async #recover(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const known = await this.#outbox.lastHead();
      const head = await this.#log.refresh(known);
      const rows = await this.#outbox.pending(Number.MAX_SAFE_INTEGER);
      const published = await this.#match(rows, known ?? EMPTY, head);
      if (published !== undefined) {
        if (head.size > (known?.size ?? 0)) await this.#outbox.acknowledge(published, head);
        return;
      }
      const now = await this.#outbox.lastHead();
      // Rows that another publisher acknowledged meanwhile are gone with good reason.
      if ((now?.size ?? 0) === (known?.size ?? 0) || attempt === ATTEMPTS) {
        throw new FristError('AUDIT_STATE_OLD', { count: head.size - (known?.size ?? 0) });
      }
    }
  }

  /** The rows that make up the log from `known` to `head`; undefined when there is anything else between. */
  async #match(rows: readonly OutboxRow[], known: Head, head: Head): Promise<OutboxRow['id'][] | undefined> {
    const waiting = rows.reduce((sum, row) => sum + row.entries.length, 0);
    // Without this an empty state beside a long trail would read the whole of it.
    if (head.size - known.size > waiting) return undefined;
    const beyond = new Set(await this.#log.readEntries(known.size, head.size));
    const found = rows.filter(
      (row) => row.entries.length > 0 && row.entries.every((text) => beyond.has(text)),
    );
    const covered = found.reduce((sum, row) => sum + row.entries.length, 0);
    return covered === head.size - known.size ? found.map((row) => row.id) : undefined;
  }
}

/**
 * Makes the publisher of a log. It recovers at its first flush, and whenever another one has been at work.
 * @throws from its methods: AUDIT_STATE_OLD, and whatever the log and the outbox throw.
 */
export function createPublisher(options: PublisherOptions): Publisher {
  return new GroupPublisher(options);
}
