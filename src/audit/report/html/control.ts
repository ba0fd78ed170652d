/** Questions 3, 5 and 6 of an authority: who decides, how it is checked, how it is logged. Pure. */
import type { Findings, HoldAct, PolicyFindings } from '../report.ts';
import { chart } from './chart.ts';
import { count, html, NOT_KNOWN, table, type Markup } from './markup.ts';
import { firsts, ifLooked, minuteOf, ofSeveral, pairs, policyName, span } from './words.ts';

export function authority({ policies, approvals, pauses, holds, runs }: Findings): Markup {
  const several = ofSeveral(policies);
  const approved = firsts(approvals);
  const acts = [
    ...holds.placed.map((act) => ({ what: 'placed', ...act })),
    ...holds.released.map((act) => ({ what: 'released', ...act })),
  ].sort((a, b) => (a.at < b.at ? -1 : 1));
  const held = firsts(acts);
  const paused = firsts(pauses);
  const set =
    runs.setClock === 0
      ? ''
      : html`<p>Of these, with a moment to decide by that was given by hand: ${count(runs.setClock)}.</p>`;
  return html`<p>
      Erasing is automatic. A plan that a guard stops is carried out only when somebody lets it go, and a hold
      suspends erasure for a person until somebody ends it. Both are entries with the operator's id; the
      reasons lie beside the trail as evidence, under a shorter life, and are not in this report.
    </p>
    ${table({
      caption: 'Plans let go',
      head: ['When (UTC)', 'Policy', 'By', 'Plan'],
      rows: approved.shown.map((one) => [minuteOf(one.at), policyName(one, several), one.who, one.plan]),
      none: 'Nobody let a plan go in the period.',
    })}${approved.more}
    ${table({
      caption: 'Holds placed and released',
      head: ['When (UTC)', 'What', 'On', 'By', 'Systems', 'Review, or kept until', 'Hold'],
      rows: held.shown.map((one) => [
        minuteOf(one.at),
        `${one.kind === 'restriction' ? 'restriction' : 'hold'} ${one.what}`,
        heldWords(one),
        one.who,
        one.sources.length > 0 ? one.sources.join(', ') : one.policies.length > 0 ? '' : 'all',
        one.review ?? one.until ?? '',
        one.hold,
      ]),
      none: 'No hold was placed or released in the period.',
    })}${held.more}
    ${table({
      caption: 'Pauses of all erasing',
      head: ['When (UTC)', 'What', 'By'],
      rows: paused.shown.map((one) => [minuteOf(one.at), one.what, one.who]),
      none: 'Nobody paused frist in the period.',
    })}${paused.more}
    <p>
      Holds that stood at the end of the period: ${count(holds.standing)}; of these past their day of review:
      ${count(holds.pastReview)}. A hold that was released may keep what it covered for a grace. Runs begun in
      the period, by what began them: ${pairs(runs.byTrigger) || 'none'}.
    </p>
    ${set}`;
}

/** What a hold is on; nobody is named. */
function heldWords({ records, policies }: HoldAct): string {
  if (policies.length > 0) return `policy ${policies.join(', ')}`;
  return records === 0 ? 'a person' : `${count(records)} record${records === 1 ? '' : 's'}`;
}

export function checks(findings: Findings): Markup {
  const { policies, months } = findings;
  const several = ofSeveral(policies);
  return html`<p>
      What was due, and what became of it. A record is late when it was erased after the day by whose end it
      was promised; it is overdue when that day has passed, it is still there, and nothing suspends its
      erasure.
    </p>
    ${periodTable(policies, several)} ${endTable(policies, several)} ${chart(months)}
    ${table({
      caption: 'By month (UTC)',
      head: ['Month', 'In time', 'Late', 'Without a promised day', 'Found gone', 'Failed attempts'],
      rows: months.map((one) => [one.month, one.inTime, one.late, one.undated, one.foundGone, one.failed]),
      none: 'No month.',
    })}
    <p>
      After every batch frist looks for its records once more. (Dry runs write nowhere: the trail does not
      know of them.)
    </p>
    ${secondLook(policies, several)} ${runTable(findings, several)} ${guardTable(findings, several)}
    ${silence(findings)}`;
}

function periodTable(policies: readonly PolicyFindings[], several: boolean): Markup {
  return table({
    caption: 'In the period',
    head: [
      'Policy',
      'Due',
      'Erased in time',
      'Erased late',
      'Without a promised day',
      'Found gone',
      'Gone before',
      'Failed attempts',
    ],
    rows: policies.map(({ period, ...one }) => [
      policyName(one, several),
      period.due,
      period.inTime,
      period.late,
      period.undated,
      period.foundGone,
      period.alreadyGone,
      period.failed,
    ]),
    none: 'The trail knows no policy yet.',
  });
}

