/** Database errors, made safe to tell: they quote rows in their message, their SQL and their detail. */

/** What may be known of a database error: never its message, its SQL or its detail, which quote rows. */
export interface DatabaseFault {
  /** The system's own code (`ER_LOCK_DEADLOCK`, `40P01`, `SQLITE_BUSY`), or one of frist's own in capitals. */
  readonly code: string;
  /** `transient`: try again; `data`: a row is the reason; `fatal`: neither helps. See `FailureClass` of a connector. */
  readonly class: 'transient' | 'data' | 'fatal';
  /** The connection is gone, and with it the answer: where a COMMIT was sent, its outcome is not known. */
  readonly lost: boolean;
}

const LOST = new Set(
  (
    'PROTOCOL_CONNECTION_LOST PROTOCOL_SEQUENCE_TIMEOUT ECONNRESET EPIPE ETIMEDOUT ECONNABORTED CONNECTION_LOST ' +
    'ER_CONNECTION_KILLED ER_SERVER_SHUTDOWN ER_NEW_ABORTING_CONNECTION ER_ABORTING_CONNECTION ' +
    'ER_CLIENT_INTERACTION_TIMEOUT ERRNO_1927 ERRNO_1053 08000 08003 08006 57P01 57P02 25P03 57P05'
  ).split(' '),
);
const TRANSIENT = new Set(
  (
    'ER_LOCK_DEADLOCK ER_LOCK_WAIT_TIMEOUT ER_CHECKREAD ER_QUERY_INTERRUPTED ER_STATEMENT_TIMEOUT ERRNO_1969 ' +
    'ER_CON_COUNT_ERROR ER_USER_LIMIT_REACHED ER_TOO_MANY_USER_CONNECTIONS POOL_TIMEOUT ' +
    '40001 40P01 55P03 57014 57P03 53300 SQLITE_BUSY SQLITE_LOCKED SQLITE_INTERRUPT'
  ).split(' '),
);
/** SIGNAL, raised exceptions, values that do not fit, check constraints, triggered actions; SQLSTATE 22 and 23 besides. */
const DATA = new Set(
  (
    'ER_SIGNAL_EXCEPTION WARN_DATA_TRUNCATED ER_TRUNCATED_WRONG_VALUE_FOR_FIELD ER_CHECK_CONSTRAINT_VIOLATED ' +
    'ERRNO_4025 ERRNO_3819 P0001 44000 09000 27000'
  ).split(' '),
);

/** Errors without a code, known by the driver's own fixed words. */
const LOST_WORDS =
  /closed state|Connection terminated|connection is closed|not queryable|connection error|not open/i;

function faultCode(error: Readonly<Record<string, unknown>>): string {
  const { code, errno, name, message } = error;
  if (name === 'KnexTimeoutError') return 'POOL_TIMEOUT';
  if (typeof code === 'string' && /^[A-Z0-9_]{2,64}$/.test(code) && !code.startsWith('UNKNOWN_CODE'))
    return code;
  if (typeof errno === 'number') return `ERRNO_${errno}`;
  return typeof message === 'string' && LOST_WORDS.test(message) ? 'CONNECTION_LOST' : 'UNKNOWN';
}

/** Lets through of an error only what no row can stand in, and says how it may be met. */
export function databaseFault(error: unknown): DatabaseFault {
  const fields = (typeof error === 'object' && error !== null ? error : {}) as Readonly<
    Record<string, unknown>
  >;
  const code = faultCode(fields);
  const lost = LOST.has(code);
  if (lost || TRANSIENT.has(code) || /^SQLITE_(?:BUSY|LOCKED)/.test(code))
    return { code, class: 'transient', lost };
  const { sqlState } = fields;
  const state = typeof sqlState === 'string' ? sqlState : /^[0-9A-Z]{5}$/.test(code) ? code : '';
  const data =
    DATA.has(code) ||
    /^2[23]/.test(state) ||
    state === '45000' ||
    /^SQLITE_(?:CONSTRAINT|MISMATCH)/.test(code);
  return { code, class: data ? 'data' : 'fatal', lost };
}
