/**
 * Every kind of connector, and the test that holds it against the conformance suite; of whole files, which no fixture of
 * tables can be made of, against what of the contract is about them.
 */
export const CONFORMANCE_TESTS: Readonly<Record<string, readonly string[]>> = {
  files: ['files/connector.test.ts'],
  memory: ['memory.test.ts'],
  sql: ['sql/conformance.test.ts'],
};
