/**
 * The one table of coded errors. A code is stable: scripts and runbooks rely on it, so it is never re-used.
 * `docs/errors.md` is generated from this table and a test holds the two together.
 *
 * `{name}` in a message or remedy is replaced by the parameter of that name. No parameter may carry a value read from
 * a source: database errors quote rows, and an error text ends in logs (see `databaseFault` in database.ts).
 */
import { DECIDING_ERRORS } from './errors/deciding.ts';
import { SOURCE_ERRORS } from './errors/sources.ts';
import { STATE_ERRORS } from './errors/state.ts';
import { TRAIL_ERRORS } from './errors/trail.ts';
import { USAGE_ERRORS } from './errors/usage.ts';
import type { ErrorRow } from './errors/row.ts';

/** Exit status of the process for a class of error (README, "Exit status"). */
export const EXIT = { ok: 0, config: 1, failed: 2, waiting: 3, trail: 4, overdue: 5 } as const;

export const ERRORS = {
  ...USAGE_ERRORS,
  ...SOURCE_ERRORS,
  ...DECIDING_ERRORS,
  ...STATE_ERRORS,
  ...TRAIL_ERRORS,
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
