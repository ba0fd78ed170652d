/** What is not wrong, and yet may not be what somebody meant. For views without errors. */
import type { Family } from '../catalogue/catalogue.ts';
import type { Ask } from '../catalogue/load.ts';
import type { Question } from '../compile/facts.ts';
import { refTo } from '../compile/place.ts';
import { sql } from '../sql.ts';
import { explainScan } from './explain.ts';
import { ofPolicy, ofRecord } from './findings.ts';
import type { Findings } from './findings.ts';
import { warnOfSpellings } from './spellings.ts';

export async function advise(question: Question, findings: Findings, ask: Ask): Promise<void> {
  warnOfFlags(question, findings);
  await warnOfFolding(question, findings, ask);
  await warnOfSpellings(question, findings, ask);
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

/** PostgreSQL in the locale C knows the capital letters of English alone. */
async function warnOfFolding({ context, view }: Question, findings: Findings, ask: Ask): Promise<void> {
  const folding = view.record.related.find((one) => one.ignoreCase === true);
  if (folding === undefined || context.dialect !== 'postgres') return;
  const rows = await ask(sql`SELECT CASE WHEN LOWER(U&'\\00D8') = U&'\\00F8' THEN 1 END`);
  if (rows[0]?.[0] === '1') return;
  findings.warning(
    'folds-ascii',
    ofRecord(view, 'related', folding.name),
    'The locale of the database tells Ø and ø apart even where case is ignored',
    'Give the columns a collation that knows letters beyond English, if such letters stand in them.',
  );
}
