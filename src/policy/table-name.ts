/** Names of tables as policy files write them: `*` stands for one character or more, each `#` for one digit or more. */

/** Whether the name is a pattern. */
export function isTablePattern(name: string): boolean {
  return /[*#]/.test(name);
}

/** What a name in the file stands for at one place: these characters, once or as often as there are. */
interface Token {
  readonly is: 'any' | 'digit' | { readonly letter: string };
  readonly repeats: boolean;
}

/** Whether two names, or patterns of names, may be those of one table; capitals are none of the difference. */
export function mayBeOneTable(one: string, other: string): boolean {
  const [a, b] = [tokensOf(one), tokensOf(other)];
  const known = new Map<number, boolean>();
  const meet = (i: number, j: number): boolean => {
    const at = i * (b.length + 1) + j;
    const before = known.get(at);
    if (before !== undefined) return before;
    // What leads back here leads nowhere else.
    known.set(at, false);
    const [left, right] = [a[i], b[j]];
    const found =
      left === undefined && right === undefined
        ? true
        : (left?.repeats === true && meet(i + 1, j)) ||
          (right?.repeats === true && meet(i, j + 1)) ||
          (left !== undefined &&
            right !== undefined &&
            fits(left, right) &&
            meet(left.repeats ? i : i + 1, right.repeats ? j : j + 1));
    known.set(at, found);
    return found;
  };
  return meet(0, 0);
}

function tokensOf(name: string): readonly Token[] {
  return Array.from(name.toLowerCase()).flatMap((letter): readonly Token[] => {
    const is = letter === '*' ? 'any' : letter === '#' ? 'digit' : undefined;
    if (is === undefined) return [{ is: { letter }, repeats: false }];
    return [
      { is, repeats: false },
      { is, repeats: true },
    ];
  });
}

function fits({ is: one }: Token, { is: other }: Token): boolean {
  if (one === 'any' || other === 'any') return true;
  if (typeof one === 'object' && typeof other === 'object') return one.letter === other.letter;
  return [one, other].every((is) => is === 'digit' || (typeof is === 'object' && /^\d$/.test(is.letter)));
}
