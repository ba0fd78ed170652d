// After whatever happened: do the source, the state and the trail tell the same, record by record?
import { createCommitter } from '../../../src/audit/commitment.ts';
import { loadSigner, loadWrappingKey, unwrapEpochKey } from '../../../src/audit/keys.ts';
import { openFileStore } from '../../../src/audit/store/file.ts';
import { verifyTrail } from '../../../src/audit/verify.ts';
import { entriesOf, headOf, type TrailEntry } from '../../e2e/trail.ts';
import { CONTROLLER, type Installation } from './installation.ts';

/** A source as the policy file names it, and which of its keys are gone and which are there. */
export interface Told {
  readonly source: string;
  readonly record: string;
  readonly gone: readonly number[];
  readonly left: readonly number[];
}

/** The trail of an installation: entries by type, straight from the files. */
export function trailOf(installation: Installation): readonly TrailEntry[] {
  return entriesOf(installation.at('data/audit'));
}

/** Everything that does not agree, a line each; empty when all is well. */
export async function disagreements(
  installation: Installation,
  sources: readonly Told[],
): Promise<readonly string[]> {
  return [
    ...(await trailFaults(installation)),
    ...batchFaults(trailOf(installation)),
    ...(await recordFaults(installation, sources)),
    ...(await stateFaults(installation)),
  ];
}

/**
 * What does not agree at any moment between two processes, of which one was killed: whoever is told to be gone is gone,
 * and whoever is gone is told of, or stands in a batch that was on record before its first statement was sent.
 */
export async function claims(
  installation: Installation,
  sources: readonly Told[],
): Promise<readonly string[]> {
  const names = await namesOf(installation);
  const published = trailOf(installation);
  const waiting = (await installation.state('select entries from frist_outbox')).flatMap((row) =>
    String(row['entries']).split('\n'),
  );
  const told = new Set<unknown>();
  for (const entry of [...published, ...waiting.map((text) => JSON.parse(text) as TrailEntry)])
    if (entry['type'] === 'record' && entry['outcome'] !== 'failed')
      told.add((entry['commitments'] as { record: string }).record);
  const opened = new Set(
    published.filter((one) => one['type'] === 'batch-opened').map((one) => one['batch']),
  );
  const meant = new Set<number>();
  for (const { id, record_keys: keys } of await installation.state(
    'select id, record_keys from frist_batches',
  ))
    if (opened.has(id)) for (const [key] of JSON.parse(String(keys)) as string[][]) meant.add(Number(key));
  return sources.flatMap(({ source, record, gone, left }) => {
    const isTold = (key: number): boolean => told.has(names(source, record, key));
    const untrue = left.filter(isTold);
    const silent = gone.filter((key) => !isTold(key) && !meant.has(key));
    return [
      ...untrue.map((key) => `${record} ${String(key)} is said to be gone and is there`),
      ...silent.map((key) => `${record} ${String(key)} is gone, and nobody had said that it would`),
    ];
  });
}

/** The trail verifies by the code that only reads. */
export async function trailFaults(installation: Installation): Promise<readonly string[]> {
  const folder = installation.at('data/audit');
  const signer = await loadSigner(installation.at('data/keys/signing'), headOf(folder).origin);
  const found = await verifyTrail({ store: await openFileStore(folder), vkey: signer.vkey });
  return found.firstProblem === undefined ? [] : [`the trail: ${JSON.stringify(found.firstProblem)}`];
}

/** Each batch is opened once, then its records, then it is settled once; and each run that starts ends. */
function batchFaults(entries: readonly TrailEntry[]): readonly string[] {
  const faults: string[] = [];
  const open = new Map<unknown, number>();
  const ended = new Set<unknown>();
  const runs = new Set<unknown>();
  for (const entry of entries) {
    const { type, batch, run } = entry as { type: string; batch?: string; run?: string };
    if (type === 'run-started') runs.add(run);
    if (type === 'run-finished' && !runs.delete(run)) faults.push(`run ${String(run)} ends twice`);
    if (type === 'batch-opened') {
      if (open.has(batch) || ended.has(batch)) faults.push(`batch ${String(batch)} is opened twice`);
      open.set(batch, Number(entry['count']));
    }
    if (type === 'record' && !open.has(batch)) faults.push(`a record of ${String(batch)}, which is not open`);
    if (type !== 'batch-settled') continue;
    const told = Object.values(entry['outcomes'] as Record<string, number>).reduce((a, b) => a + b, 0);
    if (told !== open.get(batch))
      faults.push(`batch ${String(batch)} of ${String(open.get(batch))} tells of ${String(told)}`);
    open.delete(batch);
    ended.add(batch);
  }
  for (const batch of open.keys()) faults.push(`batch ${String(batch)} has no outcome`);
  for (const run of runs) faults.push(`run ${String(run)} has no end`);
  return faults;
}

/** Every gone record stands once in the trail, and no record that is there is said to be gone. */
async function recordFaults(
  installation: Installation,
  sources: readonly Told[],
): Promise<readonly string[]> {
  const names = await namesOf(installation);
  const gone = new Map<unknown, number>();
  for (const entry of trailOf(installation)) {
    if (entry['type'] !== 'record' || entry['outcome'] === 'failed') continue;
    const { record } = entry['commitments'] as { record: string };
    gone.set(record, (gone.get(record) ?? 0) + 1);
  }
  const faults: string[] = [];
  for (const { source, record, gone: keys, left } of sources) {
    const take = (key: number): number => {
      const commitment = names(source, record, key);
      const times = gone.get(commitment) ?? 0;
      gone.delete(commitment);
      return times;
    };
    const times = keys.map(take);
    const never = times.filter((n) => n === 0).length;
    const twice = times.filter((n) => n > 1).length;
    const untrue = left.filter((key) => take(key) > 0).length;
    if (never > 0)
      faults.push(`${source}: ${String(never)} record(s) are gone, and the trail does not say so`);
    if (twice > 0) faults.push(`${source}: ${String(twice)} record(s) went more than once, says the trail`);
    if (untrue > 0) faults.push(`${source}: ${String(untrue)} record(s) are said to be gone and are there`);
  }
  if (gone.size > 0) faults.push(`the trail tells of ${String(gone.size)} record(s) that nobody knows`);
  return faults;
}

/** Commitments under the installation's own key, which an auditor does not have. */
async function namesOf(
  installation: Installation,
): Promise<(source: string, record: string, key: number) => string> {
  const wrapping = await loadWrappingKey(installation.at('data/keys/wrapping'));
  const [epoch] = await installation.state('select epoch, wrapped from frist_epoch_keys');
  const key = unwrapEpochKey(wrapping, String(epoch?.['epoch']), String(epoch?.['wrapped']));
  const committer = createCommitter(key);
  return (source, record, one) =>
    committer.record(JSON.stringify([CONTROLLER, source]), record, [String(one)]);
}

/** Nothing is under way, nothing waits for the trail, and nobody stands in the state's files. */
async function stateFaults(installation: Installation): Promise<readonly string[]> {
  const count = async (table: string): Promise<number> =>
    Number((await installation.state(`select count(*) as n from ${table}`))[0]?.['n']);
  const faults: string[] = [];
  for (const table of ['frist_batches', 'frist_outbox', 'frist_plan_keys']) {
    const rows = await count(table);
    if (rows > 0) faults.push(`${table} still has ${String(rows)} row(s)`);
  }
  return [...faults, ...installation.leaks().map((leak) => `a person stands in ${leak}`)];
}
