/** A trail as findings: its entries once, and then the wordings of policies, while their evidence lives. */
import { readEvidence } from '../evidence.ts';
import { readBundle } from '../store/read.ts';
import type { ReadStore } from '../store/store.ts';
import { widthIn, type Framed } from '../tile.ts';
import { TILE_WIDTH } from '../tree.ts';
import { dayOf } from './days.ts';
import type { Findings, Period, PolicyFindings, Wording } from './report.ts';
import { Tally } from './tally.ts';

const AHEAD = 8;

/**
 * What the first `size` entries of a trail, which must have been verified, say about a period.
 * @param made the moment of the report, `2026-11-22T03:40:00.000Z`
 * @throws AUDIT_CORRUPT, AUDIT_STORE when what was verified cannot be read again.
 */
export async function readFindings(
  store: ReadStore,
  size: number,
  period: Period,
  made: string,
): Promise<Findings> {
  const tally = new Tally(period);
  for await (const entries of bundles(store, size)) {
    for (const entry of entries) tally.add(entry.toString());
  }
  const findings = tally.findings(dayOf(made));
  const policies: PolicyFindings[] = [];
  for (const policy of findings.policies) {
    const wordings: Wording[] = [];
    for (const one of policy.wordings) {
      wordings.push({ ...one, ...wordsOf(await readEvidence(store, one.evidence)) });
    }
    policies.push({ ...policy, wordings });
  }
  return { ...findings, policies };
}

/** All entries, bundle by bundle. Some are asked for ahead: a bucket takes longer to answer than a bundle to read. */
async function* bundles(store: ReadStore, size: number): AsyncGenerator<readonly Buffer[]> {
  const last = Math.ceil(size / TILE_WIDTH);
  const asked: Promise<Framed>[] = [];
  for (let index = 0; index < last || asked.length > 0;) {
    for (; index < last && asked.length < AHEAD; index++) {
      const bundle = readBundle(store, index, widthIn(size, 'entries', index));
      // Should it fail, that is told when it is awaited.
      bundle.catch(() => undefined);
      asked.push(bundle);
    }
    const next = await asked.shift();
    if (next !== undefined) yield next.entries;
  }
}

/** The evidence of a wording: its canonical JSON in the first line, the same in words in the others. */
function wordsOf(text: string | undefined): Pick<Wording, 'promise' | 'because' | 'words'> {
  const [json = '', ...words] = text?.split('\n') ?? [];
  const { promise, because } = policyOf(json);
  return {
    ...(typeof promise === 'string' ? { promise } : {}),
    ...(typeof because === 'string' ? { because } : {}),
    ...(words.length === 0 ? {} : { words }),
  };
}

function policyOf(json: string): { readonly promise?: unknown; readonly because?: unknown } {
  try {
    return (JSON.parse(json) as { policy?: { promise?: unknown; because?: unknown } }).policy ?? {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
