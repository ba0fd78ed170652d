/** What the trail costs: to write beside the erasing, and to verify. */
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { openLog } from '../../src/audit/log.ts';
import { openFileStore } from '../../src/audit/store/file.ts';
import type { Store } from '../../src/audit/store/store.ts';
import { recordEntries, SIGNER } from './entries.ts';
import { run, type Cost } from '../measuring/measure.ts';
import { spread, table as markdown } from '../measuring/report.ts';
import type { Bench } from '../sections.ts';

const BATCH = 1000;
/** As bin/frist bounds its own. */
const HEAP = ['--max-semi-space-size=8', '--max-old-space-size=512'];
/** Entries of one append while a trail is made. */
const APPEND = 8192;

/** Counts the objects that are written, which is what an S3 charges for. */
function counted(store: Store): { readonly store: Store; readonly written: { puts: number; bytes: number } } {
  const written = { puts: 0, bytes: 0 };
  const count = (bytes: Uint8Array): void => {
    written.puts += 1;
    written.bytes += bytes.length;
  };
  return {
    written,
    store: {
      get: (key) => store.get(key),
      list: (prefix) => store.list(prefix),
      putImmutable: (objects) => {
        for (const bytes of objects.values()) count(bytes);
        return store.putImmutable(objects);
      },
      replace: (key, bytes, expected) => {
        count(bytes);
        return store.replace(key, bytes, expected);
      },
    },
  };
}

/** Appending the entries of batches of 1,000 erased records, outcome and next opening in one append. */
export async function appending(bench: Bench, batches: number): Promise<string> {
  const folder = await mkdtemp(join(bench.site.folder, 'trail-'));
  const { store, written } = counted(await openFileStore(folder));
  const log = await openLog({ store, signer: SIGNER });
  const seconds: number[] = [];
  for (let batch = 0; batch < batches; batch += 1) {
    const entries = recordEntries(BATCH + 2);
    const started = performance.now();
    await log.append(entries);
    seconds.push((performance.now() - started) / 1000);
  }
  const { min, median, max } = spread(seconds.map((one) => one * 1000));
  return markdown(
    ['per 1,000 erasures', 'objects written', 'MB written', 'ms in a local folder'],
    [
      [
        `${batches} batches`,
        (written.puts / batches).toFixed(1),
        (written.bytes / batches / 1e6).toFixed(2),
        `${median.toFixed(0)} (${min.toFixed(0)}–${max.toFixed(0)})`,
      ],
    ],
  );
}

/** Verifying: a trail in a folder by the command, and long ones that are made up, for the memory. */
export async function verifying(bench: Bench, onDisk: number, madeUp: readonly number[]): Promise<string> {
  const { folder, launcher, server } = bench.site;
  const trail = await mkdtemp(join(folder, 'trail-'));
  const log = await openLog({ store: await openFileStore(trail), signer: SIGNER });
  for (let size = 0; size < onDisk; size += APPEND) await log.append(recordEntries(APPEND));
  const { size } = log.head();
  const verify = ['audit', 'verify', '--trail', trail, '--key', SIGNER.vkey];
  const rows: string[][] = [];
  const measure = async (name: string, entries: number, program: string, args: string[]): Promise<void> => {
    const costs: Cost[] = [];
    for (let round = 0; round < Math.min(3, bench.rounds); round += 1)
      costs.push(await run({ program, args }, server.pid));
    const rate = (of: (cost: Cost) => number): string => {
      const { min, median, max } = spread(costs.map((cost) => entries / of(cost) / 1000));
      return `${median.toFixed(0)}k (${min.toFixed(0)}–${max.toFixed(0)})`;
    };
    const memory = spread(costs.map((cost) => cost.memory)).median.toFixed(0);
    rows.push([name, rate((cost) => cost.seconds), rate((cost) => cost.clientCpu), memory]);
  };
  await measure(`${size.toLocaleString('en')} in a folder`, size, process.execPath, [launcher, ...verify]);
  const long = join(import.meta.dirname, 'long-trail.ts');
  for (const entries of madeUp)
    await measure(`${entries.toLocaleString('en')} made up`, entries, process.execPath, [
      ...HEAP,
      long,
      String(entries),
    ]);
  return markdown(['entries', 'a second', 'a second of processor time', 'MB'], rows);
}
