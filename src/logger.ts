/**
 * The log: one line an event on stderr, JSON or text. It holds no personal data, by construction:
 *
 * - the event is a constant of the program;
 * - of the fields only the names in `FIELDS` pass, each as a count, a flag or a word, and a word with any other
 *   character than names, ids and codes are made of (an `@`, a quote) is withheld;
 * - of an error only its code and the place in the program pass: messages of databases quote rows.
 *
 * JSON: {"time":"2026-01-31T03:15:00.000Z","level":"info","event":"batch settled","policy":"contacts","records":500}
 * Text: 2026-01-31T03:15:00.000Z INFO  batch settled policy=contacts records=500
 */
import type { Writable } from 'node:stream';
import winston from 'winston';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Every field that may pass, and what it is. */
const FIELDS = {
  // Names that the operator gave, and ids of our own
  controller: 'word',
  policy: 'word',
  source: 'word',
  record: 'word',
  kind: 'word',
  job: 'word',
  slot: 'word',
  run: 'word',
  plan: 'word',
  batch: 'word',
  replica: 'word',
  stage: 'count',
  hold: 'word',
  request: 'word',
  entry: 'word',
  digest: 'word',
  lease: 'word',
  guard: 'word',
  status: 'word',
  verdict: 'word',
  setting: 'word',
  signal: 'word',
  version: 'word',
  host: 'word',
  installation: 'word',
  epoch: 'word',
  due: 'word',
  asOf: 'word',
  // Counts
  records: 'count',
  population: 'count',
  matching: 'count',
  dueCount: 'count',
  overdue: 'count',
  erased: 'count',
  changed: 'count',
  absent: 'count',
  failed: 'count',
  held: 'count',
  pending: 'count',
  deleted: 'count',
  anonymised: 'count',
  detached: 'count',
  kept: 'count',
  waiting: 'count',
  attempt: 'count',
  count: 'count',
  entries: 'count',
  size: 'count',
  percent: 'count',
  port: 'count',
  pid: 'count',
  milliseconds: 'count',
  seconds: 'count',
  exit: 'count',
  limit: 'count',
  observed: 'count',
  // Whether
  dryRun: 'flag',
  manual: 'flag',
  // What an error lets through
  code: 'word',
  failure: 'word',
  at: 'word',
} as const satisfies Record<string, 'word' | 'count' | 'flag'>;

interface Kinds {
  readonly word: string;
  readonly count: number;
  readonly flag: boolean;
}

/** Fields of a log line. `error` takes whatever was caught; only its code and place are logged. */
export type LogFields = { readonly [F in keyof typeof FIELDS]?: Kinds[(typeof FIELDS)[F]] | undefined } & {
  readonly error?: unknown;
};

/** What the rest of the program knows of the log. `event` is a constant, never built from data. */
export interface Logger {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

/** The same log; these fields stand in each line that does not give them itself. */
export function withFields(logger: Logger, always: LogFields): Logger {
  return {
    debug: (event, fields) => logger.debug(event, { ...always, ...fields }),
    info: (event, fields) => logger.info(event, { ...always, ...fields }),
    warn: (event, fields) => logger.warn(event, { ...always, ...fields }),
    error: (event, fields) => logger.error(event, { ...always, ...fields }),
  };
}

export interface LoggerOptions {
  readonly level: LogLevel;
  readonly format: 'json' | 'text';
  readonly stream: Writable;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Names, ids, codes, dates. No `@`, quotes or brackets: what a row holds is more likely to have one than to have none. */
const WORD = /^[\p{L}\p{N} _.:/*-]{1,120}$/u;
const WITHHELD = '(withheld)';

function word(value: string): string {
  return WORD.test(value) ? value : WITHHELD;
}

/** Where in the program an error arose: the first frame below its message that lies in a file of ours. */
function frame(error: Error): string | undefined {
  const stack = error.stack ?? '';
  const below = stack.indexOf(error.message) + error.message.length;
  return /\(?(?:file:\/\/)?\/[^\s()]*?\/((?:src|jobs)\/[\w./-]+:\d+:\d+)\)?$/m.exec(stack.slice(below))?.[1];
}

/** What passes of an error: the code (ours, the database's, the system's, or the class), and where it arose. */
function errorFields(error: unknown): LogFields {
  if (!(error instanceof Error)) return { code: 'NOT_AN_ERROR' };
  const { code, failure } = error as { readonly code?: unknown; readonly failure?: unknown };
  const at = frame(error);
  return {
    code: word(typeof code === 'string' || typeof code === 'number' ? String(code) : error.name),
    ...(typeof failure === 'string' ? { failure: word(failure) } : {}),
    ...(at === undefined ? {} : { at }),
  };
}

type Passed = Readonly<Record<string, string | number | boolean>>;

/** The fields that may pass, in the order of `FIELDS`. */
function passing(fields: LogFields): Passed {
  const given: Readonly<Record<string, unknown>> =
    fields.error === undefined ? fields : { ...errorFields(fields.error), ...fields };
  const passed: Record<string, string | number | boolean> = {};
  for (const [name, kind] of Object.entries(FIELDS)) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    if (kind === 'word' && typeof value === 'string') passed[name] = word(value);
    if (kind === 'count' && typeof value === 'number' && Number.isFinite(value)) passed[name] = value;
    if (kind === 'flag' && typeof value === 'boolean') passed[name] = value;
  }
  return passed;
}

function textLine(time: string, level: LogLevel, event: string, fields: Passed): string {
  const pairs = Object.entries(fields).map(([name, value]) => {
    return `${name}=${typeof value === 'string' && value.includes(' ') ? JSON.stringify(value) : String(value)}`;
  });
  return [time, level.toUpperCase().padEnd(5), event, ...pairs].join(' ');
}

/** Makes the log of the process. Lines below `level` are dropped. */
export function createLogger({ level, format, stream, now }: LoggerOptions): Logger {
  const sink = winston.createLogger({
    level,
    levels: { error: 0, warn: 1, info: 2, debug: 3 },
    format: winston.format.printf(({ message }) => String(message)),
  });
  // winston declares its transports as interfaces, and takes instances of the class that they are.
  const transport: unknown = new winston.transports.Stream({ stream, eol: '\n' });
  sink.add(transport as winston.transport);
  const write = (at: LogLevel, event: string, fields: LogFields): void => {
    const time = new Date(now()).toISOString();
    const passed = passing(fields);
    const line =
      format === 'json'
        ? JSON.stringify({ time, level: at, event: word(event), ...passed })
        : textLine(time, at, word(event), passed);
    sink.log(at, line);
  };
  return {
    debug: (event, fields = {}) => write('debug', event, fields),
    info: (event, fields = {}) => write('info', event, fields),
    warn: (event, fields = {}) => write('warn', event, fields),
    error: (event, fields = {}) => write('error', event, fields),
  };
}
