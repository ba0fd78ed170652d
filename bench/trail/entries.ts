/** Entries as erasing writes them, and the key that their trail is signed with. */
import { createPrivateKey, hash, randomBytes } from 'node:crypto';
import { recordFormatter } from '../../src/audit/format/record.ts';
import { createUlids } from '../../src/audit/format/ulid.ts';
import { signerOf } from '../../src/audit/keys.ts';

const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** A key that everybody knows: a trail of a benchmark proves nothing. */
export const SIGNER = signerOf(
  createPrivateKey({
    key: Buffer.concat([PKCS8_PREFIX, Buffer.from(hash('sha256', 'bench', 'hex'), 'hex')]),
    format: 'der',
    type: 'pkcs8',
  }),
  'bench.invalid/trail',
);

/** Entries of erased records, each another. */
export function recordEntries(count: number): string[] {
  const format = recordFormatter({ policy: 'contacts', source: 'crm', record: 'contact', action: 'delete' });
  const newId = createUlids((n) => randomBytes(n), Date.now);
  const [batch, at] = [newId(), new Date().toISOString()];
  const digest = (): string => randomBytes(32).toString('hex');
  return Array.from({ length: count }, () =>
    format({
      batch,
      at,
      eid: newId(),
      outcome: 'erased',
      age: '<2y',
      promised: '2026-02-28',
      commitments: { incarnation: digest(), record: digest(), subject: [digest()] },
    }),
  );
}
