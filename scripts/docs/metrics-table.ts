/** The tables of metrics in docs/metrics.md, between its two marks: name, further labels, meaning. */
import { FIXED } from '../../src/metrics/metrics.ts';
import { INSTALLATION_METRICS, POLICY_METRICS, PROCESS_METRICS } from '../../src/metrics/table.ts';

const BEGIN = '<!-- metrics: written by `npm run docs` -->';
const END = '<!-- /metrics -->';

interface Described {
  readonly name: string;
  readonly help: string;
  readonly by?: string;
}

/** The page with its tables written anew. */
export function withMetrics(page: string): string {
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined)
    throw new TypeError('the page has no marks for the metrics');
  const { build, ...ofController } = FIXED;
  const parts = [
    'By `controller` and `policy`:',
    table(POLICY_METRICS),
    'By `controller`:',
    table([...Object.values(ofController), ...INSTALLATION_METRICS]),
    'Of the process:',
    table([{ ...build, by: build.labels.join('`, `') }, ...PROCESS_METRICS]),
  ];
  return `${before}${BEGIN}\n\n${parts.join('\n\n')}\n\n${END}${after}`;
}

function table(metrics: readonly Described[]): string {
  const rows = metrics.map(({ name, help, by }) => [
    `\`${name}\``,
    by === undefined ? '' : `\`${by}\``,
    `${help}.`,
  ]);
  const all = [['Metric', 'Also by', 'Meaning'], ...rows];
  const widths = [0, 1, 2].map((i) => Math.max(...all.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = all;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
}
