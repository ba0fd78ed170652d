import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ERRORS, FristError } from '../src/errors.ts';
import type { ErrorCode } from '../src/errors.ts';
import { SourceFailure } from '../src/connectors/connector.ts';
import { createLogger } from '../src/logger.ts';
import type { LogFields, LoggerOptions, LogLevel } from '../src/logger.ts';

const NOW = Date.UTC(2026, 0, 31, 3, 15);

/** A logger and what it has written. */
function logging(options: Partial<LoggerOptions> = {}) {
  const stream = new PassThrough();
  const logger = createLogger({ level: 'debug', format: 'json', stream, now: () => NOW, ...options });
  const text = (): string => String(stream.read() ?? '');
  return { logger, text, line: () => JSON.parse(text()) as Readonly<Record<string, unknown>> };
}

/** An error as a database driver throws it: full of a row. */
function driverError(): Error {
  const error = new Error("Duplicate entry 'anna@example.com' for key 'email'");
  return Object.assign(error, {
    code: 'ER_DUP_ENTRY',
    errno: 1062,
    sqlState: '23000',
    sqlMessage: "Duplicate entry 'anna@example.com'",
    sql: "UPDATE contacts SET email = 'anna@example.com'",
    detail: 'Key (email)=(anna@example.com) already exists',
    cause: new Error('anna@example.com'),
  });
}

describe('lines', () => {
  it('are JSON with time, level, event and the fields', () => {
    const { logger, text } = logging();
    logger.info('batch settled', { records: 500, policy: 'contacts', dryRun: false });
    expect(text()).toBe(
      '{"time":"2026-01-31T03:15:00.000Z","level":"info","event":"batch settled","policy":"contacts","records":500,"dryRun":false}\n',
    );
  });

  it('are text for people', () => {
    const { logger, text } = logging({ format: 'text' });
    logger.warn('guard tripped', { policy: 'old contacts', limit: 100 });
    expect(text()).toBe('2026-01-31T03:15:00.000Z WARN  guard tripped policy="old contacts" limit=100\n');
  });

  it('below the level are dropped', () => {
    const written = (level: LogLevel): number => {
      const { logger, text } = logging({ level });
      logger.debug('a');
      logger.info('b');
      logger.warn('c');
      logger.error('d');
      return text().split('\n').length - 1;
    };
    expect((['debug', 'info', 'warn', 'error'] as const).map(written)).toEqual([4, 3, 2, 1]);
  });
});

describe('errors', () => {
  it('of a database pass their code and nothing else', () => {
    const { logger, line } = logging();
    logger.error('batch failed', { policy: 'contacts', error: driverError() });
    const { at, ...rest } = line();
    expect(rest).toEqual({
      time: '2026-01-31T03:15:00.000Z',
      level: 'error',
      event: 'batch failed',
      policy: 'contacts',
      code: 'ER_DUP_ENTRY',
    });
    expect(at ?? '').not.toContain('anna');
  });

  it('of a source pass code and class', () => {
    const { logger, line } = logging();
    logger.error('x', { error: new SourceFailure('transient', 'ER_LOCK_DEADLOCK') });
    expect(line()).toMatchObject({ code: 'ER_LOCK_DEADLOCK', failure: 'transient' });
  });

  it('of our own pass their code', () => {
    const { logger, line } = logging();
    logger.error('x', {
      error: new FristError(Object.keys(ERRORS)[0] as ErrorCode, { what: 'anna@example.com' }),
    });
    expect(line()['code']).toBe(Object.keys(ERRORS)[0]);
  });

  it('without a code pass their class, and their place in the program', () => {
    const { logger, line } = logging();
    const error = new TypeError('anna@example.com\n    at Object.<anonymous> (/home/anna/src/anna.ts:1:1)');
    error.stack = `TypeError: ${error.message}\n    at run (/opt/frist/src/erasure/sweep.ts:12:7)\n    at main (/x.ts:1:1)`;
    logger.error('x', { error });
    expect(line()).toMatchObject({ code: 'TypeError', at: 'src/erasure/sweep.ts:12:7' });
  });

  it('that are none are told as such', () => {
    const { logger, line } = logging();
    logger.error('x', { error: 'anna@example.com' });
    expect(line()['code']).toBe('NOT_AN_ERROR');
  });

  it('are left as they were (winston changes what it is given)', () => {
    const error = driverError();
    const before = Object.getOwnPropertyNames(error).map((name) => [
      name,
      Reflect.get(error, name) as unknown,
    ]);
    logging().logger.error('x', { error });
    expect(
      Object.getOwnPropertyNames(error).map((name) => [name, Reflect.get(error, name) as unknown]),
    ).toEqual(before);
  });
});

describe('nothing else passes', () => {
  const SECRET = 'anna@example.com';

  it('of unknown fields, nested values, or values of another kind', () => {
    const { logger, line } = logging();
    const fields = {
      email: SECRET,
      message: SECRET,
      err: driverError(),
      policy: { name: SECRET },
      source: [SECRET],
      records: SECRET,
      dryRun: SECRET,
      level: SECRET,
      time: SECRET,
      percent: Number.NaN,
    };
    logger.info('x', fields as unknown as LogFields);
    expect(line()).toEqual({ time: '2026-01-31T03:15:00.000Z', level: 'info', event: 'x' });
  });

  it('of words and events with characters that no name of ours has', () => {
    const { logger, line } = logging();
    logger.info(`sent to ${SECRET}`, { policy: SECRET, code: `x\n${SECRET}` });
    expect(line()).toMatchObject({ event: '(withheld)', policy: '(withheld)', code: '(withheld)' });
  });

  it('whatever is thrown at it', () => {
    fc.assert(
      fc.property(
        fc.object({
          maxDepth: 3,
          withBigInt: true,
          withDate: true,
          values: [fc.constant(SECRET), fc.anything()],
        }),
        (fields) => {
          const { logger, text } = logging();
          logger.warn('x', fields);
          logger.error('x', { error: Object.assign(driverError(), fields) });
          const written = text();
          expect(written.split('\n')).toHaveLength(3);
          expect(written).not.toContain(SECRET);
        },
      ),
    );
  });
});
