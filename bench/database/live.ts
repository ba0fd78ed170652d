/** How long the application beside has to wait while rows are erased. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fristCommand } from '../frist.ts';
import { run, type Command } from '../measuring/measure.ts';
import { archive, statement } from './others.ts';
import { spread, table as markdown } from '../measuring/report.ts';
import type { Bench } from '../sections.ts';
import { reset, type Table } from './table.ts';
import type { WaitsByKind } from './workload.ts';

const ROUNDS = 3;
const WARM_UP_MS = 2000;
const ALONE_MS = 8000;

interface Purger {
  readonly name: string;
  readonly command?: () => Promise<Command> | Command;
}

/** Milliseconds that the statements of a live workload take beside each way to erase; medians of three runs. */
export async function live(bench: Bench, table: Table): Promise<string> {
  const { site, archiver } = bench;
  const { server } = site;
  const purgers: Purger[] = [
    { name: 'nobody' },
    {
      name: 'one DELETE',
      command: () => statement(server, `delete from ${table.name} where ${table.where}`),
    },
    ...(archiver === undefined
      ? []
      : [{ name: 'pt-archiver, 1000', command: () => archive(archiver, server, table, 1000) }]),
    { name: 'frist, its own pace', command: () => fristCommand(site, 'run', { table }) },
    { name: 'frist, 5000, no rest', command: () => fristCommand(site, 'run', { table, batch: 5000 }) },
  ];
  const found = new Map<Purger, { readonly seconds: number; readonly waits: WaitsByKind }[]>();
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const purger of purgers) {
      const command = await purger.command?.();
      await reset(server, table);
      const one = await beside(server.url, table, async () => {
        if (command === undefined) await sleep(ALONE_MS);
        else await run(command, server.pid);
      });
      process.stderr.write(
        `live ${round + 1}: ${purger.name}: update p99 ${one.waits.update.p99.toFixed(1)} ms\n`,
      );
      found.set(purger, [...(found.get(purger) ?? []), one]);
    }
  }
  const rows = purgers.map((purger) => {
    const all = found.get(purger) ?? [];
    const middle = (of: (one: (typeof all)[number]) => number): string =>
      spread(all.map(of)).median.toFixed(1);
    return [
      purger.name,
      purger.command === undefined ? '–' : middle((one) => one.seconds),
      middle((one) => one.waits.select.p99),
      middle((one) => one.waits.update.p50),
      middle((one) => one.waits.update.p99),
      middle((one) => one.waits.update.max),
      middle((one) => one.waits.insert.p99),
    ];
  });
  const head = ['erased by', 'seconds', 'select p99', 'update p50', 'update p99', 'update max', 'insert p99'];
  return markdown(head, rows);
}

/** Does something while the application runs beside it. */
async function beside(
  url: string,
  table: Table,
  work: () => Promise<void>,
): Promise<{ readonly seconds: number; readonly waits: WaitsByKind }> {
  const child = fork(join(import.meta.dirname, 'workload.ts'), [url, table.name, String(table.rows)]);
  try {
    await sleep(WARM_UP_MS);
    child.send('begin');
    const started = performance.now();
    await work();
    const seconds = (performance.now() - started) / 1000;
    const answer = once(child, 'message');
    child.send('end');
    const [waits] = (await answer) as [WaitsByKind];
    return { seconds, waits };
  } finally {
    child.kill();
  }
}