function endTable(policies: readonly PolicyFindings[], several: boolean): Markup {
  return table({
    caption: 'At its end',
    head: [
      'Policy',
      'Last looked at',
      'Left',
      'Overdue',
      'Oldest promised by',
      'Failing',
      'Held',
      'Protected',
      'Proof pending',
    ],
    rows: policies.map(({ end, ...one }) => [
      policyName(one, several),
      end.looked ?? 'not yet',
      ifLooked(end, end.left),
      ifLooked(end, end.overdue),
      end.oldest ?? NOT_KNOWN,
      ifLooked(end, end.failing),
      ifLooked(end, end.kept['held'] ?? 0),
      ifLooked(end, end.kept['protected'] ?? 0),
      end.pendingProof,
    ]),
    none: 'The trail knows no policy yet.',
  });
}

function secondLook(policies: readonly PolicyFindings[], several: boolean): Markup {
  return table({
    caption: 'The second look',
    head: ['Policy', 'Erased', 'Seen gone', 'Found again', 'Batches without an outcome', 'Records in them'],
    rows: policies.map(({ period, end, ...one }) => [
      policyName(one, several),
      period.erased,
      period.seenGone,
      period.stillThere,
      end.open.batches,
      end.open.records,
    ]),
    none: 'The trail knows no policy yet.',
  });
}

function runTable({ policies }: Findings, several: boolean): Markup {
  return table({
    caption: 'Runs in the period',
    head: ['Policy', 'By result', 'Errors'],
    rows: policies.map((one) => [
      policyName(one, several),
      pairs(one.runs) || 'none',
      pairs(one.failures) || 'none',
    ]),
    none: 'The trail knows no policy yet.',
  });
}

function guardTable({ guards }: Findings, several: boolean): Markup {
  const { shown, more } = firsts(guards);
  return html`${table({
    caption: 'Plans stopped by a guard',
    head: ['When (UTC)', 'Policy', 'Guard', 'Limit', 'Found', 'Of'],
    rows: shown.map((one) => [
      minuteOf(one.at),
      policyName(one, several),
      one.guard,
      measured(one.limit, one.guard),
      measured(one.observed, one.guard),
      one.population,
    ]),
    none: 'No guard stopped a plan in the period.',
  })}${more}`;
}

/** What a guard measures: records, unless its name says otherwise. */
const UNITS: ReadonlyMap<string, string> = new Map([
  ['percent', ' %'],
  ['first-run-percent', ' %'],
  ['population-moved', ' %'],
  ['clock-gap', ' hours'],
]);

function measured(n: number, guard: string): string {
  return `${count(n)}${UNITS.get(guard) ?? ' records'}`;
}

function silence({ entries }: Findings): Markup {
  const written = Object.keys(entries.byKind).length > 0;
  if (entries.silent.length === 0 && !written) return html``;
  if (entries.silent.length === 0)
    return html`<p>There was no day in the period on which the trail was silent.</p>`;
  const { shown, more } = firsts(entries.silent);
  return html`<p>
      On these days nothing was written, so nothing shows that frist ran: ${shown.map(span).join('; ')}.
    </p>
    ${more}`;
}

export function log({ entries, evidenceErased }: Findings): Markup {
  return html`<p>
      Each record that was erased, found gone or failed has an entry of its own: when, by which batch, under
      which policy, what was done, the day by whose end it was promised, and its age in rough steps. Record
      and person stand in it as commitments, hashes under a key that lies apart: the trail names nobody.
      Whether a given person was erased can be answered by who holds that key.
    </p>
    ${table({
      caption: 'Entries of the period by kind',
      head: ['Kind', 'Entries'],
      rows: Object.entries(entries.byKind),
      none: 'There is no entry in the period.',
    })}
    ${
      entries.unknown === 0
        ? ''
        : html`<p>
            ${count(entries.unknown)} of them are of a kind or a form that this version of frist does not
            know: they are counted here and nowhere else in this report.
          </p>`
    }
    ${
      evidenceErased === 0
        ? ''
        : html`<p>
            ${count(evidenceErased)} pieces of evidence, texts of policies and reasons, reached the end of
            their life in the period and were erased. The entries that point to them stay.
          </p>`
    }`;
}
