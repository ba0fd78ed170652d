// Looks for people's data where none may be: every value that the seed data hold, in every file of a folder or a text.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Cell, DemoDatabase } from '../../src/demo/data.ts';

/** Columns that say who somebody is, or what somebody said. Keys among them where a key is not just a small number. */
const PERSONAL: Readonly<Record<string, readonly string[]>> = {
  contacts: ['name', 'email', 'phone', 'note'],
  activities: ['note'],
  invoices: ['billing_email'],
  subscribers: ['id', 'email', 'name'],
  applications: ['name', 'email', 'phone', 'letter'],
  interview_notes: ['note'],
  conversations: ['id', 'visitor_name', 'visitor_email', 'page'],
  messages: ['body'],
};

/** Shorter values (a name of four letters) would be found in anything. */
const SHORTEST = 6;

/** Searches texts for thousands of values at once. */
export class Leaks {
  readonly #byBeginning = new Map<string, Set<string>>();

  constructor(databases: readonly DemoDatabase[], allowed: readonly string[] = []) {
    for (const table of databases.flatMap((one) => one.tables)) {
      const at = (PERSONAL[table.name] ?? []).map((column) => table.columns.indexOf(column));
      for (const row of table.rows) for (const i of at) this.#add(row[i]);
    }
    for (const value of allowed)
      this.#byBeginning.get(value.toLowerCase().slice(0, SHORTEST))?.delete(value.toLowerCase());
  }

  #add(cell: Cell | undefined): void {
    if (cell === null || cell === undefined) return;
    const value = String(cell).toLowerCase();
    if (value.length < SHORTEST) return;
    const beginning = value.slice(0, SHORTEST);
    const known = this.#byBeginning.get(beginning);
    if (known === undefined) this.#byBeginning.set(beginning, new Set([value]));
    else known.add(value);
  }

  /** Values that stand in the text, at most a few. */
  inText(text: string): readonly string[] {
    const searched = text.toLowerCase();
    const found = new Set<string>();
    for (let i = 0; i + SHORTEST <= searched.length && found.size < 5; i += 1) {
      for (const value of this.#byBeginning.get(searched.slice(i, i + SHORTEST)) ?? []) {
        if (searched.startsWith(value, i)) found.add(value);
      }
    }
    return [...found];
  }

  /** `file: value` for what stands in the files below a folder. */
  inFolder(folder: string): readonly string[] {
    return filesBelow(folder).flatMap((file) => {
      const text = readFileSync(join(folder, file)).toString('utf8');
      return this.inText(text).map((value) => `${file}: ${value}`);
    });
  }
}

/** Paths of all files below a folder. */
export function filesBelow(folder: string): readonly string[] {
  const all = readdirSync(folder, { recursive: true, withFileTypes: true });
  return all
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}
