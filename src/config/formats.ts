/** What a setting can be. Strict: a value is taken as it is written or refused, never bent into something valid. */
import { cronFault } from '../policy/parse/build/cron.ts';
import { isWebAddress, mailServerOf } from './alerts.ts';

export type Value = string | number | boolean;

export interface Format {
  /** What a valid value is, for messages. */
  readonly says: string;
  /** The value in its own type; undefined where it is not valid. Text is what the environment gives. */
  readonly read: (value: unknown) => Value | undefined;
}

const textual = (says: string, fits: (text: string) => boolean): Format => ({
  says,
  read: (value) => (typeof value === 'string' && fits(value) ? value : undefined),
});

const oneOf = (...words: readonly string[]): Format =>
  textual(words.join(' or '), (text) => words.includes(text));

function numeric(min: number, max: number, unit: string, whole = true): Format {
  const pattern = whole ? /^\d+$/ : /^\d+(?:\.\d+)?$/;
  return {
    says: `a ${whole ? 'whole ' : ''}number from ${String(min)} to ${String(max)}${unit}`,
    read: (value) => {
      const number = typeof value === 'string' && pattern.test(value) ? Number(value) : value;
      if (typeof number !== 'number' || (whole && !Number.isInteger(number))) return undefined;
      return number >= min && number <= max ? number : undefined;
    },
  };
}

const YES_NO: ReadonlyMap<unknown, boolean> = new Map<unknown, boolean>([
  [true, true],
  ['true', true],
  ['yes', true],
  ['1', true],
  [false, false],
  ['false', false],
  ['no', false],
  ['0', false],
]);

/** Milliseconds of an ISO 8601 duration of days, hours, minutes and seconds; undefined where it is none, or zero. */
export function durationMs(text: string): number | undefined {
  const parts = /^P(?:(\d{1,4})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,6})S)?)?$/.exec(text);
  if (parts === null || text.endsWith('T')) return undefined;
  // A group that matched nothing is undefined, whatever its type says.
  const given = parts.slice(1) as readonly (string | undefined)[];
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = given.map((part) => Number(part ?? 0));
  const ms = (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
  return ms > 0 ? ms : undefined;
}

const isPath = (text: string): boolean => text.trim() !== '' && !text.includes('\0');

export const FORMATS = {
  path: textual('a path', isPath),
  'database-url': textual('sqlite:PATH or a mysql://, mariadb:// or postgres:// URL', (text) =>
    /^(?:sqlite:.+|(?:mysql|mariadb|postgres|postgresql):\/\/.+)$/s.test(text),
  ),
  id: textual('an id of letters, digits, ".", "_" and "-"', (text) => /^[A-Za-z0-9._-]{1,64}$/.test(text)),
  origin: textual('a name without spaces and "+"', (text) => /^[!-*,-~]{1,200}$/.test(text)),
  level: oneOf('debug', 'info', 'warn', 'error'),
  output: oneOf('json', 'text', 'auto'),
  host: textual('a host name or address', (text) => /^[A-Za-z0-9.:_-]+$/.test(text)),
  port: numeric(0, 65_535, ''),
  cron: textual('a cron expression with five fields', (text) => cronFault(text) === undefined),
  duration: textual('an ISO 8601 duration such as PT6H', (text) => durationMs(text) !== undefined),
  'batch-size': numeric(1, 5000, ' records'),
  'page-size': numeric(1, 100_000, ' records'),
  milliseconds: numeric(1, 600_000, ' milliseconds'),
  days: numeric(1, 365, ' days'),
  life: numeric(1, 36_500, ' days'),
  backups: numeric(0, 3650, ' days'),
  percent: numeric(1, 100, ' percent'),
  'key-source': textual(
    'a path, env:NAME, or command: and a program with its arguments, separated by single spaces',
    (text) => {
      if (text.startsWith('env:')) return /^env:[A-Za-z_][A-Za-z0-9_]*$/.test(text);
      if (text.startsWith('command:')) return /^command:[^\s\p{Cc}]+(?: [^\s\p{Cc}]+)*$/u.test(text);
      return isPath(text);
    },
  ),
  years: numeric(1, 100, ' years'),
  bucket: textual('the name of a bucket', (text) => /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(text)),
  prefix: textual('names of letters, digits, ".", "_" and "-", with "/" between them', (text) =>
    /^[A-Za-z0-9_-][A-Za-z0-9._-]*(?:\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/.test(text),
  ),
  endpoint: textual('an http:// or https:// URL without a path', (text) =>
    /^https?:\/\/[A-Za-z0-9.:[\]_-]+\/?$/.test(text),
  ),
  'redis-url': textual('a redis:// or rediss:// URL', (text) => /^rediss?:\/\/.+$/s.test(text)),
  workers: numeric(0, 8, ' partitions'),
  'partition-size': numeric(1, 100_000, ' records'),
  attempts: numeric(1, 100, ' times'),
  secret: textual('a text', (text) => text.trim() !== ''),
  'signing-secret': textual('a text of at least 16 characters', (text) => text.trim().length >= 16),
  'web-address': textual(
    'an http:// or https:// URL without user, password and "#", and of no link-local address',
    isWebAddress,
  ),
  'mail-address': textual('one e-mail address', (text) => /^[^\s@,;:<>"()]+@[^\s@,;:<>"()]+$/.test(text)),
  'mail-server': textual(
    'smtp://HOST:PORT or smtps://HOST:PORT (with USER:PASSWORD@ before the host if it needs them; smtp://HOST:PORT?tls=off for a server without TLS), and of no link-local address',
    (text) => mailServerOf(text) !== undefined,
  ),
  checksums: oneOf('required', 'supported'),
  permission: oneOf('allowed', 'forbidden'),
  lock: oneOf('none', 'governance', 'compliance'),
  share: numeric(0, 100, '', false),
  bool: { says: 'true or false', read: (value) => YES_NO.get(value) },
} as const satisfies Record<string, Format>;
