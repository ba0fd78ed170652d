// Fifty kills here; `npm run test:storm` has many more, with the same code.
import { describe, expect, it } from '@jest/globals';
import { newSeed, seeded } from '../support/random.ts';
import { engines } from '../support/servers/index.ts';
import { storm } from './storm.ts';
import { ENGINE_OF, type Ground } from './world.ts';

const here = await engines();
const KILLS = Number(process.env['FRIST_STORM_KILLS'] ?? '50');
/** Of fifty. */
const SHARES: Readonly<Record<Ground, number>> = { innodb: 18, myisam: 18, postgres: 7, sqlite: 7 };
const grounds = (Object.keys(SHARES) as Ground[]).filter((ground) => here.includes(ENGINE_OF[ground]));

describe.each(grounds)('a storm over %s', (ground) => {
  const kills = Math.round((KILLS * SHARES[ground]) / 50);

  it(`of ${String(kills)} kills: nothing is lost, doubled or claimed that was not so`, async () => {
    const seed = newSeed();
    try {
      const weather = await storm(ground, kills, seeded(seed));
      process.stderr.write(`${ground}, seed ${String(seed)}: ${JSON.stringify(weather)}\n`);
      expect(weather.kills).toBe(kills);
    } catch (error) {
      throw new Error(`${ground}: FRIST_TEST_SEED=${String(seed)} repeats it`, { cause: error });
    }
  });
});
