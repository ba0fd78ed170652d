/** Batches opened before a hold did not know of it; until they are settled, nobody can say what still stands. */
import { SourceFailure, type Verification } from '../../connectors/connector.ts';
import type { Key, Raw } from '../../policy/policy.ts';
import { isOfPolicy } from '../../policy/held.ts';
import { normalise } from '../../policy/subject.ts';
import type { Task } from '../../policy/view.ts';
import type { Hold, OpenBatch } from '../../state/state.ts';
import { identitiesOf, isStill } from '../batch/sense.ts';
import type { Identity } from '../survey/spool.ts';
import { waysOf } from './matches.ts';
import type { Holding, Placed, PlaceInput } from './place.ts';

const POLL_MS = 250;

/** A record that the hold is about and that stood in a batch opened before it. */
export interface Before {
  readonly policy: string;
  readonly source: string;
  readonly key: Key;
  /** What was seen of it once its batch was settled: `gone`, `done` (anonymised), `present`; `unknown`: nobody looked. */
  readonly now: Verification | 'unknown';
}

/** Waits until those batches are settled, and looks what has become of what the hold is about. */
export async function waitForEarlier(
  all: readonly Holding[],
  hold: Hold,
  input: Pick<PlaceInput, 'waitMs' | 'signal'>,
): Promise<Pick<Placed, 'before' | 'settled'>> {
  const [first] = all;
  if (first === undefined) return { before: [], settled: true };
  const { engine } = first;
  const open = (await engine.state.openBatches()).filter((batch) => concerns(hold, batch));
  const waiting = new Set(open.map((batch) => batch.id));
  const until = engine.now() + input.waitMs;
  while (waiting.size > 0) {
    const still = new Set((await engine.state.openBatches()).map((batch) => batch.id));
    for (const id of waiting) if (!still.has(id)) waiting.delete(id);
    if (waiting.size === 0 || engine.now() >= until || input.signal.aborted) break;
    await engine.sleep(POLL_MS, input.signal);
  }
  const before: Before[] = [];
  for (const batch of open) before.push(...(await lookAt(all, hold, batch, !waiting.has(batch.id))));
  return { before, settled: waiting.size === 0 };
}

/** Whether a record that the hold is about may stand in the batch. */
function concerns({ subjects, sources, records = [], policies = [] }: Hold, batch: OpenBatch): boolean {
  return (
    (subjects.length > 0 && (sources?.includes(batch.source) ?? true)) ||
    records.some((one) => one.controller === batch.controller && one.source === batch.source) ||
    policies.some((one) => isOfPolicy(one, batch.controller, batch.policy))
  );
}

async function lookAt(
  all: readonly Holding[],
  hold: Hold,
  batch: OpenBatch,
  settled: boolean,
): Promise<Before[]> {
  const { controller, policy, source, stage } = batch;
  const holding = all.find((one) => one.engine.controller.name === controller);
  const task = holding?.tasks.find((one) => one.view.policy === policy);
  const isMeant = meantBy(all, hold, batch, task);
  const keys = identitiesOf(batch).flatMap((one) => (isMeant(one) ? [one.key] : []));
  const told = (now: (at: number) => Before['now']): Before[] =>
    keys.map((key, at) => ({ policy, source, key, now: now(at) }));
  const looks = holding !== undefined && task !== undefined && isStill(holding.engine, task.view, batch);
  if (!settled || keys.length === 0 || !looks) return told(() => 'unknown');
  try {
    const never = new AbortController().signal;
    const seen = await holding.engine.connector(source).verify(task.view, stage, keys, never);
    return told((at) => seen[at] ?? 'unknown');
  } catch (error) {
    if (!(error instanceof SourceFailure)) throw error;
    return told(() => 'unknown');
  }
}

/** Whether a record of the batch is one that the hold is about: by its key or its person, as they were when it was chosen. */
function meantBy(
  all: readonly Holding[],
  hold: Hold,
  { controller, policy, source }: OpenBatch,
  task: Task | undefined,
): (identity: Identity) => boolean {
  const { subjects, records = [], policies = [] } = hold;
  if (policies.some((one) => isOfPolicy(one, controller, policy))) return () => true;
  const keys = new Set(
    records
      .filter((one) => one.controller === controller && one.source === source)
      .filter((one) => one.record === task?.view.record.name)
      .map((one) => JSON.stringify(one.key)),
  );
  const sources = all.flatMap((one) => one.sources);
  const tests = subjects.flatMap(([kind, value]) =>
    waysOf(sources, kind).map(
      (how) => (raw: Raw) => raw !== null && normalise(raw, how) === normalise(value, how),
    ),
  );
  return (identity) =>
    keys.has(JSON.stringify(identity.key)) ||
    identity.subjects.some((raw) => tests.some((test) => test(raw)));
}
