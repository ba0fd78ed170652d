/** How the starts of a view are stored: by the file where it says so, else by the column's type. */
import type { Encoding, RecordType, StartColumn, View } from '../../../policy/policy.ts';
import type { Catalogue, Column } from '../catalogue/catalogue.ts';

/** One encoding per start of the view; undefined where neither the file nor the type tells. */
export function encodingsOf(catalogue: Catalogue, view: View): readonly (Encoding | undefined)[] {
  return view.starts.map((start) => start.encoding ?? byType(view.record, columnOf(catalogue, view.record, start), start));
}

/** The column that a start is read from; undefined where there is none. */
export function columnOf(catalogue: Catalogue, record: RecordType, start: StartColumn): Column | undefined {
  const related = record.related.find((one) => one.name === start.maxOf?.related);
  const table = catalogue.tables.get(start.maxOf === undefined ? record.table : (related?.table ?? ''));
  return table?.columns.get(start.column);
}

function byType(record: RecordType, column: Column | undefined, start: StartColumn): Encoding | undefined {
  const local: Encoding | undefined =
    record.datetimesIn === undefined ? undefined : { kind: 'local', zone: record.datetimesIn };
  if (column?.family === 'instant') return { kind: 'instant' };
  if (column?.family === 'datetime' || start.timeColumn !== undefined) return local;
  return column?.family === 'date' ? { kind: 'date' } : undefined;
}
