/**
 * Entry ids: ULIDs. 26 characters of Crockford's base 32 (`0-9A-HJKMNP-TV-Z`): 10 for the milliseconds since 1970,
 * 16 for 80 random bits. Ids of one generator ascend: within a millisecond, and while the clock stands still or goes
 * back, the random part counts up by one. Pure: clock and randomness are arguments.
 */

const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const RANDOM_DIGITS = 16;

/** What a ULID looks like: the first digit stops at 7, since 48 bits of time fill 9.6 digits. */
export const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

function formatTime(ms: number): string {
  let out = '';
  for (let i = 0, rest = ms; i < 10; i++, rest = Math.floor(rest / 32)) out = (DIGITS[rest % 32] ?? '') + out;
  return out;
}

function formatDigits(digits: readonly number[]): string {
  return digits.map((digit) => DIGITS[digit] ?? '').join('');
}

/** Adds one to a number of base-32 digits; false when it ran over. */
function countUp(digits: number[]): boolean {
  for (let i = digits.length - 1; i >= 0; i--) {
    const digit = digits[i] ?? 0;
    digits[i] = (digit + 1) % 32;
    if (digit < 31) return true;
  }
  return false;
}

/**
 * Makes a generator of ascending ULIDs.
 * @param random n random bytes (`crypto.randomBytes`).
 * @param now milliseconds since 1970 (`Date.now`).
 */
export function createUlids(random: (n: number) => Uint8Array, now: () => number): () => string {
  let last = -1;
  let digits: number[] = [];
  // All but the last digit, which alone changes from one id to the next mostly.
  let head = '';
  const start = (ms: number): void => {
    last = ms;
    digits = Array.from(random(RANDOM_DIGITS), (byte) => byte % 32);
    head = '';
  };
  return () => {
    const ms = now();
    if (ms > last) start(ms);
    else if (!countUp(digits)) start(last + 1);
    const end = digits[RANDOM_DIGITS - 1] ?? 0;
    if (head === '' || end === 0) head = formatTime(last) + formatDigits(digits.slice(0, -1));
    return head + (DIGITS[end] ?? '');
  };
}
