/**
 * MySQL refuses a DELETE or UPDATE that asks other rows of the table that it changes (error 1093); MariaDB and the others
 * do not. Said here, because otherwise the first batch would fail.
 */
import type { Column, Family, Table } from '../../catalogue/catalogue.ts';
import { askAbout } from '../../compile/facts.ts';
import { newContext } from '../../compile/place.ts';
import type { Context } from '../../compile/place.ts';
import type { Anonymising } from '../../erase/anonymise/change.ts';
import { compileWork } from '../../erase/work.ts';
import type { Sql } from '../../sql.ts';
import type { Examined } from '../check.ts';
import { ofStage } from '../findings.ts';
import type { Path } from '../findings.ts';

/** For a view without errors. */
export function checkOwnTable({ dialect, catalogue, view, findings }: Examined): void {
  if (catalogue.asksTarget) return;
  const context = newContext(dialect, catalogue, view.record);
  const question = askAbout(context, view);
  const refuse = (table: Table, name: string, statements: readonly Sql[], path: Path): void => {
    if (statements.some((one) => names(context, one, table)))
      findings.error(
        'own-table',
        path,
        `MySQL changes no rows of ${name} by a statement that asks other rows of ${name} (error 1093), and this would be one`,
        'Say it without related rows of the same table, or use MariaDB.',
      );
  };
  for (const [i, stage] of view.stages.entries()) {
    const work = compileWork(question, stage);
    refuse(question.root.table, view.record.table, [work.still, ...writes(work.anonymising)], ofStage(view, i, 'action')); // prettier-ignore
    for (const { rows, part, unshared, anonymising } of work.parts)
      refuse(rows.place.table, part.table, [unshared([]), ...writes(anonymising)], ofStage(view, i, 'action')); // prettier-ignore
    for (const [n, one] of work.dependents.entries()) {
      if (one.dependent.kind === 'keep') continue;
      const { rows } = one;
      const found = { roots: [sample(rows.ours.map((ref) => ref.column))], values: [sample(rows.columns)] };
      const statements = [one.left(found), one.meant(found), one.reached(found), ...writes(one.anonymising)];
      refuse(rows.place.table, one.dependent.related, statements, ofStage(view, i, 'dependents', n));
    }
  }
}

const writes = (one: Anonymising | undefined): readonly Sql[] =>
  one === undefined ? [] : [one.assignments, one.unfinished];

/** The statement reads the table under another name. */
function names({ aliased }: Context, { parts }: Sql, table: Table): boolean {
  const others = aliased.filter((one) => one.table === table).map((one) => one.alias);
  const used = new Set(parts.flatMap((part) => part.match(/\bfrist_\d+\b/g) ?? []));
  return others.some((alias) => used.has(alias));
}

/** Values such as rows of a batch could have; without any, a statement is not written at all. */
const sample = (columns: readonly Column[]): readonly string[] =>
  columns.map(({ family }) => SAMPLES[family] ?? 'x');

const SAMPLES: Readonly<Partial<Record<Family, string>>> = {
  integer: '1',
  decimal: '1',
  float: '1',
  boolean: 't',
  uuid: '00000000-0000-4000-8000-000000000000',
  binary: '00',
  date: '2000-01-01',
  datetime: '2000-01-01 00:00:00',
  instant: '2000-01-01 00:00:00',
};
