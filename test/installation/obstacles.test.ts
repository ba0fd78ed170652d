// What `/readyz` is told: codes of frist's own, the source by its name, and an answer however long a source takes.
import { describe, expect, it } from '@jest/globals';
import { SourceFailure, type Connector } from '../../src/connectors/connector.ts';
import { FristError, type ErrorCode } from '../../src/errors.ts';
import type { Obstacle } from '../../src/installation/app.ts';
import { createLook } from '../../src/installation/obstacles.ts';
import type { Durable } from '../../src/installation/wiring.ts';

type Parts = Parameters<typeof createLook>[0];

/** An installation of which only that is there that is looked at. */
function parts(whole: Partial<Record<'state' | 'store' | 'trail', unknown>> = {}): Parts {
  return {
    state: { installation: () => Promise.resolve() },
    store: { get: () => Promise.resolve('a checkpoint') },
    ring: { current: () => Promise.resolve() },
    trail: { trouble: () => undefined },
    ...whole,
  } as unknown as Pick<Durable, 'state' | 'trail' | 'store' | 'ring'>;
}

const source = (name: string, check: () => Promise<unknown>) => ({
  controller: 'Acme A/S',
  source: name,
  connector: () => ({ check }) as unknown as Connector,
});

const of = (code: ErrorCode, name?: string): Obstacle => ({
  code,
  controller: name === undefined ? undefined : 'Acme A/S',
  source: name,
});

describe('what keeps an installation from erasing', () => {
  it('is told by codes of the one table, each with its source', async () => {
    const look = createLook(parts(), [
      source('well', () => Promise.resolve()),
      source('down', () => Promise.reject(new SourceFailure('transient', 'ECONNREFUSED'))),
      source('refused', () => Promise.reject(new SourceFailure('fatal', 'ER_TABLEACCESS_DENIED_ERROR'))),
      source('named', () => Promise.reject(new FristError('DATABASE_URL', { what: '' }))),
      source('defect', () => Promise.reject(new TypeError('a defect'))),
    ]);
    const codes = (await look()).map(({ code, source: name }) => [name, code]);
    expect(codes).toEqual([
      ['down', 'SOURCE_LOST'],
      ['refused', 'SOURCE_REFUSED'],
      ['named', 'DATABASE_URL'],
      ['defect', 'DEFECT'],
    ]);
  });

  it('is told though a source hangs, and the source is not asked again meanwhile', async () => {
    let asked = 0;
    let answer = (): void => undefined;
    const slow = source('slow', () => {
      asked += 1;
      return new Promise<void>((resolve) => {
        answer = resolve;
      });
    });
    const down = source('down', () => Promise.reject(new SourceFailure('fatal', 'ECONNREFUSED')));
    const look = createLook(parts(), [slow, down], 30);
    const both = [of('SOURCE_UNREACHABLE', 'slow'), of('SOURCE_UNREACHABLE', 'down')];
    expect(await look()).toEqual(both);
    expect(await look()).toEqual(both);
    expect(asked).toBe(1);
    answer();
    await new Promise((resolve) => setImmediate(resolve));
    const again = look();
    answer();
    expect(await again).toEqual([of('SOURCE_UNREACHABLE', 'down')]);
    expect(asked).toBe(2);
  });

  it('is told though state and trail hang', async () => {
    const never = (): Promise<never> => new Promise(() => undefined);
    const look = createLook(parts({ state: { installation: never }, store: { get: never } }), [], 30);
    expect(await look()).toEqual([of('STATE_UNREACHABLE'), of('AUDIT_STORE')]);
  });
});
