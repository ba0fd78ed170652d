/** Whether one file can fit two patterns of record types that are files. Pure. */

/** Any text, any one character, a digit, or this character. */
type Token = '*' | 'any' | 'digit' | { readonly is: string };

const DIGITS: Readonly<Record<string, number>> = { yyyy: 4, mm: 2, dd: 2 };

/** Whether there is a path that fits both. */
export function mayFitOneFile(one: string, other: string): boolean {
  const [a, b] = [one.split('/').map(tokensOf), other.split('/').map(tokensOf)];
  return a.length === b.length && a.every((tokens, i) => mayMeet(tokens, b[i] ?? []));
}

function tokensOf(step: string): readonly Token[] {
  return step.split(/(\*|\{\w+\})/).flatMap((part): readonly Token[] => {
    if (part === '*') return ['*'];
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (name === undefined) return Array.from(part, (is) => ({ is }));
    const digits = DIGITS[name];
    return digits === undefined ? ['any', '*'] : Array.from({ length: digits }, () => 'digit');
  });
}

/** From the end on: whether what is left of one can be the same text as what is left of the other. */
function mayMeet(a: readonly Token[], b: readonly Token[]): boolean {
  let below: boolean[] = [];
  for (let i = a.length; i >= 0; i -= 1) {
    const row: boolean[] = [];
    for (let j = b.length; j >= 0; j -= 1) {
      const [one, other] = [a[i], b[j]];
      if (one === undefined && other === undefined) row[j] = true;
      else if (one === '*' || other === '*')
        row[j] = (one !== undefined && below[j] === true) || row[j + 1] === true; // prettier-ignore
      else row[j] = one !== undefined && other !== undefined && fits(one, other) && below[j + 1] === true;
    }
    below = row;
  }
  return below[0] === true;
}

function fits(one: Token, other: Token): boolean {
  if (one === 'any' || other === 'any') return true;
  if (one === 'digit' || other === 'digit') return isDigit(one) && isDigit(other);
  return typeof one === 'object' && typeof other === 'object' && one.is === other.is;
}

const isDigit = (token: Token): boolean =>
  token === 'digit' || (typeof token === 'object' && /^\d$/.test(token.is));
