/** Medians, ratios by round, and Markdown tables. */
import type { Cost } from './measure.ts';
import type { Series } from './rounds.ts';

/** Lowest, middle and highest of some numbers. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

export function spread(numbers: readonly number[]): Spread {
  const sorted = numbers.toSorted((a, b) => a - b);
  const at = (place: number): number => sorted[Math.floor(place)] ?? NaN;
  const middle = (sorted.length - 1) / 2;
  return { min: at(0), median: (at(middle) + at(Math.ceil(middle))) / 2, max: at(sorted.length - 1) };
}

/** How many times as quick `a` was as `b`, in each round. */
export function ratios(a: Series, b: Series): Spread {
  return spread(a.costs.map((cost, round) => (b.costs[round]?.seconds ?? NaN) / cost.seconds));
}

/** `1.23 (1.10–1.40)` */
export function formatRatio({ min, median, max }: Spread): string {
  if (Number.isNaN(median)) return '–';
  return `${median.toFixed(2)} (${min.toFixed(2)}–${max.toFixed(2)})`;
}

/** Thousands: `44.6k (38.6–48.0)` */
function formatRate({ min, median, max }: Spread): string {
  const k = (n: number): string => (n / 1000).toFixed(1);
  return `${k(median)}k (${k(min)}–${k(max)})`;
}

/** A Markdown table. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = head.map((_, i) => (i === 0 ? '---' : '---:'));
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}

/** Median of something over the rounds of one variant. */
export function median(series: Series, of: (cost: Cost) => number): number {
  return spread(series.costs.map(of)).median;
}

/** One row a variant: rows per second, ratios by round against the baselines, processor time, memory. */
export function seriesTable(all: readonly Series[], baselines: readonly Series[]): string {
  const head = [
    '',
    'rows/s',
    ...baselines.map(({ name }) => `× ${name}`),
    'CPU µs/row: client, server',
    'MB',
  ];
  const rows = all.map((series) => {
    const each = (of: (cost: Cost) => number): string =>
      ((median(series, of) * 1e6) / series.rows).toFixed(1);
    return [
      series.name,
      formatRate(spread(series.costs.map((cost) => series.rows / cost.seconds))),
      ...baselines.map((baseline) => formatRatio(ratios(series, baseline))),
      `${each((cost) => cost.clientCpu)}, ${each((cost) => cost.serverCpu)}`,
      median(series, (cost) => cost.memory).toFixed(0),
    ];
  });
  return table(head, rows);
}
