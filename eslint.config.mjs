// Lint rules. What a file may import stands in scripts/eslint/layers.mjs; what it may reach for otherwise stands here.
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { layersRule, PURE } from './scripts/eslint/layers.mjs';

const pure = (name) => ({
  name,
  message: 'A pure file reads no clock, chance, process, timer or network: take it as an argument.',
});
const PURE_GLOBALS = [
  'process',
  'console',
  'fetch',
  'crypto',
  'performance',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'navigator',
  'globalThis',
].map(pure);

const clock = 'A decision reads no clock: the instant `asOf` is an argument.';
const PURE_SYNTAX = [
  { selector: 'MemberExpression[object.name="Date"][property.name="now"]', message: clock },
  { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: clock },
  { selector: 'CallExpression[callee.name="Date"]', message: clock },
  { selector: 'MemberExpression[object.name="Temporal"][property.name="Now"]', message: clock },
  {
    selector: 'MemberExpression[object.name="Math"][property.name="random"]',
    message: 'Chance is an argument: a run must be repeatable.',
  },
];
const ENV = {
  selector: 'MemberExpression[object.name="process"][property.name="env"]',
  message: 'Only src/config.ts and src/main.ts read the environment: take the setting as an argument.',
};
const EXIT = {
  selector: 'MemberExpression[object.name="process"][property.name=/^(?:exit|exitCode|abort|reallyExit)$/]',
  message: 'Only src/main.ts ends the process: throw a FristError, its code has an exit status.',
};

/**
 * The restricted syntax of one layer. Blocks for the same rule replace each other, so each layer's whole list is built
 * here, and the blocks below go from the general to the particular.
 */
function restricted(files, ...selectors) {
  return { files, rules: { 'no-restricted-syntax': ['error', ...selectors.flat()] } };
}

export default defineConfig(
  { ignores: ['node_modules/', 'dist/', 'coverage/', 'var/', 'demo-output/', 'vectors/', 'tools/'] },
  { linterOptions: { noInlineConfig: true } },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    plugins: { frist: { rules: { layers: layersRule } } },
    rules: {
      'frist/layers': 'error',
      'max-lines': ['error', { max: 400 }],
      'max-lines-per-function': ['error', { max: 80 }],
      complexity: ['error', { max: 20, variant: 'modified' }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
      'prefer-const': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  restricted(['src/**/*.ts', 'jobs/**/*.ts'], ENV, EXIT),
  restricted(['src/config.ts'], EXIT),
  { files: ['src/main.ts'], rules: { 'no-restricted-syntax': 'off' } },
  restricted(
    PURE.map((glob) => glob.replace(/\*\*$/, '**/*.ts')),
    ENV,
    EXIT,
    PURE_SYNTAX,
  ),
  {
    files: PURE.map((glob) => glob.replace(/\*\*$/, '**/*.ts')),
    rules: { 'no-restricted-globals': ['error', ...PURE_GLOBALS] },
  },
  {
    // Evidence may be long, and may say "this is there" where the test has just made it.
    files: ['test/**/*.ts'],
    rules: {
      'max-lines-per-function': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-unnecessary-condition': 'off',
    },
  },
  { files: ['bench/**/*.ts', 'scripts/**/*.ts'], rules: { 'no-console': 'off' } },
  {
    files: ['**/*.mjs'],
    languageOptions: {
      globals: { process: 'readonly', console: 'readonly', fetch: 'readonly', AbortSignal: 'readonly' },
    },
    rules: { 'max-lines': ['error', { max: 400 }], 'no-undef': 'error', 'no-unused-vars': 'error' },
  },
);
