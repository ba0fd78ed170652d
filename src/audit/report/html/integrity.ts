/** Questions 7 and 8 of an authority: backups, and the integrity of the log. Pure. */
import type {
  Adoption,
  Findings,
  PolicyFindings,
  ReplayAct,
  Report,
  TrailFacts,
  VerificationMade,
} from '../report.ts';
import { count, html, table, type Content, type Markup } from './markup.ts';
import { firsts, minuteOf, ofSeveral, policyName } from './words.ts';

export function backups({ keysDestroyed, policies, replays, adoptions }: Findings): Markup {
  const { shown, more } = firsts(keysDestroyed);
  const several = ofSeveral(policies);
  return html`<p>
      frist erases in the living systems. The trail lies apart from them, so that it is not set back with
      them; for each record it holds which one it was, whose, and what starting point it had. After a restore
      <code>frist replay</code> looks every record of the system up in it, and erases again what is the very
      record that was erased; one whose key another record has now is left alone. It can do so as long as the
      keys below have not been destroyed. The trail does not show which backups were made, restored or
      destroyed.
    </p>
    ${replayTable(replays, policies, several)} ${adoptionTable(adoptions)}
    ${table({
      caption:
        'Keys destroyed in the period: nobody can tell any more whom the entries of these days are about',
      head: ['When (UTC)', 'First day', 'Last day', 'True from'],
      rows: shown.map((one) => [minuteOf(one.at), one.from, one.to, one.trueFrom]),
      none: 'No key of the trail’s commitments was destroyed in the period.',
    })}${more}`;
}

function replayTable(
  replays: readonly ReplayAct[],
  policies: readonly PolicyFindings[],
  several: boolean,
): Markup {
  const { shown, more } = firsts(replays);
  const again = policies.reduce((sum, { period }) => sum + period.again, 0);
  return html`${table({
    caption: 'Searches after a restore in the period',
    head: ['When (UTC)', 'Policy', 'System', 'Back', 'To be erased again', 'Changed', 'Of another life'],
    rows: shown.map((one) => [
      minuteOf(one.at),
      policyName(one, several),
      one.source,
      one.back,
      one.due,
      one.changed,
      one.anotherLife,
    ]),
    none: 'Nobody searched a system for erased records in the period.',
  })}${more}
  ${again === 0 ? '' : html`<p>${count(again)} records were erased again.</p>`}`;
}

function adoptionTable(adoptions: readonly Adoption[]): Markup {
  if (adoptions.length === 0) return html``;
  const { shown, more } = firsts(adoptions);
  return html`${table({
    caption: 'frist’s own memory was lost, or restored from an old copy, and went on from the trail',
    head: ['When (UTC)', 'By', 'Lost holds', 'Batches that nobody can name', 'Lost keys'],
    rows: shown.map((one) => [minuteOf(one.at), one.who, one.holds, one.batches, one.epochs]),
    none: '',
  })}${more}`;
}

/** The verification of this report, and how to repeat it. */
export function integrity({ trail, findings }: Report): Markup {
  return html`<p>
      Every entry stands in a signed tree of hashes: one that was changed, removed, put in later or moved
      shows. For this report the whole trail was read and held against its signature.
    </p>
    ${verdict(trail)}
    <dl>
      <dt>Trail</dt>
      <dd>${trail.key.split('+')[0]}</dd>
      <dt>Entries</dt>
      <dd>${count(trail.size)}</dd>
      <dt>Root</dt>
      <dd><code>${trail.root}</code></dd>
      <dt>Public key</dt>
      <dd><code>${trail.key}</code></dd>
    </dl>
    ${heads(trail)} ${findings === undefined ? '' : made(findings)} ${repeat(trail)}`;
}

export function verdict({ problem }: TrailFacts): Markup {
  if (problem === undefined) return html`<p class="good">The trail verifies.</p>`;
  return html`<p class="bad">
      The trail does not verify: ${problem.code} at ${problem.where}: ${problem.what}.
    </p>
    <p>What it says can therefore not be relied on, and this report gives no numbers.</p>`;
}

function heads({ heads, held, hidden }: TrailFacts): Markup {
  const { shown, more } = firsts([...heads].sort((a, b) => b.size - a.size));
  const against = held.map((one) => `${count(one.heads)} ${one.where}`).join(', ');
  return html`${against === '' ? '' : html`<p>It was held against heads: ${against}.</p>`}
  ${
    hidden.length === 0
      ? ''
      : html`<p class="bad">
          ${count(hidden.length)} objects were deleted in the store and lie hidden, the first ${hidden[0]}.
        </p>`
  }
  ${table({
    caption: 'Heads from outside the trail that it begins with',
    head: ['Entries', 'Root'],
    rows: shown.map((head) => [count(head.size), html`<code>${head.root}</code>`]),
    none: 'No head from outside the trail was given. So this shows that nothing was changed without the signing key; it is no proof against who holds that key.',
  })}${more}`;
}

function made({ verifications }: Findings): Markup {
  const { shown, more } = firsts(verifications);
  return html`${table({
    caption: 'Verifications that stand in the trail themselves',
    head: ['When (UTC)', 'Result', 'Entries', 'Heads'],
    rows: shown.map((one) => [minuteOf(one.at), resultOf(one), one.size, one.heads]),
    none: 'No verification was written into the trail in the period.',
  })}${more}`;
}

function resultOf({ result, code }: VerificationMade): Content {
  return result === 'verified' ? result : html`<span class="bad">${result}</span> ${code}`;
}

function repeat({ key, size, root, checkpoint, problem }: TrailFacts): Markup {
  const command = `frist audit verify --trail COPY --key '${key}'`;
  return html`<h3>How to repeat it</h3>
    <p>
      On any machine, with a copy of the trail in the folder <code>COPY</code> and nothing of ours but the
      public key:
    </p>
    <pre>${command}</pre>
    <p>
      ${
        problem === undefined
          ? html`It must answer that the trail verifies, with ${count(size)} entries and the root
              <code>${root}</code>, or with more entries where the trail has grown since.`
          : 'It must find the same, until the trail is mended.'
      }
      Take the public key from elsewhere than this report, such as from your own records.
    </p>
    ${
      checkpoint === undefined
        ? ''
        : html`<p>
              These lines, the last line break included, are the signed head of the trail. Who keeps them in a
              file <code>head.txt</code> can hold every later state of the trail against this report, by
              adding <code>--head head.txt</code>: a trail that was shortened or rewritten since is found out,
              whoever holds the signing key.
            </p>
            <pre>${checkpoint}</pre>`
    }`;
}
