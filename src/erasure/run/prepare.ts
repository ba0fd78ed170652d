/** Before anything is read or erased: does the source look as the policy file says, and do the clocks agree? */
import type { Connector, Finding } from '../../connectors/connector.ts';
import { SourceFailure } from '../../connectors/connector.ts';
import { FristError } from '../../errors.ts';
import { perhapsRenamed, unknownToFile, withHeldRecords } from '../../policy/held.ts';
import type { Encoding } from '../../policy/policy.ts';
import { policyText, withEncodings, type Task } from '../../policy/view.ts';
import type { Hold } from '../../state/state.ts';
import { Elsewhere, type Silence } from '../elsewhere.ts';
import type { Engine } from '../engine.ts';

/** Clocks further apart than this are not trusted. */
const CLOCK_TOLERANCE_MS = 5 * 60_000;

export interface Prepared {
  readonly task: Task;
  readonly connector: Connector;
  readonly digest: string;
  readonly text: string;
  /** Digest of what the plans rest on in the catalogues of its own source and of those that it asks. */
  readonly catalogue: string;
  readonly elsewhere: Elsewhere;
}

export type Preparation = { readonly task: Task } & (
  | { readonly ok: true; readonly prepared: Prepared }
  | { readonly ok: false; readonly error: FristError; readonly findings: readonly Finding[] }
);

/** Checks the sources of all tasks, each once. A source that fails fails its own tasks only. */
export async function prepare(
  engine: Engine,
  tasks: readonly Task[],
  signal: AbortSignal,
): Promise<Preparation[]> {
  const holds = await engine.state.holds({ active: true });
  const astray = await astrayAmong(engine, tasks, holds);
  if (astray !== undefined) return tasks.map((task) => ({ task, ok: false, error: astray, findings: [] }));
  const bySource = Map.groupBy(tasks, (task) => task.view.source);
  const preparations = new Map<Task, Preparation>();
  for (const [source, group] of bySource) {
    for (const one of await prepareSource(engine, source, group, holds, signal))
      preparations.set(one.task, one);
  }
  return tasks.flatMap((task) => preparations.get(task) ?? []);
}

/**
 * A hold on a policy or a record type that was renamed would hold nothing: then nothing of the file is erased. So it is
 * with a controller that never came so far as to look, while another one with holds like it is not to be seen.
 */
async function astrayAmong(
  { state, controllers = [] }: Engine,
  [task]: readonly Task[],
  holds: readonly Hold[],
): Promise<FristError | undefined> {
  if (task === undefined) return undefined;
  const { file } = task;
  const { name: controller } = file.controller;
  const standing = holds.filter((one) => one.released === undefined);
  const [unknown] = unknownToFile(file, standing);
  if (unknown !== undefined) return new FristError('HOLD_ASTRAY', unknown);
  const [renamed] = perhapsRenamed(file, [controller, ...controllers], standing);
  if (renamed === undefined) return undefined;
  const [earlier] = await state.runs({ controller, states: ['finished', 'waiting'], limit: 1 });
  return earlier === undefined ? new FristError('HOLD_ASTRAY', renamed) : undefined;
}

async function prepareSource(
  engine: Engine,
  source: string,
  tasks: readonly Task[],
  holds: readonly Hold[],
  signal: AbortSignal,
): Promise<Preparation[]> {
  try {
    const connector = engine.connector(source);
    await checkClock(engine, source, connector);
    const prepared: Preparation[] = [];
    for (const task of tasks) prepared.push(await prepareTask(engine, task, connector, holds, signal));
    return prepared;
  } catch (error) {
    const coded = codedError(error, source);
    return tasks.map((task) => ({ task, ok: false, error: coded, findings: [] }));
  }
}

/** One policy at a time: what its plans rest on is its own tables, whichever policies run beside it. */
async function prepareTask(
  engine: Engine,
  task: Task,
  connector: Connector,
  holds: readonly Hold[],
  signal: AbortSignal,
): Promise<Preparation> {
  const report = await connector.check([task.view], signal);
  const others = await checkOthers(engine, task, signal);
  const findings = [...report.findings, ...others.findings].filter((one) => one.severity === 'error');
  const encodings = complete(report.encodings.get(task.view));
  if (findings.length > 0 || encodings === undefined) {
    const count = Math.max(1, findings.length);
    return {
      task,
      ok: false,
      error: new FristError('CHECK_FAILED', { policy: task.view.policy, count }),
      findings,
    };
  }
  const text = policyText(task);
  const catalogues = [report.catalogue, ...others.catalogues];
  const prepared: Prepared = {
    task: withHeldRecords(withEncodings(task, encodings, others.encodings), holds),
    connector,
    digest: engine.digest(text),
    text,
    catalogue: catalogues.length === 1 ? report.catalogue : engine.digest(catalogues.join('\n')),
    elsewhere: new Elsewhere(task, engine.connector, others.silences),
  };
  return { task, ok: true, prepared };
}

