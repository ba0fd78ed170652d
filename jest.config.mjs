// Run through `npm run jest` (or `npm test`): ES modules in jest need node's --experimental-vm-modules.
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  extensionsToTreatAsEsm: ['.ts'],
  // Types are checked by `npm run typecheck`; here they are only removed.
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript' },
          target: 'es2024',
          experimental: { keepImportAttributes: true },
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  // Database servers for the tests that ask for them: test/support/servers/index.ts.
  globalSetup: '<rootDir>/test/support/servers/setup.ts',
  globalTeardown: '<rootDir>/test/support/servers/teardown.ts',
  // A test that hangs must end some day; it is no measure of speed.
  testTimeout: 900_000,
};
