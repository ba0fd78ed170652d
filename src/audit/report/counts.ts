/** Counting by name. Pure. */

/** How many of each; a Map, because names come from a policy file and may be those of methods. */
export type Counter = Map<string, number>;

/** Adds `n` under a name. */
export function add(counter: Counter, name: string, n = 1): void {
  counter.set(name, (counter.get(name) ?? 0) + n);
}

/** Adds all of `counts`. */
export function addAll(counter: Counter, counts: Readonly<Record<string, number>>): void {
  for (const [name, n] of Object.entries(counts)) add(counter, name, n);
}

/** As an object with its names in order. */
export function counted(counter: Counter): Record<string, number> {
  return Object.fromEntries([...counter].sort(([a], [b]) => (a < b ? -1 : 1)));
}
