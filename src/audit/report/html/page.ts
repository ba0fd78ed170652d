/**
 * The report as one page of HTML: no script, nothing loaded from elsewhere, made to be read on a screen and printed on
 * A4. Its sections are the eight questions that supervisory authorities ask about erasure. Pure.
 */
import type { Findings, Report } from '../report.ts';
import { authority, checks, log } from './control.ts';
import { definitions, policiesInWords } from './details.ts';
import { backups, integrity, verdict } from './integrity.ts';
import { count, html, Markup } from './markup.ts';
import { limits, support, systems } from './promises.ts';
import { STYLE } from './style.ts';
import { minuteOf, span } from './words.ts';

interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: (findings: Findings) => Markup;
}

/** In the order in which they are asked; the eighth is in every report. */
const QUESTIONS: readonly Section[] = [
  { id: 'limits', title: '1. Which time limits for erasure have been set?', body: limits },
  { id: 'support', title: '2. How do the systems support erasure?', body: support },
  { id: 'authority', title: '3. Which manual steps are there, and who may take them?', body: authority },
  { id: 'systems', title: '4. How is it ensured that data are erased in all systems?', body: systems },
  { id: 'checks', title: '5. How is it checked that data are erased within the limits?', body: checks },
  { id: 'log', title: '6. How is erasure logged?', body: log },
  { id: 'backups', title: '7. What keeps erased data from coming back with a backup?', body: backups },
];
const INTEGRITY = { id: 'integrity', title: '8. How is the integrity of the log kept?' };
const APPENDIX: readonly Section[] = [
  { id: 'policies', title: 'The policies in words', body: policiesInWords },
  { id: 'numbers', title: 'What the numbers mean', body: definitions },
];

/** The page, complete. */
export function renderReport(report: Report): string {
  const { findings, period } = report;
  const sections = findings === undefined ? [] : QUESTIONS;
  const appendix = findings === undefined ? [] : APPENDIX;
  const section = ({ id, title, body }: Section): Markup =>
    findings === undefined ? html`` : html`<section>${heading(id, title)} ${body(findings)}</section> `;
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <title>Report on erasure, ${span(period)}</title>
        ${new Markup(`<style>${STYLE}</style>`)}
      </head>
      <body>
        ${head(report)}
        <main>
          <nav aria-label="Contents">
            <ol>
              ${[...sections, INTEGRITY, ...appendix].map(
                ({ id, title }) => html`<li><a href="#${id}">${title.replace(/^\d\. /, '')}</a></li> `,
              )}
            </ol>
          </nav>
          ${sections.map(section)}
          <section>${heading(INTEGRITY.id, INTEGRITY.title)} ${integrity(report)}</section>
          ${appendix.map(section)}
        </main>
        <footer>
          Made by frist ${report.frist} on ${minuteOf(report.made)} UTC from the audit trail alone.
        </footer>
      </body>
    </html> `;
  return `${page.text.trimEnd()}\n`;
}

function heading(id: string, title: string): Markup {
  return html`<h2 id="${id}">${title}</h2>`;
}

function head(report: Report): Markup {
  const { period, made, trail, findings } = report;
  const began = findings?.entries.began;
  const bounds = [
    began !== undefined && began > period.from
      ? html`<p>The trail began on ${began}: of the days before it, it says nothing.</p> `
      : '',
    made.slice(0, 10) <= period.to
      ? html`<p>The period had not ended when this report was made, on ${minuteOf(made)} UTC.</p>`
      : '',
  ];
  return html`<header>
    <h1>Report on erasure</h1>
    <p class="sub">${span(period)}, UTC days · trail ${trail.key.split('+')[0]}</p>
    ${bounds} ${findings === undefined ? verdict(trail) : inShort(report, findings)}
  </header>`;
}

function inShort({ trail }: Report, { policies }: Findings): Markup {
  const sum = (number: (one: (typeof policies)[number]) => number): number =>
    policies.reduce((all, one) => all + number(one), 0);
  const [erased, late, undated] = [
    sum((one) => one.period.erased),
    sum((one) => one.period.late),
    sum((one) => one.period.undated),
  ];
  const overdue = sum((one) => one.end.overdue);
  const unlooked = policies.filter((one) => one.end.looked === undefined).length;
  return html`<dl>
    <dt>Erased</dt>
    <dd>
      ${count(erased)} records, ${count(late)} of them
      late${undated === 0 ? '' : html`, ${count(undated)} without a promised day`}
    </dd>
    <dt>Overdue at the end</dt>
    <dd>
      ${overdue === 0 ? 'none that a run has found' : html`<span class="bad">${count(overdue)} records</span>`}${
        unlooked === 0 ? '' : html`; ${count(unlooked)} of the policies had not been looked at`
      }
    </dd>
    <dt>Policies</dt>
    <dd>${count(policies.length)}</dd>
    <dt>Trail</dt>
    <dd>${count(trail.size)} entries; <span class="good">verified for this report</span></dd>
  </dl>`;
}
