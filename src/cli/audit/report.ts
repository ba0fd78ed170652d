import { renderReport } from '../../audit/report/html/page.ts';
import { readFindings } from '../../audit/report/read.ts';
import type { Period, Report } from '../../audit/report/report.ts';
import type { Settings } from '../../config.ts';
import { EXIT, FristError } from '../../errors.ts';
import type { World } from '../../installation/wiring.ts';
import { isDay } from '../shared/as-of.ts';
import { jsonText, printJson, type Io } from '../print/io.ts';
import { printable } from '../print/printable.ts';
import { verified, type TrailOptions, type Verified } from '../shared/verified.ts';

export interface AuditReportOptions extends Omit<TrailOptions, 'since'> {
  readonly from: string | undefined;
  readonly to: string | undefined;
  /**
   * File for the page, or for the JSON where its name ends in `.json`. Without it the page is printed, unless JSON is
   * asked for.
   */
  readonly out: string | undefined;
  readonly json: boolean;
  readonly writeFile: (path: string, text: string) => void;
}

/**
 * `frist audit report`: verifies the whole trail, and says what it shows about a period. Answers the exit status; of a
 * trail that does not verify the report says that, and nothing else.
 */
export async function auditReport(
  settings: Settings,
  world: World,
  options: AuditReportOptions,
  io: Io,
): Promise<number> {
  const period = periodOf(options);
  const report = await makeReport(world, period, await verified(settings, world, options));
  const { problem } = report.trail;
  const exit = problem === undefined ? EXIT.ok : EXIT.trail;
  const { out } = options;
  const document = { ...report, exit, statuses: exit === EXIT.ok ? [] : [exit] };
  if (out !== undefined)
    options.writeFile(out, out.endsWith('.json') ? jsonText(document) : renderReport(report));
  if (options.json) printJson(io, document);
  else if (out === undefined) io.out(renderReport(report));
  else io.out(`The report on ${period.from} to ${period.to} is in ${out}\n`);
  if (problem !== undefined)
    io.err(`The trail does not verify.\n${problem.code} at ${printable(problem.where)}: ${problem.what}\n`);
  return exit;
}

async function makeReport(
  world: World,
  period: Period,
  { store, vkey, heads, held, hidden, verification }: Verified,
): Promise<Report> {
  const { size, root, note, firstProblem } = verification;
  const made = new Date(world.now()).toISOString();
  const facts = { size, root, key: vkey, heads, held, hidden };
  const report = { report: 1, frist: world.version, made, period } as const;
  if (firstProblem !== undefined) return { ...report, trail: { ...facts, problem: firstProblem } };
  return {
    ...report,
    trail: { ...facts, ...(note === undefined ? {} : { checkpoint: note }) },
    findings: await readFindings(store, size, period, made),
  };
}

function periodOf({ from, to }: AuditReportOptions): Period {
  if (from === undefined || to === undefined || !isDay(from) || !isDay(to)) {
    throw new FristError('USAGE', { what: '--from and --to must be days, such as 2026-01-01' });
  }
  if (from > to) throw new FristError('USAGE', { what: `--from ${from} lies after --to ${to}` });
  return { from, to };
}
