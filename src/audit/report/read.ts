/** A trail as findings: its entries once, and then the wordings of policies, while their evidence lives. */
import { readEvidence } from '../evidence.ts';
import { readEntries } from '../store/read.ts';
import type { ReadStore } from '../store/store.ts';
import { dayOf } from './days.ts';
import type { Findings, Period, PolicyFindings, Wording } from './report.ts';
import { Tally } from './tally.ts';

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
  for await (const entry of readEntries(store, size, 0, size)) tally.add(entry.toString());
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
