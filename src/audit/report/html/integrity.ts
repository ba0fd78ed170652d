/** Questions 7 and 8 of an authority: backups, and the integrity of the log. Pure. */
import type { Findings, Report, TrailFacts, VerificationMade } from '../report.ts';
import { count, html, table, type Content, type Markup } from './markup.ts';
import { firsts, minuteOf } from './words.ts';

export function backups({ keysDestroyed }: Findings): Markup {
  const { shown, more } = firsts(keysDestroyed);
  return html`<p>
      frist erases in the living systems. The trail lies apart from them, so that it is not set back with
      them; for each record it holds which one it was and what starting point it had. What a restored backup
      brings back is due again, and the next run finds it like any record whose period has run out. The trail
      does not show which backups were made, restored or destroyed, and this version of frist has no command
      that goes through it after a restore.
    </p>
    ${table({
      caption:
        'Keys destroyed in the period: nobody can tell any more whom the entries of these days are about',
      head: ['When (UTC)', 'First day', 'Last day', 'True from'],
      rows: shown.map((one) => [minuteOf(one.at), one.from, one.to, one.trueFrom]),
      none: 'No key of the trail’s commitments was destroyed in the period.',
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
