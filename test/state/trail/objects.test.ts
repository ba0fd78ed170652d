import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { engines } from '../../support/servers/index.ts';
import { codeOf, freshState } from '../support.ts';
import type { TestState } from '../support.ts';

describe.each(await engines())('objects of the trail in the state (%s)', (engine) => {
  let test: TestState;
  beforeAll(async () => {
    test = await freshState(engine);
  });
  afterAll(() => test.drop());

  it('are replaced when they are the expected version, and else left alone', async () => {
    const { trailObjects: objects } = test.state;
    expect(await objects.get('checkpoint')).toBeUndefined();
    const first = await objects.replace('checkpoint', Buffer.from('one'), null);
    const second = await objects.replace('checkpoint', Buffer.from('two'), first);
    expect(second).not.toBe(first);
    for (const stale of [first, null])
      expect(await codeOf(objects.replace('checkpoint', Buffer.from('three'), stale))).toBe(
        'AUDIT_SWAP_LOST',
      );
    expect(await codeOf(objects.replace('other', Buffer.from('x'), first))).toBe('AUDIT_SWAP_LOST');
    expect(await objects.get('checkpoint')).toEqual({ bytes: Buffer.from('two'), tag: second });
  });

  it('hold the largest append there is, whatever its bytes', async () => {
    const { trailObjects: objects } = test.state;
    const { trailObjects: others } = await test.open();
    let tag: string | null = null;
    for (const size of [16 * 1024 * 1024 + 5, 3 * 1024 * 1024, 1, 3 * 1024 * 1024 + 1]) {
      const bytes = Buffer.alloc(size, Buffer.from([0, 255, 10, 39]));
      tag = await objects.replace('.state/pending', bytes, tag);
      expect((await others.get('.state/pending'))?.bytes.equals(bytes)).toBe(true);
    }
  });

  it('let one of several writers win', async () => {
    const states = [test.state, await test.open(), await test.open()];
    let tag: string | null = null;
    for (let round = 0; round < 5; round++) {
      const expected: string | null = tag;
      const results = await Promise.allSettled(
        states.map(({ trailObjects }, i) =>
          trailObjects.replace('race', Buffer.from(`${round} ${i}`), expected),
        ),
      );
      expect(results.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
      tag = (await test.state.trailObjects.get('race'))?.tag ?? null;
    }
  });
});
