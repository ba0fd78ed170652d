/** What anonymising leaves in a row in memory. */
import type { Key, Raw, Replacement, Replacements } from '../../policy/policy.ts';
import { SourceFailure } from '../connector.ts';
import { redactor } from '../text.ts';
import { stored } from './database.ts';
import type { MemoryRow } from './database.ts';

/** The columns of `set` in the row, of the record with this key or of one that goes with it. */
export function replaced(set: Replacements, row: MemoryRow, key: Key): MemoryRow {
  const values = set.map(({ column, path, with: by }): [string, Raw] => {
    if (path !== undefined) throw new SourceFailure('fatal', 'NO_JSON_REPLACEMENTS');
    return [column, becomes(by, row[column] ?? null, key.join('-'))];
  });
  return Object.fromEntries(values);
}

function becomes(by: Replacement, value: Raw, key: string): Raw {
  if (by.kind === 'constant') return stored(by.value);
  if (by.kind === 'placeholder') return by.template.replaceAll('{key}', () => key);
  if (value === null) return null;
  switch (by.kind) {
    case 'keep first':
      return Array.from(value).slice(0, by.characters).join('');
    case 'generalise':
      return generalised(value, by.to);
    case 'round':
      return rounded(BigInt(value), BigInt(by.to));
    case 'keep domain': {
      const at = value.lastIndexOf('@');
      return by.local.replaceAll('{key}', () => key) + (at < 0 ? '' : value.slice(at));
    }
    case 'redact':
      return redactor(by.patterns, by.with)(value);
    case 'remove':
      throw new SourceFailure('fatal', 'NO_JSON_REPLACEMENTS');
  }
}

function generalised(value: string, to: 'year' | 'month' | 'decade'): string {
  const day = { decade: `${value.slice(0, 3)}0-01-01`, year: `${value.slice(0, 4)}-01-01`, month: `${value.slice(0, 7)}-01` }[to]; // prettier-ignore
  return value.length > 10 ? `${day} 00:00:00` : day;
}

/** The largest multiple that is not above the number. */
function rounded(number: bigint, step: bigint): string {
  const rest = ((number % step) + step) % step;
  return String(number - rest);
}
