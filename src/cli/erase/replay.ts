import type { App, Controlled } from '../../installation/app.ts';
import { lookForReplay, replay as replayAll, type ReplayReport } from '../../erasure/replay/replay.ts';
import { EXIT, FristError } from '../../errors.ts';
import { openInquiry } from '../../installation/inquiry.ts';
import { openPast, type TrailPast } from '../../installation/past.ts';
import { explainDisposition } from '../../policy/explain/disposition.ts';
import type { Verdict } from '../../policy/judge.ts';
import type { World } from '../../installation/wiring.ts';
import { gapOf, gapWords, type Gap } from '../audit/find.ts';
import { isDay, type Moment } from '../shared/as-of.ts';
import { exitOf, statusesOfPlan, statusesOfRun } from '../shared/exit.ts';
import { readText } from '../shared/files.ts';
import { printJson, type Io } from '../print/io.ts';
import { keptLines, number, policyText } from '../print/text.ts';
import { verified } from '../shared/verified.ts';

export interface ReplayOptions {
  readonly source: readonly string[];
  readonly since: string | undefined;
  readonly moment: Moment;
  readonly dryRun: boolean;
  /** Print each record that is back, as NDJSON, instead of the summary. */
  readonly records: boolean;
  readonly json: boolean;
  readonly signal: AbortSignal;
}

/** What the trail says of the source as a whole. */
interface Told {
  readonly source: string;
  readonly entries: number;
  readonly unanswerable: number;
  readonly gaps: readonly Gap[];
  /** Record types that no policy of these files erases any more, and how many entries there are of each. */
  readonly unnamed: Readonly<Record<string, number>>;
}

/** Verdicts by which somebody keeps a record: that it is back breaks no promise. */
const SUSPENDED: ReadonlySet<string> = new Set<Verdict>(['held', 'subject unknown', 'protected', 'exempt']);

const LEFT =
  'What was changed, what no policy asks to erase now, or whose type no policy names, is still there: look at it (exit status 5).';

/** `frist replay`: erases again what had been erased and is back from a backup. Answers the exit status. */
export async function replay(app: App, options: ReplayOptions, world: World, io: Io): Promise<number> {
  const [source, ...more] = options.source;
  if (source === undefined || more.length > 0)
    throw new FristError('USAGE', { what: '--source must name one source' });
  const { since } = options;
  if (since !== undefined && !isDay(since))
    throw new FristError('USAGE', { what: '--since must be a day, e.g. 2026-11-01' });
  const concerned = app.controllers.filter(({ located }) =>
    located.file.sources.some((one) => one.name === source),
  );
  if (concerned.length === 0) throw new FristError('USAGE', { what: `there is no source ${source}` });
  // What waits to be published belongs to the past that is looked up.
  await app.trail.flush();
  await refuseUnverified(app, world);
  const inquiry = await openInquiry(app.settings, world);
  try {
    const past = await openPast(inquiry, source, since);
    const reports: ReplayReport[] = [];
    for (const one of concerned) reports.push(...(await replayIn(one, source, past, options, io)));
    const { entries, unanswerable } = past;
    const gaps = inquiry.epochs.flatMap(gapOf);
    return tell(
      { source, entries, unanswerable, gaps, unnamed: unnamedOf(concerned, source, past) },
      reports,
      options,
      io,
    );
  } finally {
    await inquiry.close();
  }
}

/** From a trail that somebody has changed nothing may be erased. */
async function refuseUnverified({ settings }: App, world: World): Promise<void> {
  const choice = { trail: undefined, key: undefined, head: [], readFile: readText };
  const { firstProblem } = (await verified(settings, world, choice)).verification;
  if (firstProblem === undefined) return;
  const { code, where } = firstProblem;
  throw new FristError('AUDIT_UNVERIFIED', { code, where });
}

