/** Parts of records whose batches lock their tables: one statement can name a table only so often then. */
import { askAbout } from '../../compile/facts.ts';
import { newContext } from '../../compile/place.ts';
import { compileWork } from '../../erase/work.ts';
import type { Sql } from '../../sql.ts';
import { and } from '../../sql.ts';
import type { Examined } from '../check.ts';
import { ofStage } from '../findings.ts';

/** For a view without errors. */
export function checkPartUses({ dialect, catalogue, view, findings }: Examined): void {
  const { parts = [] } = view.record;
  if (parts.length === 0) return;
  const question = askAbout(newContext(dialect, catalogue, view.record), view);
  for (const [i, stage] of view.stages.entries()) {
    const { predicate, written } = compileWork(question, stage);
    const isLocked = written.some((table) => !table.transactional);
    if (!isLocked || !namesTwice(and(question.select, predicate))) continue;
    const tables = parts.map((part) => part.table).join(', ');
    findings.error(
      'part-uses',
      ofStage(view, i, 'action'),
      `So much is asked of ${tables} that one statement would name a table more often than it can while it is locked`,
      `Ask less of it in the policies on this record type, or move the tables to a transactional engine: ALTER TABLE … ENGINE=InnoDB.`,
    );
  }
}

/** The names for a part's table are used up, and begin anew. */
function namesTwice({ parts }: Sql): boolean {
  const names = parts.join(' ').match(/\bAS frist_\d+\b/g) ?? [];
  return new Set(names).size < names.length;
}
