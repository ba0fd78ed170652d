/** Each policy in words, and how the numbers come about. Pure. */
import type { Findings, PolicyFindings, Wording } from '../report.ts';
import { count, html, type Markup } from './markup.ts';
import { ofSeveral, policyName } from './words.ts';

export function policiesInWords({ policies }: Findings): Markup {
  if (policies.length === 0) return html`<p class="none">The trail knows no policy yet.</p>`;
  const several = ofSeveral(policies);
  return html`${policies.map((one) => policy(one, several))}`;
}

function policy(one: PolicyFindings, several: boolean): Markup {
  const { wordings, end } = one;
  const looked =
    end.looked === undefined
      ? 'No run has looked at its records by the end of the period.'
      : `Last looked at on ${end.looked}; ${count(end.left)} due and still there, ${count(end.failing)} of them failing.`;
  return html`<h3>${policyName(one, several)}</h3>
    ${wordings.map(wording)}
    <p>${looked}</p> `;
}

function wording({ since, digest, promise, words, evidence }: Wording): Markup {
  const quoted = promise === undefined ? '' : html`<blockquote lang="">${promise}</blockquote>`;
  const kept = promise !== undefined || words !== undefined;
  return html`<p class="sub">
      Wording first seen on ${since}, digest <code>${digest}</code>, evidence
      <code>${evidence.sha256}</code>${kept ? '' : '; its text is no longer kept'}.
    </p>
    ${quoted}${
      words === undefined
        ? ''
        : html`<ul>
            ${words.map((line) => html`<li>${line}</li>`)}
          </ul>`
    }`;
}

const NUMBERS = [
  ['Due', 'erased, found gone, gone before, and what was left at the end of the period'],
  [
    'Erased in time, late',
    'erased by the end of the promised day, or after it, by the calendar of the policy’s time zone',
  ],
  ['Without a promised day', 'erased, and no promised day stands in the entry'],
  ['Found gone', 'gone after a crash, so that nobody saw when; counted neither as in time nor as late'],
  ['Gone before', 'not there any more when frist came to erase it'],
  [
    'Failed attempts',
    'times that the data forbade to erase a record; one that fails every night counts every night',
  ],
  ['Left', 'due and still there, as the last run found it, without what was dealt with since'],
  ['Overdue', 'of those left, the ones whose promised day had passed'],
  ['Oldest promised by', 'the earliest promised day among the overdue that the last run found'],
  ['Failing', 'records that the data forbade the last run to erase'],
  ['Held, protected', 'due, but kept by a hold, or by a statutory minimum, when the last run looked'],
  ['Seen gone', 'erased, and gone when frist looked again'],
  ['Proof pending', 'erased since the trail began, in batches that could not be looked at again'],
] as const;

export function definitions(): Markup {
  return html`<p>
      All numbers follow from entries of the trail, which anyone who has a copy can count again. Days and
      months are those of UTC, by the moment at which an entry was written.
    </p>
    <dl>
      ${NUMBERS.map(
        ([name, meaning]) =>
          html`<dt>${name}</dt>
            <dd>${meaning}</dd> `,
      )}
    </dl>`;
}
