/** Questions 1, 2 and 4 of an authority: which limits, erased by what, in which systems. Pure. */
import type { Findings, PolicyFindings } from '../report.ts';
import { count, html, table, type Markup } from './markup.ts';
import { ifLooked, ofSeveral, pairs, policyName } from './words.ts';

export function limits({ policies }: Findings): Markup {
  const several = ofSeveral(policies);
  return html`<p>
      The policies that the trail knows, with the wording that was in force. Each wording is an entry, with
      the digest of its meaning; the text lies beside the trail as evidence, and may have reached the end of
      its life. Statutory minimums have no entry of their own: they stand in the words of the policies that
      they hold back, and what they kept is counted as protected under 5.
    </p>
    ${table({
      caption: 'Policies and their promises',
      head: ['Policy', 'Records', 'Promise', 'In force since'],
      rows: policies.map((one) => [
        policyName(one, several),
        one.of.join(', '),
        promiseOf(one),
        one.wordings.at(-1)?.since ?? 'not known',
      ]),
      none: 'The trail knows no policy yet.',
    })}`;
}

function promiseOf({ wordings }: PolicyFindings): Markup {
  const last = wordings.at(-1);
  if (last === undefined) return html`not in the trail`;
  if (last.promise !== undefined) {
    const because = last.because === undefined ? '' : html` <span class="sub">(${last.because})</span>`;
    return html`<span lang="">${last.promise}</span>${because}`;
  }
  return last.words === undefined
    ? html`text no longer kept; its digest is below`
    : html`none quoted; the policy in words is below`;
}

export function support({ policies, versions }: Findings): Markup {
  const several = ofSeveral(policies);
  const batches = policies.reduce((sum, one) => sum + one.period.batches, 0);
  return html`<p>
      frist looks at the records by schedule and erases those whose period has run out, in batches:
      ${count(batches)} of them ended in the period. A batch stands in the trail, with its size and the digest
      of its records, before its first statement is sent; what became of each record stands there afterwards.
      What is found gone after a crash is called found gone, never erased.
    </p>
    ${table({
      caption: 'What was done in the period',
      head: [
        'Policy',
        'Deleted',
        'Anonymised',
        'Found gone after a crash',
        'Gone before',
        'Rows that went with them',
      ],
      rows: policies.map((one) => [
        policyName(one, several),
        one.period.deleted,
        one.period.anonymised,
        one.period.foundGone,
        one.period.alreadyGone,
        pairs(one.period.dependents),
      ]),
      none: 'The trail knows no policy yet.',
    })}
    <p class="sub">
      Versions of frist that wrote in the period:
      ${versions.length === 0 ? 'not known' : versions.join(', ')}.
    </p>`;
}

export function systems({ policies }: Findings): Markup {
  const several = ofSeveral(policies);
  return html`<p>
      Every record type under a policy, by the system that it lies in. A record type that no policy names
      cannot appear here.
    </p>
    ${table({
      caption: 'Systems and record types',
      head: ['Record type', 'Policy', 'Last looked at', 'Records then', 'Kept then, by reason'],
      rows: policies.flatMap((one) =>
        one.of.map((type) => [
          type,
          policyName(one, several),
          one.end.looked ?? 'not yet',
          ifLooked(one.end, one.end.population ?? 'not noted'),
          pairs(one.end.kept),
        ]),
      ),
      none: 'The trail knows no record type yet.',
    })}`;
}
