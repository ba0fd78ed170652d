/** A valid file spoilt in one place or two; ¦ marks where the problem is expected. */
export type Expected = readonly [code: string, path: string, remedy: RegExp];
export type Case = readonly [
  title: string,
  edits: readonly (readonly [from: string, to: string])[],
  ...expected: Expected[],
];
