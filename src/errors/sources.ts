/** What goes wrong with the systems that hold the data. Rows of the one table: see errors.ts. */
import type { ErrorRow } from './row.ts';

export const SOURCE_ERRORS = {
  SOURCE_UNREACHABLE: {
    exit: 2,
    message: 'Source {source} cannot be reached ({code})',
    remedy: 'Check that the server runs and that host, port, user and password in `connection` are right.',
  },
  SOURCE_CLOCK: {
    exit: 2,
    message: 'The clock of source {source} and this machine are {seconds} s apart',
    remedy: 'Set both clocks by NTP; nothing is erased while they differ by more than 300 s.',
  },
  SOURCE_BUSY: {
    exit: 2,
    message: 'Another session is erasing in source {source}',
    remedy: 'Wait until it ends; the next run takes the work up.',
  },
  SOURCE_REFUSED: {
    exit: 2,
    message: 'Source {source} refused a statement ({code})',
    remedy: 'Look the code up in the manual of the database; the next run tries again.',
  },
  SOURCE_LOCKED: {
    exit: 2,
    message: 'Rows of source {source} stayed locked ({code})',
    remedy: 'Find the long transaction that holds them; the next run tries again.',
  },
  SOURCE_LOST: {
    exit: 2,
    message: 'The connection to source {source} was lost ({code})',
    remedy: 'Nothing was left half-done; the next run finishes the work.',
  },
  DATABASE_URL: {
    exit: 1,
    message: 'The address of a database cannot be used: {reason}',
    remedy:
      'Write it as mysql://user:password@host/name, postgres://user:password@host/name or sqlite:path (options: socket, tls, tls-ca).',
  },
  DATABASE_MISSING: {
    exit: 1,
    message: 'There is no database file {file}',
    remedy: 'Check the path; frist never makes a new database in the place of a missing one.',
  },
  CHECK_FAILED: {
    exit: 1,
    message: 'Policy {policy} does not fit its source: {count} problem(s)',
    remedy: 'Run `frist check`: it names each place in the policy file and what to do.',
  },
  LEFTOVERS: {
    exit: 2,
    message: '{count} erased record(s) of policy {policy} were found again',
    remedy: 'Something writes them anew (a trigger, a sync): stop it; the next run erases them again.',
  },
  SPOOL_LOST: {
    exit: 2,
    message: 'The spool on disk could not be read back',
    remedy:
      'Check the disk under `spool.folder`; nothing was erased from what was lost, and the next run starts over.',
  },
  CLOCK_BACKWARDS: {
    exit: 2,
    message: 'The clock says {now}, before the last run at {last}',
    remedy: 'Set the clock of this machine by NTP; nothing is erased until it has passed the last run.',
  },
} as const satisfies Record<string, ErrorRow>;
