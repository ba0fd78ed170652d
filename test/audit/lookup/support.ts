// Entries that name people, and a store that says what was read.
import { createCommitter } from '../../../src/audit/commitment.ts';
import type { Committer } from '../../../src/audit/commitment.ts';
import { formatEntry } from '../../../src/audit/entry.ts';
import { createUlids } from '../../../src/audit/format/ulid.ts';
import type { ReadStore } from '../../../src/audit/store/store.ts';
import { seeded } from '../../support/random.ts';

export const COMMITTER: Committer = createCommitter(Buffer.alloc(32, 3));
export const SOURCE = '["Eksempel A/S","crm"]';
export const AT = '2026-11-22T03:40:00.000Z';

const random = seeded(7);
export const newId = createUlids(
  (n) => Uint8Array.from({ length: n }, () => Math.floor(random() * 256)),
  () => Date.parse(AT),
);

const base = (at: string): { readonly v: 1; readonly eid: string; readonly at: string } => ({
  v: 1,
  eid: newId(),
  at,
});

export interface Erased {
  readonly key: string;
  readonly email: string;
  readonly batch?: string;
  readonly at?: string;
}

/** The entry about a contact that was erased. */
export function erased({ key, email, batch = 'batch-1', at = AT }: Erased): string {
  return formatEntry({
    ...base(at),
    type: 'record',
    batch,
    policy: 'contacts',
    source: 'crm',
    record: 'contact',
    action: 'delete',
    outcome: 'erased',
    age: '<2y',
    promised: '2026-12-01',
    commitments: {
      incarnation: COMMITTER.incarnation(SOURCE, 'contact', [key], [['email', email]], ['2025-11-20']),
      record: COMMITTER.record(SOURCE, 'contact', [key]),
      subject: [COMMITTER.subject('email', email)],
    },
  });
}

export function settled(batch: string, at = AT): string {
  const outcomes = { erased: 1 };
  const verification = 'verified';
  return formatEntry({ ...base(at), type: 'batch-settled', batch, outcomes, dependents: {}, verification });
}

export function held(hold: string, email: string): string {
  const subject = [COMMITTER.subject('email', email)];
  const why = { bytes: 40, sha256: '0'.repeat(64) };
  return formatEntry({ ...base(AT), type: 'hold-placed', hold, subject, epoch: 'epoch-1', who: 'ops', why });
}

/** A store that says what was read. */
export function watched(store: ReadStore): { readonly store: ReadStore; readonly reads: string[] } {
  const reads: string[] = [];
  return {
    reads,
    store: {
      list: (prefix) => store.list(prefix),
      get: (key) => {
        reads.push(key);
        return store.get(key);
      },
    },
  };
}
