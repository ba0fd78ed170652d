/** Every kind of connector to systems with tables, and the test that holds it against the conformance suite. */
export const CONFORMANCE_TESTS: Readonly<Record<string, readonly string[]>> = {
  memory: ['memory.test.ts'],
  sql: ['sql/conformance.test.ts'],
};

/** Every kind, and the test that holds it against what needs no tables (contract.ts). Kinds with tables have both. */
export const CONTRACT_TESTS: Readonly<Record<string, readonly string[]>> = {
  memory: ['memory.test.ts'],
  files: ['files/contract.test.ts'],
};
