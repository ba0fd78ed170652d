// The holds that stand can be listed wherever the state can be read: no policy file is needed, and no source.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Process } from '../../src/cli/shared/process.ts';
import { initState, openState } from '../../src/state/open.ts';
import type { Hold } from '../../src/state/state.ts';
import { listen, runHere } from '../support/here.ts';

const now = (): number => Date.parse('2026-11-22T03:00:00Z');
const hold = (id: string, more: Partial<Hold>): Hold => ({
  id,
  kind: 'hold',
  subjects: [['email', 'karen@example.org']],
  placed: '2026-11-01T00:00:00.000Z',
  by: 'dpo.1',
  ...more,
});

let folder = '';
let environment: Process['environment'];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'frist-hold-'));
  const url = `sqlite:${join(folder, 'state.db')}`;
  environment = { FRIST_STATE_URL: url };
  await initState(
    url,
    { id: 'i', origin: 'example.com/trail', created: '2026-11-01T00:00:00.000Z' },
    { clock: now },
  );
  const state = await openState(url, { clock: now });
  await state.transaction(async (t) => {
    await t.addHold(hold('h-1', { sources: ['crm', 'ats'], review: '2026-11-21' }));
    await t.addHold(hold('h-2', {}));
    await t.releaseHold('h-2', '2026-11-20T00:00:00.000Z');
  });
  await state.close();
});
afterAll(() => rm(folder, { recursive: true }));

async function list(...options: string[]): Promise<string> {
  const { stream } = listen();
  const { status, out, err } = await runHere(['hold', 'list', ...options], {
    environment,
    now,
    logs: stream,
  });
  expect(status).toBe(0);
  return out + err;
}

describe('frist hold list', () => {
  it('names whom, where, since when, by whom, and what is past its review', async () => {
    const lines = (await list()).trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[1]).toMatch(
      /^h-1 +hold +email=karen@example\.org +crm,ats +2026-11-01 +dpo\.1 +2026-11-21, past$/,
    );
    expect(lines[2]).toBe('1 hold(s) past their review: look at them again');
  });

  it('has the released ones, whose people are forgotten, when asked', async () => {
    expect(await list('--all')).toMatch(/^h-2 .*released 2026-11-20$/m);
    const { holds } = JSON.parse(await list('--all', '--json')) as { readonly holds: readonly Hold[] };
    expect(holds.map(({ id, subjects }) => [id, subjects.length])).toEqual([
      ['h-1', 1],
      ['h-2', 0],
    ]);
  });
});
