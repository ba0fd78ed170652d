/** The mutable memory. Rows of the one table: see errors.ts. */
import type { ErrorRow } from './row.ts';

export const STATE_ERRORS = {
  STATE_MISSING: {
    exit: 2,
    message: 'There is no state',
    remedy:
      'On a first installation run `frist state init`. If an audit trail exists, restore the state from its backup: without it every hold is forgotten. If there is no backup, `frist state adopt`: docs/operating.md says what that costs.',
  },
  STATE_EXISTS: {
    exit: 1,
    message: 'There is a state already',
    remedy: 'Use it, or name another database; frist never overwrites a state.',
  },
  STATE_CURRENT: {
    exit: 1,
    message: 'The state is that of the trail: there is nothing to adopt',
    remedy: 'Go on as usual. `frist state adopt` is for a state that was lost, or restored from an old copy.',
  },
  STATE_NEWER: {
    exit: 2,
    message: 'The state was last used by a newer frist (schema {version}; this one knows {known})',
    remedy: 'Start the newer version, or restore the backup of the state from before the upgrade.',
  },
  STATE_OTHER_INSTALLATION: {
    exit: 2,
    message: 'The state belongs to installation {state}, the audit trail to {trail}',
    remedy: 'Name the state and the trail that belong together, or restore the right state from its backup.',
  },
  STATE_UNREACHABLE: {
    exit: 2,
    message: 'The state database cannot be reached ({code})',
    remedy:
      'Check that the server runs and that its address, user and password are right. What was under way is settled at the next start.',
  },
  STATE_BUSY: {
    exit: 2,
    message: 'The state database stayed locked ({code})',
    remedy: 'Find the process that holds a transaction open in it; then try again.',
  },
  STATE_REFUSED: {
    exit: 2,
    message: 'The state database refused a statement ({code})',
    remedy: 'Look the code up in the manual of the database: often it is full, read-only, or lacks a grant.',
  },
  STATE_SUPERSEDED: {
    exit: 2,
    message: 'Another process has already ended {what}',
    remedy:
      'Nothing is lost: the other process has recorded the outcome. Look why this one stood still for so long.',
  },
  STATE_LEASE_LOST: {
    exit: 2,
    message: 'The lease {lease} has gone to another process',
    remedy: 'Nothing is lost: the other process goes on. Look why this one stood still for so long.',
  },
} as const satisfies Record<string, ErrorRow>;
