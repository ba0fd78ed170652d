/** Every kind of connector, and the test that holds it against the conformance suite. */
export const CONFORMANCE_TESTS: Readonly<Record<string, readonly string[]>> = {
  memory: ['memory.test.ts'],
  sql: ['sql/conformance.test.ts'],
};
