/** Erasures by month as bars. Every number of the picture stands in the table below it. Pure. */
import type { MonthNumbers } from '../report.ts';
import { count, html, type Markup } from './markup.ts';

const WIDTH = 720;
const HEIGHT = 230;
const LEFT = 64;
const TOP = 12;
const BASE = 190;
/** Room of a label below the bars. */
const LABEL = 46;
const WIDEST = 64;
/** Told apart without colour, too: plain, striped, outlined. */
const PARTS = [
  ['inTime', 'in time', '#2f5d8a'],
  ['late', 'late', 'url(#late)'],
  ['undated', 'without a promised day', '#fff'],
] as const;

/** A step of the scale: 1, 2 or 5 with noughts, so that at most five of them reach `most`. */
function stepFor(most: number): number {
  for (let unit = 1; ; unit *= 10) {
    for (const factor of [1, 2, 5]) if (unit * factor * 5 >= most) return unit * factor;
  }
}

/** The figure; a sentence where nothing was erased. */
export function chart(months: readonly MonthNumbers[]): Markup {
  const most = Math.max(0, ...months.map((one) => one.inTime + one.late + one.undated));
  if (most === 0) return html`<p class="none">Nothing was erased in the period.</p>`;
  const step = stepFor(most);
  const top = Math.ceil(most / step) * step;
  const y = (n: number): number => round(BASE - ((BASE - TOP) * n) / top);
  const ticks = Array.from({ length: top / step + 1 }, (_, i) => i * step);
  const room = (WIDTH - LEFT) / months.length;
  const every = Math.ceil(LABEL / room);
  const bars = months.map((one, i) => {
    const width = Math.min(WIDEST, room * 0.7);
    const x = round(LEFT + i * room + (room - width) / 2);
    const label =
      i % every === 0
        ? html`<text x="${round(LEFT + (i + 0.5) * room)}" y="${BASE + 16}" text-anchor="middle"
            >${one.month}</text
          >`
        : html``;
    return html`${stack(one, x, round(width), y)}${label} `;
  });
  const lines = ticks.map(
    (n) =>
      html`<line x1="${LEFT}" x2="${WIDTH}" y1="${y(n)}" y2="${y(n)}" stroke="#c9ced3" />
        <text x="${LEFT - 8}" y="${y(n) + 4}" text-anchor="end">${count(n)}</text>`,
  );
  return html`<figure>
    <svg
      viewBox="0 0 ${WIDTH} ${HEIGHT}"
      role="img"
      aria-label="Records erased by month; the table below has the numbers"
    >
      <defs>
        <pattern id="late" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <rect width="6" height="6" fill="#fff" />
          <rect width="3" height="6" fill="#9c1c1c" />
        </pattern>
      </defs>
      ${lines} ${bars} ${legend()}
    </svg>
    <figcaption>Records erased by month (UTC).</figcaption>
  </figure>`;
}

function stack(one: MonthNumbers, x: number, width: number, y: (n: number) => number): Markup[] {
  let below = 0;
  return PARTS.map(([part, , fill]) => {
    const n = one[part];
    if (n === 0) return html``;
    const [from, to] = [y(below), y(below + n)];
    below += n;
    return html`<rect
      x="${x}"
      y="${to}"
      width="${width}"
      height="${round(from - to)}"
      fill="${fill}"
      stroke="#1b1f23"
      stroke-width="0.5"
    />`;
  });
}

function legend(): Markup[] {
  return PARTS.map(([, words, fill], i) => {
    const x = LEFT + i * 110;
    return html`<rect
        x="${x}"
        y="${HEIGHT - 14}"
        width="11"
        height="11"
        fill="${fill}"
        stroke="#1b1f23"
        stroke-width="0.5"
      /><text x="${x + 17}" y="${HEIGHT - 4}">${words}</text>`;
  });
}

function round(n: number): number {
  return Math.round(n * 100) / 100;
}
