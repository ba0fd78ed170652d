/**
 * The one table of coded errors. A code is stable: scripts and runbooks rely on it, so it is never re-used.
 * `docs/errors.md` is generated from this table and a test holds the two together.
 *
 * `{name}` in a message or remedy is replaced by the parameter of that name. No parameter may carry a value read from
 * a source: database errors quote rows, and an error text ends in logs (see `databaseFault` in database.ts).
 */

/** Exit status of the process for a class of error (README, "Exit status"). */
export const EXIT = { ok: 0, config: 1, failed: 2, waiting: 3, trail: 4, overdue: 5 } as const;

export interface ErrorRow {
  /** Exit status when this error ends the command. */
  readonly exit: number;
  readonly message: string;
  /** What the reader does about it. */
  readonly remedy: string;
}

export const ERRORS = {
  // Usage and configuration
  USAGE: { exit: 1, message: '{what}', remedy: 'Run the command with --help to see its options.' },
  CONFIG_INVALID: {
    exit: 1,
    message: '{count} problem(s) in the configuration',
    remedy: 'Mend each place listed above and run `frist check` again.',
  },
  CONFIG_UNREADABLE: {
    exit: 1,
    message: 'Cannot read {file}: {reason}',
    remedy: 'Check the path and the permissions of the file.',
  },
  FILE_UNWRITABLE: {
    exit: 1,
    message: 'Cannot write {file}: {reason}',
    remedy: 'Name a file that is not there yet, in a folder that you may write to.',
  },
  NOTHING_TO_PROPOSE: {
    exit: 1,
    message: 'None of the {count} tables looks like one of people',
    remedy: 'Write the policy file by hand: docs/policies.md shows how.',
  },
  SETTINGS_INVALID: {
    exit: 1,
    message: 'Setting {setting} is not valid: {reason}',
    remedy: 'Correct it in the settings file or in the environment variable {env}.',
  },
  // These two are printed by bin/frist, with FRIST_ before the code.
  NOT_INSTALLED: {
    exit: 1,
    message: 'frist could not be loaded ({what})',
    remedy: 'Run `npm ci` in the folder of frist, or install it again.',
  },
  NODE_VERSION: {
    exit: 1,
    message: 'frist needs Node 24; this is {version}',
    remedy: 'Run `npm ci` beside frist (it brings Node 24), or install Node 24.',
  },
  // frist itself
  DEFECT: {
    exit: 2,
    message: 'frist met a state that should not exist: {what}',
    remedy: 'This is a defect of frist: report it with this text. Nothing was erased on account of it.',
  },
  HTTP_LISTEN: {
    exit: 1,
    message: 'Cannot listen on {host}:{port} ({code})',
    remedy: 'Choose another `http.port`, or stop what listens there.',
  },
  // Sources
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
  // Plans and approval
  PLAN_UNKNOWN: {
    exit: 1,
    message: 'There is no plan {plan}',
    remedy: '`frist status` lists the plans that wait.',
  },
  PLAN_NOT_WAITING: {
    exit: 1,
    message: 'Plan {plan} does not wait for approval: it is {status}',
    remedy: '`frist status` lists the plans that wait; the next run makes a new one where one is needed.',
  },
  PLAN_EXPIRED: {
    exit: 1,
    message: 'Plan {plan} could be approved until {expires}',
    remedy: 'Run `frist run` for a new plan.',
  },
  PLAN_VOID: {
    exit: 1,
    message: 'Plan {plan} is void: its policy, guard, source or catalogue has changed',
    remedy: 'Run `frist run` for a plan of the policy as it is now.',
  },
  RUN_BUSY: {
    exit: 2,
    message: 'Policy {policy} is running already',
    remedy:
      'Wait until that run ends; `frist status` shows it. After a crash its claim runs out within a minute: run again.',
  },
  // Holds
  HOLD_UNKNOWN: {
    exit: 1,
    message: 'There is no active hold {hold}',
    remedy: '`frist hold list` shows the holds.',
  },
  HOLD_WAIT: {
    exit: 2,
    message: 'The hold stands, but batches that were opened before it have not been settled',
    remedy: 'They end with the running sweep, or with `frist run` after a crash; then run `frist hold list`.',
  },
  RECORD_FAILED: {
    exit: 2,
    message: '{count} record(s) of {source}.{record} cannot be erased under policy {policy} ({code})',
    remedy: 'A foreign key or trigger forbids it: name the referring table as a dependent of the policy.',
  },
  // State
  STATE_MISSING: {
    exit: 2,
    message: 'There is no state',
    remedy:
      'On a first installation run `frist state init`. If an audit trail exists, restore the state from its backup: without it every hold is forgotten.',
  },
  STATE_EXISTS: {
    exit: 1,
    message: 'There is a state already',
    remedy: 'Use it, or name another database; frist never overwrites a state.',
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
  // Audit trail
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
      'The state database is an old copy: restore the newest one. Until then nothing is erased, because holds could be forgotten.',
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
      'Restore that state from its backup: the holds stand in it. For another installation name another place for the trail.',
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
    message: 'The key of epoch {epoch} was destroyed on {on}',
    remedy: 'Its time has passed (`keys.keep`): whom the trail names in that epoch can no longer be told.',
  },
  AUDIT_KEY_PROGRAM: {
    exit: 2,
    message: 'The program {program} failed at {verb}: {what}',
    remedy:
      'Run it by hand as docs/operating.md says under "Keys", and see what it answers. Nothing is erased until it works.',
  },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;
export type ErrorParams = Readonly<Record<string, string | number>>;

function fill(template: string, params: ErrorParams): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => String(params[name] ?? whole));
}

/** An error of the table: `code`, a message that states what is wrong, and `remedy`, what to do about it. */
export class FristError extends Error {
  override readonly name = 'FristError';
  readonly code: ErrorCode;
  readonly params: ErrorParams;
  readonly remedy: string;
  readonly exit: number;

  constructor(code: ErrorCode, params: ErrorParams = {}, options?: { readonly cause?: unknown }) {
    const row = ERRORS[code];
    super(fill(row.message, params), options);
    this.code = code;
    this.params = params;
    this.remedy = fill(row.remedy, params);
    this.exit = row.exit;
  }
}

/** One thing wrong in a configuration file; all are collected and reported at once. */
export interface Problem {
  /** Stable code of the kind of problem, e.g. `unknown-key`. */
  readonly code: string;
  /** Where in the document, e.g. `policies.applicants.within`. */
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly remedy: string;
  readonly severity: 'error' | 'warning';
  /** Filled in by the parser, which knows the text; 1-based. */
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

/** The configuration cannot be used; `problems` names every place. */
export class ConfigError extends FristError {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super('CONFIG_INVALID', { count: problems.length });
    this.problems = problems;
  }
}
