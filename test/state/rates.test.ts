// A rate that several processes keep together: each takes the next free time.
import { describe, expect, it } from '@jest/globals';
import { engines } from '../support/servers/index.ts';
import { freshState } from './support.ts';

describe.each(await engines())('time of one name on %s', (engine) => {
  it('is given out once, to whichever process, and nobody waits for more than a minute', async () => {
    const test = await freshState(engine);
    try {
      const other = await test.open();
      expect(await test.state.reserve('crm', 20_000)).toBe(0);
      const second = await other.reserve('crm', 20_000);
      const third = await test.state.reserve('crm', 1000);
      // Time passes between the calls, on the clock of the server.
      expect(second).toBeGreaterThan(0);
      expect(second).toBeLessThanOrEqual(20_000);
      expect(third).toBeGreaterThan(second);
      expect(third).toBeLessThanOrEqual(40_000);
      await test.state.reserve('crm', 1e9);
      expect(await other.reserve('crm', 1000)).toBe(60_000);
      expect(await other.reserve('ats', 1000)).toBe(0);
    } finally {
      await test.drop();
    }
  });
});
