/** What is not wrong, and yet may not be what somebody meant. For views without errors. */
import type { Family } from '../catalogue/catalogue.ts';
import type { Ask } from '../catalogue/load.ts';
import type { Question } from '../compile/facts.ts';
import { refTo } from '../compile/place.ts';
import { explainScan } from './explain.ts';
import { ofPolicy } from './findings.ts';
import type { Findings } from './findings.ts';

export async function advise(question: Question, findings: Findings, ask: Ask): Promise<void> {
  warnOfFlags(question, findings);
  await explainScan(question, findings, ask);
}

const FLAGS: readonly Family[] = ['boolean', 'integer'];

/** A row that is marked as deleted is still there, with everything in it. */
function warnOfFlags({ context, view, root }: Question, findings: Findings): void {
  for (const { action, at } of view.stages) {
    if (action.kind !== 'anonymise') continue;
    const flags = action.set.filter(
      (one) => one.with.kind === 'constant' && FLAGS.includes(refTo(context, root, one).column.family),
    );
    if (flags.length < action.set.length) continue;
    findings.warning(
      'only-flags',
      ofPolicy(view, ...(at ?? []), 'set'),
      `All that is set is ${flags.map((one) => one.column).join(', ')}: to mark a row is not to erase it`,
      'Replace the columns that hold personal data too, or delete the row.',
    );
  }
}
