/** Every kind of connector to systems with tables, and the test that holds it against the conformance suite. */
export const CONFORMANCE_TESTS: Readonly<Record<string, readonly string[]>> = {
  memory: ['memory.test.ts'],
  sql: ['sql/conformance.test.ts'],
};

/** Kinds that no fixture of tables can be made of, and the test that holds them against what of the contract is about them. */
export const TESTS_OF_THEIR_OWN: Readonly<Record<string, string>> = { files: 'files/connector.test.ts' };