interface Others {
  readonly findings: readonly Finding[];
  readonly catalogues: readonly string[];
  /** Aligned with the task's inquiries. */
  readonly encodings: readonly (Encoding | undefined)[];
  readonly silences: readonly Silence[];
}

/** Holds what the task asks other sources against their catalogues. One that cannot be reached is no error: it is silent. */
async function checkOthers(engine: Engine, { inquiries }: Task, signal: AbortSignal): Promise<Others> {
  const findings: Finding[] = [];
  const catalogues: string[] = [];
  const encodings: (Encoding | undefined)[] = [];
  const silences: Silence[] = [];
  for (const { view } of inquiries) {
    const { source } = view;
    try {
      const report = await engine.connector(source).check([view], signal);
      findings.push(...report.findings);
      catalogues.push(report.catalogue);
      encodings.push(report.encodings.get(view)?.[0]);
    } catch (error) {
      if (!(error instanceof SourceFailure) || signal.aborted) throw error;
      silences.push({ source, failure: error });
      encodings.push(undefined);
    }
  }
  return { findings, catalogues, encodings, silences };
}

/** Why the policy could not be carried out in full: a source that it asks does not answer. */
export function silenceOf({ elsewhere }: Prepared): FristError | undefined {
  const { silence } = elsewhere;
  return silence === undefined ? undefined : codedError(silence.failure, silence.source);
}

async function checkClock(engine: Engine, source: string, connector: Connector): Promise<void> {
  const theirs = await connector.now();
  if (theirs === undefined) return;
  const apart = Math.abs(theirs - engine.now());
  if (apart > CLOCK_TOLERANCE_MS) {
    throw new FristError('SOURCE_CLOCK', { source, seconds: Math.round(apart / 1000) });
  }
}

function complete(encodings: readonly (Encoding | undefined)[] | undefined): readonly Encoding[] | undefined {
  const known = encodings?.filter((encoding) => encoding !== undefined);
  return known?.length === encodings?.length ? known : undefined;
}

/** A failure of a source as a coded error. Anything that is not one is a defect, and is thrown on. */
export function codedError(error: unknown, source: string): FristError {
  if (error instanceof FristError) return error;
  if (!(error instanceof SourceFailure)) throw error;
  if (error.code === 'BUSY') return new FristError('SOURCE_BUSY', { source });
  const codes = {
    transient: passing(error.code),
    data: 'SOURCE_REFUSED',
    uncertain: 'SOURCE_LOST',
    fatal: isUnreachable(error.code) ? 'SOURCE_UNREACHABLE' : 'SOURCE_REFUSED',
  } as const;
  return new FristError(codes[error.failure], { source, code: error.code });
}

/** What passes by itself, in words: no room for a connection, one that ended early, or rows that others have locked. */
function passing(code: string): 'SOURCE_UNREACHABLE' | 'SOURCE_LOST' | 'SOURCE_LOCKED' {
  if (/^(?:ER_CON_COUNT|ER_USER_LIMIT|ER_TOO_MANY_USER|53300|57P03|POOL_TIMEOUT)/.test(code))
    return 'SOURCE_UNREACHABLE';
  const lost = /CONNECTION|SHUTDOWN|^(?:25P03|ERRNO_1927|ERRNO_1053|ER_CLIENT_INTERACTION)/;
  return lost.test(code) || isUnreachable(code) ? 'SOURCE_LOST' : 'SOURCE_LOCKED';
}

/** System errors (ECONNREFUSED, EAI_AGAIN), lost or refused connections; not every `ER_` of MySQL. */
function isUnreachable(code: string): boolean {
  return /^(?:E(?!R_)[A-Z_]+$|PROTOCOL_|ER_ACCESS_DENIED|ER_DBACCESS|ER_BAD_DB|ER_HOST_|28|08|57P|3D000|SQLITE_CANTOPEN|DATABASE_|KNEX_)/.test(
    code,
  );
}
