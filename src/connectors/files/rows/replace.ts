/** What anonymising leaves of a value in a row. NULL stays NULL but for a constant. Pure. */
import type { Replacement, Scalar } from '../../../policy/policy.ts';
import { redactor } from '../../text.ts';

/** The value is nothing that can be replaced so. The code is for people; no value is in it. */
export class Unfit extends Error {
  override readonly name = 'Unfit';
  readonly code: string;

  constructor(code: 'NOT_TEXT' | 'NOT_A_DATE' | 'NOT_A_NUMBER' | 'NO_KEY' | 'NOT_A_MEMBER') {
    super(code);
    this.code = code;
  }
}

const DATE = /^(\d{3})\d-(\d\d)-\d\d(?:([T ])(\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)(.*))?$/s;
const redactors = new WeakMap<Replacement, (text: string) => string>();

/**
 * The value that takes the place of another, which is text or a number. Applying it again changes nothing. `remove` is
 * for who knows where the value stands. @throws Unfit
 */
export function becomes(by: Replacement, value: Scalar): Scalar {
  if (by.kind === 'constant') return by.value;
  if (value === null) return null;
  if (by.kind === 'round') return rounded(value, BigInt(by.to));
  if (typeof value === 'boolean') throw new Unfit('NOT_TEXT');
  const text = String(value);
  const changed = replaced(by, text);
  return changed === text ? value : changed;
}

function replaced(by: Exclude<Replacement, { kind: 'constant' | 'round' }>, text: string): string {
  switch (by.kind) {
    case 'keep first':
      return Array.from(text).slice(0, by.characters).join('');
    case 'generalise':
      return generalised(text, by.to);
    case 'keep domain': {
      if (by.local.includes('{key}')) throw new Unfit('NO_KEY');
      const at = text.lastIndexOf('@');
      return at < 0 ? by.local : by.local + text.slice(at);
    }
    case 'redact': {
      const redact = redactors.get(by) ?? redactor(by.patterns, by.with);
      redactors.set(by, redact);
      return redact(text);
    }
    // The key of a row is made of its bytes, and so of what is replaced.
    case 'placeholder':
      throw new Unfit('NO_KEY');
    case 'remove':
      throw new Unfit('NOT_A_MEMBER');
  }
}

/** A date, or a moment as ISO 8601 writes it: the day becomes the first, the time midnight; an offset stays. */
function generalised(text: string, to: 'year' | 'month' | 'decade'): string {
  if (text.trim() === '') return text;
  const found = DATE.exec(text);
  if (found === null) throw new Unfit('NOT_A_DATE');
  const [, decade = '', month = '', between = '', clock = '', rest = ''] = found;
  const year = to === 'decade' ? `${decade}0` : text.slice(0, 4);
  const day = `${year}-${to === 'month' ? month : '01'}-01`;
  return day + between + clock.replace(/\d/g, '0') + rest;
}

/** The largest multiple that is not above the number. Text stays text. */
function rounded(value: Exclude<Scalar, null>, step: bigint): Scalar {
  const [, whole, fraction = ''] = /^(-?\d+)(?:\.(\d+))?$/.exec(String(value)) ?? [];
  if (whole === undefined || typeof value === 'boolean') throw new Unfit('NOT_A_NUMBER');
  const below = whole.startsWith('-') && /[1-9]/.test(fraction) ? 1n : 0n;
  const floor = BigInt(whole) - below;
  const multiple = floor - (((floor % step) + step) % step);
  if (typeof value === 'string') return String(multiple);
  return multiple;
}
