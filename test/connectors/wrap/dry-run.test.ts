import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { createMemoryConnector } from '../../../src/connectors/memory.ts';
import { createMemoryDatabase } from '../../../src/connectors/memory/database.ts';
import { dryRunOf } from '../../../src/connectors/wrap/dry-run.ts';
import { FIXTURE } from '../conformance/fixture.ts';
import { ON, scanAll } from '../conformance/support.ts';
import { DELETE_WITH_ALL, PERSON, view } from '../conformance/views.ts';
import { MEANING } from '../memory-harness.ts';

describe('a connector in a dry run', () => {
  const real = createMemoryConnector(createMemoryDatabase(FIXTURE, MEANING));
  const dry = dryRunOf(real);
  const asked = view({ stages: [DELETE_WITH_ALL] });

  it('opens no session, so that nothing can be erased', async () => {
    await expect(dry.erasing(asked, ON)).rejects.toMatchObject({ failure: 'fatal', code: 'DRY_RUN' });
    // Nor does it hold the lock.
    await (await real.erasing(asked, ON)).release();
  });

  it('answers everything else as the connector itself does', async () => {
    expect(dry.kind).toBe(real.kind);
    expect(dry.capabilities).toBe(real.capabilities);
    expect(await scanAll(dry, asked)).toEqual(await scanAll(real, asked));
    expect(await dry.check([asked], ON)).toEqual(await real.check([asked], ON));
    expect(await dry.count(asked, ON)).toEqual(await real.count(asked, ON));
    expect(await dry.read(asked, [['1']], ON)).toEqual(await real.read(asked, [['1']], ON));
    expect(await dry.dependents(asked, 0, [['1']], ON)).toEqual(await real.dependents(asked, 0, [['1']], ON));
    expect(await dry.verify(asked, 0, [['1'], ['77']], ON)).toEqual(['present', 'gone']);
    expect(await dry.find(PERSON, 'email', 'anna@example.dk')).toBe(1);
    expect(await dry.now()).toBe(await real.now());
    await dry.close();
  });

  it('is the only place that asks whether this is a dry run', () => {
    const root = new URL('../../../src/', import.meta.url);
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.ts'),
    );
    const asking = files.filter((file) =>
      /\bif\s*\(.*dry.?run/i.test(readFileSync(new URL(file, root), 'utf8')),
    );
    expect(files.length).toBeGreaterThan(10);
    expect(asking).toEqual([]);
  });
});
