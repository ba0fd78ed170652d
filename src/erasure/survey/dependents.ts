/**
 * How many rows go with the records of a plan, by related name, and which of these numbers a run may miss: it counts a row
 * with the first that takes it, batch by batch, while a plan counts page by page.
 */
import type { Dependent, RecordType, Related, View } from '../../policy/policy.ts';
import { add } from '../report.ts';

export class DependentRows {
  readonly #view: View;
  readonly #rows: Record<string, number> = {};
  /** In how many answers there were any. */
  readonly #answers = new Map<string, number>();
  #records = 0;

  constructor(view: View) {
    this.#view = view;
  }

  /** `counts`: one answer of the source, about this many records. */
  add(records: number, counts: ReadonlyMap<string, number>): void {
    this.#records += records;
    for (const [name, rows] of counts) {
      add(this.#rows, name, rows);
      if (rows > 0) this.#answers.set(name, (this.#answers.get(name) ?? 0) + 1);
    }
  }

  get rows(): Readonly<Record<string, number>> {
    return this.#rows;
  }

  /** The names whose numbers a run may miss. With one record there is no doubt. */
  get approximate(): readonly string[] {
    if (this.#records <= 1) return [];
    return Object.keys(this.#rows).filter((name) => this.#isInDoubt(name));
  }

  #isInDoubt(name: string): boolean {
    const { record, stages } = this.#view;
    const answers = this.#answers.get(name) ?? 0;
    const all = stages.flatMap((stage) => stage.dependents);
    const related = record.related.find((one) => one.name === name);
    // What the database takes along: nobody has said to whom it belongs.
    if (related === undefined) return answers > 1;
    const counted = record.related.filter((one) => this.#answers.has(one.name)).map((one) => one.table);
    if (isAlsoTaken(record, related, all)) return counted.includes(related.table);
    const deleted = all.every((one) => one.related !== name || one.kind === 'delete');
    return !belongsToOne(record, related) && (answers > 1 || !deleted);
  }
}

/** The same rows can go as something else: as records, as parts of them, or by another way that leads to them. */
function isAlsoTaken(record: RecordType, related: Related, all: readonly Dependent[]): boolean {
  const own = [record, ...(record.parts ?? [])].map((one) => one.table);
  const others = record.related.filter(
    (other) =>
      other.table === related.table &&
      wayTo(other) !== wayTo(related) &&
      all.some((one) => one.related === other.name && one.kind !== 'keep'),
  );
  return own.includes(related.table) || others.length > 0;
}

const wayTo = ({ of, match, orMatch, ignoreCase }: Related): string =>
  JSON.stringify([of, match, orMatch, ignoreCase]);

/** Whether what the rows match by is the whole key of a record. */
function belongsToOne(record: RecordType, related: Related): boolean {
  const known = new Set(keysIn(record, related).values());
  return record.key.every((name) => known.has(name));
}

/** Columns of the rows that hold a part of the record's key, and which. */
function keysIn(record: RecordType, related: Related): ReadonlyMap<string, string> {
  const { of, match, orMatch = [], ignoreCase = false } = related;
  if (orMatch.length > 0 || ignoreCase) return new Map();
  const above = record.related.find((one) => one.name === of);
  const ours = above === undefined ? new Map(record.key.map((name) => [name, name])) : keysIn(record, above);
  return new Map(
    match.flatMap((pair): [string, string][] => {
      const key = pair.part === undefined && pair.inText === undefined ? ours.get(pair.ours) : undefined;
      return key === undefined ? [] : [[pair.theirs, key]];
    }),
  );
}
