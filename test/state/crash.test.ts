// Processes that are killed, and processes that race each other, on the same state.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { engines } from '../support/servers/index.ts';
import { aHold, freshState } from './support.ts';
import type { TestState } from './support.ts';

interface Other {
  readonly lines: string[];
  readonly process: ChildProcess;
  readonly ended: Promise<unknown>;
}

describe.each(await engines())('on %s', (engine) => {
  let test: TestState;
  let others: Other[];
  beforeEach(async () => {
    test = await freshState(engine);
    others = [];
  });
  afterEach(async () => {
    for (const { process: other } of others) other.kill('SIGKILL');
    await Promise.all(others.map(({ ended }) => ended));
    await test.drop();
  });

  function start(what: string, name: string): Other {
    const args = [join(import.meta.dirname, 'child.ts'), what, test.url, name];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines: string[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
    const other = { lines, process: child, ended: once(child, 'close') };
    others.push(other);
    return other;
  }

  async function until(condition: () => boolean): Promise<void> {
    while (!condition()) await pause(5);
  }

  async function kill(other: Other): Promise<void> {
    other.process.kill('SIGKILL');
    await other.ended;
  }

  it('a process killed in a transaction leaves nothing half-done, and nobody waiting', async () => {
    const other = start('stand', 'dead');
    await until(() => other.lines.includes('inside'));
    expect(await test.state.openBatches()).toEqual([]);
    await kill(other);
    await test.state.transaction((t) => t.addHold(aHold({ id: 'after' })));
    expect((await test.state.holds({ active: true })).map(({ id }) => id)).toEqual(['after']);
    expect(await test.state.openBatches()).toEqual([]);
    expect(await test.state.pendingOutbox(10)).toEqual([]);
  });

  it('a run whose process was killed is taken over when its lease has ended', async () => {
    const other = start('stand', 'dead');
    await until(() => other.lines.includes('inside'));
    await kill(other);
    let fence: number | undefined;
    while ((fence = await test.state.lease('run:k:p', 'heir', 60_000)) === undefined) await pause(20);
    expect(fence).toBe(2);
    const [left] = await test.state.runs({ policy: 'p', states: ['running'], limit: 2 });
    expect(left?.id).toBe('crashed');
    await test.state.transaction((t) => t.finishRun('crashed', 'interrupted', '2026-11-22T04:00:00Z', {}));
    expect(await test.state.runs({ policy: 'p', states: ['running'], limit: 2 })).toEqual([]);
  });

  it('what a killed process had done is whole, and all that it said is there', async () => {
    for (const name of ['a', 'b', 'c']) {
      const other = start('loop', name);
      await until(() => other.lines.length >= 5);
      await pause(other.lines.length % 7);
      await kill(other);
      const holds = (await test.state.holds({ active: true })).map(({ id }) => id);
      const rows = await test.state.pendingOutbox(100_000);
      const entries = rows.flatMap((row) =>
        row.entries.map((entry) => (JSON.parse(entry) as { hold: string }).hold),
      );
      expect(entries).toEqual(holds);
      const mine = holds.filter((id) => id.startsWith(name));
      expect(mine).toEqual(mine.map((_, n) => `${name}-${n}`));
      expect(mine).toEqual(expect.arrayContaining(other.lines));
      expect(mine.length - other.lines.length).toBeLessThanOrEqual(1);
      const open = (await test.state.openBatches()).filter(({ id }) => id.startsWith(name));
      expect(open.map(({ id }) => id)).toEqual(mine.slice(-1));
    }
  });

  it('processes that race for slots get each slot once', async () => {
    const racers = ['a', 'b', 'c'].map((name) => start('race', name));
    await Promise.all(racers.map(({ ended }) => ended));
    const won = racers.flatMap(({ lines }) => lines);
    expect(won.map((id) => Number(id.split('-')[1])).sort((a, b) => a - b)).toEqual([...Array(20).keys()]);
    const rows = await test.state.pendingOutbox(100);
    expect(rows.flatMap(({ entries }) => entries).sort()).toEqual(won.map((id) => `{"run":"${id}"}`).sort());
  });

  it('processes that take a lease in turn never have the same number', async () => {
    const racers = ['a', 'b'].map((name) => start('leases', name));
    await Promise.all(racers.map(({ ended }) => ended));
    const numbers = racers.flatMap(({ lines }) => lines.map(Number)).sort((a, b) => a - b);
    expect(numbers).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
  });
});
