import type { App } from '../installation/app.ts';
import { pastReview } from '../erasure/holds/review.ts';
import { EXIT } from '../errors.ts';
import { readStanding, type PolicyStanding, type Standing } from '../standing/standing.ts';
import type { Plan } from '../state/state.ts';
import { exitOf } from './shared/exit.ts';
import { printJson, type Io } from './print/io.ts';
import { guardText, number, table } from './print/text.ts';

/** One policy as the state remembers it. */
interface PolicyStatus extends Pick<
  PolicyStanding,
  'policy' | 'lastRun' | 'lastSuccess' | 'overdue' | 'waiting'
> {
  readonly running: boolean;
}

interface Status extends Pick<Standing, 'paused' | 'verification'> {
  readonly policies: readonly PolicyStatus[];
  /** Batches without an outcome: the next run looks at them first. */
  readonly openBatches: number;
  /** Batches whose erased records nobody has looked at again yet, and of these, those that should be by now. */
  readonly pendingProofs: number;
  readonly overdueProofs: number;
  readonly holds: number;
  readonly holdsPastReview: readonly string[];
  /** Entries that the trail does not have yet. */
  readonly unpublished: number;
  /** The last sign of life, where it is too old; absent also where no daemon has lived through a midnight yet. */
  readonly silentSince?: string;
}

/** The daemon ends each day with a job of its own (23:59 UTC): a day, and two hours to come back. */
const SILENT_MS = 26 * 3_600_000;

/** `frist status`: what ran, what waits for people, what is overdue. Reads the state only. Answers the exit status. */
export async function status(app: App, options: { readonly json: boolean }, io: Io): Promise<number> {
  const found = await look(app);
  const statuses = statusesOf(found);
  const exit = exitOf(statuses);
  if (options.json) printJson(io, { ...found, exit, statuses });
  else io.out(statusText(found, new Date(app.now()).toISOString()));
  return exit;
}

async function look(app: App): Promise<Status> {
  const { policies, paused, tally, verification, lastSign } = await readStanding(app);
  const holds = await app.state.holds({ active: true });
  const isSilent = lastSign !== undefined && app.now() - Date.parse(lastSign) > SILENT_MS;
  return {
    ...(paused === undefined ? {} : { paused }),
    policies: policies.map(policyStatus),
    openBatches: tally.openBatches.length,
    pendingProofs: tally.pendingProofs,
    overdueProofs: tally.overdueProofs,
    holds: tally.holds,
    holdsPastReview: pastReview(holds, new Date(app.now()).toISOString()).map((hold) => hold.id),
    unpublished: tally.unpublished,
    ...(verification === undefined ? {} : { verification }),
    ...(isSilent ? { silentSince: lastSign } : {}),
  };
}

function policyStatus({ policy, waiting, lastRun, lastSuccess, overdue }: PolicyStanding): PolicyStatus {
  return {
    policy,
    running: lastRun?.state === 'running',
    waiting,
    ...(lastRun === undefined ? {} : { lastRun }),
    ...(overdue === undefined ? {} : { overdue }),
    ...(lastSuccess === undefined ? {} : { lastSuccess }),
  };
}

function statusesOf(found: Status): number[] {
  const runs = found.policies.map((policy) => policy.lastRun);
  const statuses: number[] = [];
  if (found.verification?.verified === false) statuses.push(EXIT.trail);
  if (found.silentSince !== undefined || runs.some((run) => run?.state === 'failed'))
    statuses.push(EXIT.failed);
  if (found.policies.some((policy) => policy.waiting.length > 0)) statuses.push(EXIT.waiting);
  if (found.overdueProofs > 0 || found.policies.some((policy) => (policy.overdue ?? 0) > 0))
    statuses.push(EXIT.overdue);
  return statuses;
}

function statusText(found: Status, now: string): string {
  const rows = found.policies.map((one) => [
    one.policy,
    one.lastRun === undefined ? 'never' : `${one.lastRun.started.slice(0, 16)}Z`,
    one.running ? 'running' : (one.lastRun?.code ?? one.lastRun?.state ?? ''),
    one.lastSuccess === undefined ? 'never' : `${one.lastSuccess.slice(0, 16)}Z`,
    one.overdue ?? '?',
  ]);
  const lines = [
    ...pausedText(found.paused),
    table([['policy', 'last run', 'result', 'last success', 'overdue'], ...rows]),
  ];
  for (const plan of found.policies.flatMap((one) => one.waiting)) lines.push('', waitingText(plan, now));
  lines.push('', `holds ${number(found.holds)}`);
  for (const hold of found.holdsPastReview) lines.push(`  ${hold} is past its review date`);
  if (found.openBatches > 0) lines.push(`batches without an outcome ${number(found.openBatches)}`);
  if (found.pendingProofs > 0)
    lines.push(
      `batches whose records are to be looked at again ${number(found.pendingProofs)} (overdue ${number(found.overdueProofs)})`,
    );
  if (found.silentSince !== undefined)
    lines.push(`nothing has run since ${found.silentSince.slice(0, 16)}Z: does the daemon still live?`);
  if (found.unpublished > 0) lines.push(`entries on their way to the trail: ${number(found.unpublished)}`);
  if (found.verification?.verified === false)
    lines.push(`the trail did not verify on ${found.verification.slot}: run \`frist audit verify\``);
  return `${lines.join('\n')}\n`;
}

function pausedText(paused: Status['paused']): string[] {
  if (paused === undefined) return [];
  const why = 'file' in paused ? `${paused.file} is there` : `since ${paused.since}, by ${paused.by}`;
  return [`PAUSED: ${why}; nothing is erased`, ''];
}

function waitingText(plan: Plan, now: string): string {
  const days = Math.ceil((Date.parse(plan.expires) - Date.parse(now)) / 86_400_000);
  return [
    `${plan.policy} waits for approval of ${number(plan.count)} record(s) (${guardText(plan.guard)})`,
    `  frist approve ${plan.id} --why "…"   (can be approved for ${number(days)} more day(s))`,
  ].join('\n');
}
