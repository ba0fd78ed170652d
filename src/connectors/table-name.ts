/**
 * Patterns of table names, against names that are there. One `*` is any text of a character or more; each `#` is a
 * number, and what several of them stand for is written with `-` between.
 */

/** What the wildcards stand for in the name; undefined where it does not fit. Capitals count, as in the name itself. */
export function starOf(pattern: string, name: string): string | undefined {
  if (!/[*#]/.test(pattern)) return name === pattern ? '' : undefined;
  const plain = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
  const found = new RegExp(`^${plain.replace('*', '(.+)').replaceAll('#', '([0-9]+)')}$`, 's').exec(name);
  return found === null ? undefined : found.slice(1).join('-');
}

/** The name of a table for what `starOf` gave: the wildcards in it are replaced one after the other. */
export function written(pattern: string, star: string): string {
  if (pattern.includes('*')) return pattern.replace('*', () => star);
  const numbers = star.split('-');
  return pattern.replaceAll('#', () => numbers.shift() ?? '');
}
