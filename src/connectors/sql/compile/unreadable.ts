/**
 * Columns that a view looks inside as JSON and that hold something else, in the record or in rows that it is judged by.
 * Nothing can be said of such a record, so that it is reported and never erased.
 */
import type { Condition, Field, View } from '../../../policy/policy.ts';
import type { Sql } from '../sql.ts';
import { FALSE, and, or, sql } from '../sql.ts';
import { malformed } from './json.ts';
import type { Context, Place } from './place.ts';
import { refTo, relatedAtAll, relatedNamed } from './place.ts';

/** A column that is looked into, of the record or of related rows. */
interface Inside {
  readonly field: Field;
  readonly related?: string;
}

export interface Unreadable {
  /** As reports name it: the column, with its part or relation. */
  readonly name: string;
  /** It holds no JSON, in one row at least. Never NULL. */
  readonly condition: Sql;
}

/** One for each column that can be unreadable: a column of type JSON cannot. */
export function unreadable(context: Context, root: Place, view: View): readonly Unreadable[] {
  const found = new Map<string, Sql>();
  for (const { field, related } of new Insides(context).of(view)) {
    const { path: _path, ...whole } = field;
    const name = [related ?? field.part, field.column].filter((one) => one !== undefined).join('.');
    if (!found.has(name)) found.set(name, isMalformed(context, root, whole, related));
  }
  return [...found]
    .filter(([, condition]) => condition !== FALSE)
    .map(([name, condition]) => ({ name, condition }));
}

function isMalformed(context: Context, root: Place, field: Field, related: string | undefined): Sql {
  if (related === undefined) return malformed(context.dialect, refTo(context, root, field));
  const { place, where } = relatedAtAll(context, root, related);
  const wrong = malformed(context.dialect, refTo(context, place, field));
  return wrong === FALSE ? FALSE : sql`EXISTS (SELECT 1 FROM ${place.from} WHERE ${and(where, wrong)})`;
}

/** Collects what a view looks into. */
class Insides {
  readonly #context: Context;
  readonly #all: Inside[] = [];
  readonly #relations = new Set<string>();

  constructor(context: Context) {
    this.#context = context;
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
    const { of, where } = relatedNamed(this.#context, name);
    this.#condition(where, name);
    if (of !== undefined) this.#relation(of);
  }
}

/** Any of them. */
export const anyUnreadable = (all: readonly Unreadable[]): Sql => or(...all.map((one) => one.condition));
