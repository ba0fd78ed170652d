/** Text for people: aligned columns, and the report of a policy. */
import { unitOf, type Tripped } from '../../erasure/guard.ts';
import type { ByAction, Counts, Holding, PolicyReport } from '../../erasure/report.ts';

/** Rows as aligned columns; numbers to the right. The first row is the head. */
export function table(rows: readonly (readonly (string | number)[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, String(cell).length)));
  }
  return rows
    .map((row) =>
      row
        .map((cell, i) => {
          const width = widths[i] ?? 0;
          return typeof cell === 'number' ? String(cell).padStart(width) : cell.padEnd(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Thousands apart, as people read numbers. */
export function number(n: number): string {
  return n.toString().replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

const KEPT = [
  ['pending', 'not yet due'],
  ['held', 'held'],
  ['subject unknown', 'kept: subject unknown while a hold stands'],
  ['protected', 'protected by a statutory minimum'],
  ['exempt', 'exempt'],
  ['other rule', 'left to another policy'],
  ['undated', 'undated: their starting point is unknown'],
  ['implausible', 'implausible: their starting point cannot be true'],
  ['unreadable', 'unreadable: what should be JSON is not'],
  ['unknown elsewhere', 'unknown elsewhere: another source did not tell what it was asked'],
  ['done', 'already anonymised'],
] as const;

/** One policy of a plan or a run, in lines; `looked`: what was found, where that is not in the report. */
export function policyText(
  report: PolicyReport,
  tense: 'would' | 'did',
  looked: readonly string[] = [],
): string {
  const lines = [`${report.policy}  (${report.source}.${report.record})`];
  if (report.promise !== undefined) lines.push(`  “${report.promise}”`);
  if (report.found !== undefined) lines.push(...foundLines(report, report.found, tense));
  lines.push(...looked);
  lines.push(...outcomeLines(report));
  if (report.guard !== undefined) lines.push(...guardLines(report, tense));
  if (report.status === 'skipped') lines.push('  skipped: it runs already, or this slot has been run');
  if (report.status === 'stopped') lines.push('  stopped before the end; the next run goes on');
  if (report.error !== undefined) {
    lines.push(`  ${report.error.code}: ${report.error.message}`, `  → ${report.error.remedy}`);
    for (const finding of report.findings ?? [])
      lines.push(`  · ${finding.path.join('.')}: ${finding.message}`);
  }
  return lines.join('\n');
}

function foundLines(
  report: PolicyReport,
  found: NonNullable<PolicyReport['found']>,
  tense: 'would' | 'did',
): string[] {
  const due = found.by.erase ?? 0;
  const lines = [
    `  population ${number(found.population)}, of which the policy is about ${number(found.matching)}`,
  ];
  const overdue = found.overdue === 0 ? '' : `, ${number(found.overdue)} of them overdue`;
  const oldest =
    found.oldestOverdue === undefined ? '' : ` (the oldest was promised by ${found.oldestOverdue})`;
  lines.push(`  due ${number(due)}${actionWords(found.byAction, WOULD)}${overdue}${oldest}`);
  if (report.range !== undefined) {
    const { from, to, because } = report.range;
    lines.push(`  a run may erase between ${number(from)} and ${number(to)}: ${because}`);
  }
  if (tense === 'would') {
    for (const [name, rows] of Object.entries(found.dependents))
      lines.push(`    with them, ${name}: ${rowsWords(rows, found.approximate?.includes(name) === true)}`);
  }
  return [...lines, ...keptLines(found.by, found.exemptBy, found.heldBy)];
}

function rowsWords(rows: number, approximate: boolean): string {
  return approximate
    ? `about ${number(rows)}; a row that can go in several ways is counted with the first that takes it`
    : number(rows);
}

/** What is kept, by why. */
export function keptLines(
  by: Readonly<Record<string, number>>,
  exemptBy: Readonly<Record<string, number>> = {},
  heldBy: Counts<Holding> = {},
): string[] {
  const more: Partial<Record<string, string>> = { exempt: exemptNames(exemptBy), held: heldWords(heldBy) };
  return KEPT.flatMap(([verdict, words]) => {
    const n = by[verdict] ?? 0;
    return n === 0 ? [] : [`  ${words} ${number(n)}${more[verdict] ?? ''}`];
  });
}

/** " (by a restriction of processing 2, after a release 1)": what is no ordinary hold. */
function heldWords({ restriction = 0, grace = 0 }: Counts<Holding>): string {
  const parts = [
    ...(restriction === 0 ? [] : [`by a restriction of processing ${number(restriction)}`]),
    ...(grace === 0 ? [] : [`after the release of a hold ${number(grace)}`]),
  ];
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

const WOULD = { delete: 'to delete', anonymise: 'to anonymise' } as const;
const DID = { delete: 'deleted', anonymise: 'anonymised' } as const;

/** " (to delete 3, to anonymise 2)" where a policy does both; nothing where it does one. */
function actionWords(by: ByAction | undefined, words: Readonly<Record<keyof ByAction, string>>): string {
  const kinds = (['delete', 'anonymise'] as const).filter((kind) => (by?.[kind] ?? 0) > 0);
  if (kinds.length < 2) return '';
  return ` (${kinds.map((kind) => `${words[kind]} ${number(by?.[kind] ?? 0)}`).join(', ')})`;
}

function exemptNames(by: Readonly<Record<string, number>>): string {
  const parts = Object.entries(by).map(([name, n]) => `${name} ${number(n)}`);
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

function outcomeLines(report: PolicyReport): string[] {
  const lines: string[] = [];
  for (const [outcome, n] of Object.entries(report.outcomes ?? {})) {
    const how = outcome === 'erased' ? actionWords(report.erasedBy, DID) : '';
    lines.push(`  ${outcome} ${number(n)}${how}`);
  }
  for (const [name, n] of Object.entries(report.dependents ?? {}))
    lines.push(`    with them, ${name} ${number(n)}`);
  if (report.leftovers !== undefined) lines.push(`  found again after erasing ${number(report.leftovers)}`);
  return lines;
}

/** Why a plan waits, with the numbers: "guard records: 20,000, the limit is 10,000". */
export function guardText({
  name,
  limit,
  observed,
}: Pick<Tripped, 'limit' | 'observed'> & { readonly name: string }): string {
  if (name === 'approval') {
    const when = limit === 0 ? 'of every plan' : `above ${number(limit)} record(s)`;
    return `its policy wants approval ${when}: ${number(observed)} record(s)`;
  }
  const unit = unitOf(name);
  return `guard ${name}: ${number(observed)}${unit}, the limit is ${number(limit)}${unit}`;
}

function guardLines(report: PolicyReport, tense: 'would' | 'did'): string[] {
  const { guard, plan = '' } = report;
  if (guard === undefined) return [];
  const waits = report.status === 'waiting';
  const what = tense === 'would' ? 'would wait for approval' : waits ? 'waits for approval' : 'stopped';
  const lines = [`  ${what} (${guardText(guard)})`];
  if (waits)
    lines.push(
      `  → nothing was erased. Look at it: frist plan ${plan}; then: frist approve ${plan} --why "…"`,
    );
  return lines;
}
