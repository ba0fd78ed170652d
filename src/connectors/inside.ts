/** Which columns a view looks inside as JSON, in the record or in rows that the record is judged by. */
import type { Condition, Field, RecordType, View } from '../policy/policy.ts';
import { SourceFailure } from './connector.ts';

/** A column that is looked into, of the record, of a part of it, or of related rows. */
export interface ColumnInside {
  /** As reports name it: the column, with its part or relation. */
  readonly name: string;
  readonly field: Field;
  readonly related: string | undefined;
}

/** Each column once. */
export function columnsInside(view: View): readonly ColumnInside[] {
  const found = new Map<string, ColumnInside>();
  for (const { field, related } of new Insides(view.record).of(view)) {
    const { column, part } = field;
    const name = [related ?? part, column].filter((one) => one !== undefined).join('.');
    found.set(name, { name, field: part === undefined ? { column } : { column, part }, related });
  }
  return [...found.values()];
}

interface Inside {
  readonly field: Field;
  readonly related?: string;
}

/** Collects what a view looks into. */
class Insides {
  readonly #record: RecordType;
  readonly #all: Inside[] = [];
  readonly #relations = new Set<string>();

  constructor(record: RecordType) {
    this.#record = record;
  }

  of(view: View): readonly Inside[] {
    const { record, starts, conditions, where, exempt, stages } = view;
    for (const condition of [record.where, where, ...exempt, ...conditions]) this.#condition(condition);
    for (const start of starts) {
      const rows = start.maxOf ?? start.minOf;
      this.#field(start, rows?.related);
      if (rows !== undefined) this.#related(rows.related, rows.where);
    }
    for (const subject of record.subjects) this.#field(subject, subject.related);
    for (const { action, dependents, when } of stages) {
      this.#condition(when);
      if (action.kind === 'anonymise') for (const one of action.set) this.#field(one);
      for (const one of dependents) this.#related(one.related, one.where);
    }
    return this.#all;
  }

  #field(field: Field, related?: string): void {
    if (field.path !== undefined) this.#all.push(related === undefined ? { field } : { field, related });
    if (related !== undefined) this.#relation(related);
  }

  #condition(condition: Condition | undefined, related?: string): void {
    switch (condition?.kind) {
      case 'all':
      case 'any':
        for (const one of condition.of) this.#condition(one, related);
        return;
      case 'not':
        this.#condition(condition.of, related);
        return;
      case 'is':
      case 'compare':
        this.#field(condition, related);
        return;
      case 'related':
      case 'count':
        this.#related(condition.related, condition.where);
        return;
      case 'selected':
      case undefined:
    }
  }

  #related(name: string, where: Condition | undefined): void {
    this.#relation(name);
    this.#condition(where, name);
  }

  /** What a relation itself asks, and the ones that it leads through. */
  #relation(name: string): void {
    if (this.#relations.has(name)) return;
    this.#relations.add(name);
    const relation = this.#record.related.find((one) => one.name === name);
    if (relation === undefined) throw new SourceFailure('fatal', 'UNKNOWN_RELATED');
    this.#condition(relation.where, name);
    if (relation.of !== undefined) this.#relation(relation.of);
  }
}