async function replayIn(
  { engine, tasks }: Controlled,
  source: string,
  past: TrailPast,
  { since, moment, dryRun, records, signal }: ReplayOptions,
  io: Io,
): Promise<readonly ReplayReport[]> {
  const own = tasks.filter(({ view }) => view.source === source);
  const { asOf, set: setClock } = moment;
  const work = dryRun ? lookForReplay : replayAll;
  return await work(engine, own, {
    past,
    since,
    asOf,
    setClock,
    signal,
    ...(records
      ? {
          onRecord: (task, { key }, sight, disposition) => {
            const { policy, record } = task.view;
            const { verdict } = disposition;
            const why = explainDisposition(task, disposition);
            io.out(`${JSON.stringify({ policy, source, record: record.name, key, sight, verdict, why })}\n`);
          },
        }
      : {}),
  });
}

function unnamedOf(
  controllers: readonly Controlled[],
  source: string,
  { byType }: TrailPast,
): Readonly<Record<string, number>> {
  const tasks = controllers.flatMap((one) => one.tasks).filter(({ view }) => view.source === source);
  const named = new Set(tasks.map(({ view }) => view.record.name));
  return Object.fromEntries([...byType].filter(([type]) => !named.has(type)));
}

function tell(told: Told, reports: readonly ReplayReport[], options: ReplayOptions, io: Io): number {
  const { dryRun, records, json, moment, since } = options;
  const left = reports.some(isLeft) || Object.keys(told.unnamed).length > 0;
  const statuses = dryRun ? statusesOfPlan(reports) : statusesOfRun(reports, left ? [EXIT.overdue] : []);
  const exit = exitOf(statuses);
  if (records) {
    for (const { policy, error } of reports)
      if (error !== undefined) io.err(`${policy}: ${error.code}: ${error.message}\n  → ${error.remedy}\n`);
  } else if (json) {
    const asOf = new Date(moment.asOf).toISOString();
    printJson(io, { ...told, since, asOf, dryRun, policies: reports, exit, statuses });
  } else {
    io.out(
      `${[
        ...toldLines(told),
        ...reports.flatMap((report) => ['', reportText(report, dryRun)]),
        ...(left ? ['', LEFT] : []),
      ].join('\n')}\n`,
    );
  }
  return exit;
}

/** Whether a record stays back that nobody keeps there. */
function isLeft({ back = {}, changed = 0 }: ReplayReport): boolean {
  if (changed > 0) return true;
  return Object.keys(back).some((verdict) => verdict !== 'erase' && !SUSPENDED.has(verdict));
}

function toldLines({ source, entries, unanswerable, gaps, unnamed }: Told): string[] {
  const lines = [`The trail says of ${number(entries)} record(s) of ${source} that they went.`];
  if (unanswerable > 0) {
    lines.push(`Of ${number(unanswerable)} of them nobody can tell whether they are back:`);
    for (const gap of gaps) lines.push(`  ${gapWords(gap)}`);
  }
  for (const [type, n] of Object.entries(unnamed))
    lines.push(
      `${number(n)} of them were of the type ${type}, which no policy of these files erases: not looked for`,
      `  → name the policy file that erased them, or look for them by hand`,
    );
  return lines;
}

function reportText(report: ReplayReport, dryRun: boolean): string {
  const { back, changed = 0, anotherLife = 0 } = report;
  const lines: string[] = [];
  if (back !== undefined) {
    const total = Object.values(back).reduce((sum, n) => sum + n, 0);
    lines.push(
      `  back ${number(total)}, of which to be erased again ${number(back.erase ?? 0)}`,
      ...keptLines(back),
    );
    const aside = back['out of scope'] ?? 0;
    if (aside > 0) lines.push(`  the policy is not about them, as the source has them now ${number(aside)}`);
  }
  if (changed > 0)
    lines.push(
      `  left alone ${number(changed)}: of the same key and person, but their starting point is another one: look at them`,
    );
  if (anotherLife > 0)
    lines.push(
      `  left alone ${number(anotherLife)}: a record of this key was erased, but these are not the ones of then`,
    );
  return policyText(report, dryRun ? 'would' : 'did', lines);
}
