/** The audit trail, its store, its keys and its evidence. Rows of the one table: see errors.ts. */
import type { ErrorRow } from './row.ts';

export const TRAIL_ERRORS = {
  AUDIT_ENTRY: {
    exit: 2,
    message: 'An audit entry cannot be written: {what}',
    remedy: 'This is a defect of frist: report it with this text. Nothing was appended.',
  },
  AUDIT_STORE: {
    exit: 2,
    message: 'The audit store failed at {key} ({code})',
    remedy:
      'Check that it can be reached (a folder: is it mounted? a bucket: are name and credentials right?), has space and may be written by this user; nothing is erased until it is back.',
  },
  AUDIT_BUCKET_SWAP: {
    exit: 1,
    message: 'Bucket {bucket} lets two writers overwrite each other, and nothing else keeps them apart',
    remedy:
      'Name a second bucket, without versions, as `audit.s3.state`. `frist check` shows what each bucket can do.',
  },
  AUDIT_BUCKET_LOCK: {
    exit: 1,
    message: 'Bucket {bucket} does not lock objects ({fault})',
    remedy:
      'off: name a bucket that was made with Object Lock switched on. AccessDenied: let this key set retention. Anything else: this server cannot lock; set `audit.s3.lock.mode` to none.',
  },
  AUDIT_BUSY: {
    exit: 2,
    message: 'The lock of the audit store stayed taken for {seconds} s',
    remedy: 'Find the other process that writes to this audit trail.',
  },
  AUDIT_SWAP_LOST: {
    exit: 2,
    message: 'Another writer changed {key} of the audit trail first',
    remedy: 'Try again; if it repeats, more than one daemon publishes to this trail.',
  },
  AUDIT_OVERLAP: {
    exit: 2,
    message: 'Another publisher appended some of these entries',
    remedy: 'Try again; if it repeats, more than one daemon publishes to this trail.',
  },
  AUDIT_RANGE: {
    exit: 1,
    message: 'The audit trail of {size} entries does not reach to {asked}',
    remedy: 'Ask for less, or look in a newer copy of the trail.',
  },
  AUDIT_CONFLICT: {
    exit: 4,
    message: 'The audit store holds other bytes under {key}, which never changes once written',
    remedy:
      'Stop the daemon, keep a copy of the store, and run `frist audit verify`: it was tampered with or damaged.',
  },
  AUDIT_CORRUPT: {
    exit: 4,
    message: 'The audit trail is damaged at {where}: {what}',
    remedy:
      'Keep a copy of the store as it is, restore it from a copy that verifies, and find out who changed it.',
  },
  AUDIT_END_LOST: {
    exit: 4,
    message: 'The audit trail has {key}, beyond the {size} entries of its checkpoint',
    remedy:
      'Its end was in the state database, and was lost before the checkpoint was copied into the bucket. Restore a newer copy of the state. What was appended last may have been a hold.',
  },
  AUDIT_ROLLBACK: {
    exit: 4,
    message: 'The audit trail is older than it was: {size} entries, {known} were seen',
    remedy: 'An old copy of the audit store was put back: restore the newer one.',
  },
  AUDIT_FORK: {
    exit: 4,
    message: 'The audit trail of {size} entries is not the one that was seen with {known} entries',
    remedy: 'History was rewritten: keep both copies and find out who holds the signing key and the store.',
  },
  AUDIT_STATE_OLD: {
    exit: 2,
    message: 'The audit trail holds {count} entries that the state database does not know of',
    remedy:
      'The state database is an old copy: restore the newest one. Until then nothing is erased, because holds could be forgotten. If there is no newer one, `frist state adopt`: docs/operating.md says what that costs.',
  },
  AUDIT_RECEIPT: {
    exit: 4,
    message: 'The receipt proves nothing: {what}',
    remedy: 'Ask for the file as it was made, and hold the key against the one that the company publishes.',
  },
  AUDIT_HEAD: {
    exit: 1,
    message: 'The head in {file} cannot be held against this trail: {what}',
    remedy: 'Give the `checkpoint` of this trail as it was kept, and the public key that you had then.',
  },
  AUDIT_EXISTS: {
    exit: 1,
    message: 'There is a trail already in {place}, and no state that it belongs to',
    remedy:
      'Restore that state from its backup: the holds stand in it. If there is no backup, `frist state adopt`. For another installation name another place for the trail.',
  },
  AUDIT_LOST: {
    exit: 1,
    message: 'In {place} lie heads of an audit trail, and the trail is not there',
    remedy:
      'State and trail were lost together: restore both from their backups. If there are none, name another place as `audit.heads.store`, begin anew, and place every hold again: docs/operating.md says how.',
  },
  AUDIT_KEY_MISSING: {
    exit: 1,
    message: 'There is no key in {file}',
    remedy:
      'Put the key back from your copy. A new one is made only with a new trail, by `frist state init`.',
  },
  AUDIT_KEY_EXISTS: {
    exit: 1,
    message: 'There is a key in {file} already',
    remedy: 'Use it, or name another file; frist never overwrites a key.',
  },
  AUDIT_KEY_EXPOSED: {
    exit: 1,
    message: 'The key in {file} can be read by others (mode {mode})',
    remedy: 'Run `chmod 600` on it, and consider it known to whoever could read it.',
  },
  AUDIT_KEY_INVALID: {
    exit: 1,
    message: 'The key in {file} is not valid: {what}',
    remedy: 'Put the right key back from your copy.',
  },
  AUDIT_KEY_WRONG: {
    exit: 1,
    message: 'The key of epoch {epoch} does not open with this wrapping key',
    remedy: 'Give the wrapping key that was in use when the state was made; a lost one cannot be replaced.',
  },
  AUDIT_KEY_DESTROYED: {
    exit: 1,
    message: 'The key of epoch {epoch} is gone since {on}',
    remedy:
      'Its time has passed (`keys.keep`), or the state that held it was lost: whom the trail names in that epoch can no longer be told.',
  },
  AUDIT_UNVERIFIED: {
    exit: 4,
    message: 'The audit trail does not verify ({code} at {where}): nothing is done on its word',
    remedy: 'Run `frist audit verify`, put back a copy of the trail that verifies, and try again.',
  },
  AUDIT_MISSING: {
    exit: 2,
    message: 'There is no audit trail in {place}',
    remedy:
      'Restore it from its backup. If it is lost for good, nothing can tell what was erased and which holds there were: docs/operating.md says what is left to do.',
  },
  AUDIT_KEY_PROGRAM: {
    exit: 2,
    message: 'The program {program} failed at {verb}: {what}',
    remedy:
      'Run it by hand as docs/operating.md says under "Keys", and see what it answers. Nothing is erased until it works.',
  },
} as const satisfies Record<string, ErrorRow>;
