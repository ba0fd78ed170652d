/** A text from a stranger (a receipt, a copied trail) for a terminal: it must not steer it, break lines or turn the writing. */
export function printable(text: string): string {
  return text.replaceAll(
    /[\p{C}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}
