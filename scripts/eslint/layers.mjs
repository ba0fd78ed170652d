// Who may import whom. The table is read from the top: the first layer whose `files` match a file rules it, and what
// is not listed there is forbidden. A rule of our own instead of no-restricted-imports, because a pattern sees only the
// text of an import ("../x.ts" is a different file in every folder), while a layer is about the file it leads to.
//
// A `may` entry is a path pattern (`*` within one folder, `**` across folders); `type:` before it allows `import type`
// only. `node` lists the builtin modules a layer may use: 'all', or names.

/** Home of every package that the program itself uses: the files that may import it. */
export const HOMES = {
  knex: ['src/database.ts'],
  mysql2: ['src/database.ts'],
  pg: ['src/database.ts'],
  'better-sqlite3': ['src/database.ts'],
  'node-cron': ['jobs/scheduler.ts'],
  bullmq: ['jobs/queue/queue.ts'],
  winston: ['src/logger.ts'],
  convict: ['src/config.ts'],
  yaml: ['src/policy/parse/**'],
  zod: ['src/policy/parse/**'],
  'temporal-polyfill': ['src/policy/temporal.ts'],
  commander: ['src/cli/**'],
  hono: ['src/console/**'],
  nodemailer: ['src/alerts/send/email.ts'],
  '@hono/node-server': ['src/console/**'],
  'prom-client': ['src/metrics/metrics.ts'],
  '@aws-sdk/client-s3': [
    'src/audit/store/s3.ts',
    'src/audit/store/s3/**',
    'src/connectors/files/s3.ts',
    'src/connectors/files/place/bucket.ts',
  ],
  re2js: ['src/connectors/text.ts'],
};

/** Packages whose *types* may be named away from home: the object itself was made at home and passed in. */
const TYPES_ANYWHERE = { knex: ['src/connectors/sql/**', 'src/state/**'] };

/** The trail's format: pure, but hashing is what it is about. */
const AUDIT_FORMAT = [
  'src/audit/{entry,tree,checkpoint,tile,note,commitment,receipt}.ts',
  'src/audit/format/**',
];

const PURE_WHY = 'is pure, so that the dry run, the run and an audit years later reach the same decision';

export const LAYERS = [
  {
    files: ['src/errors.ts', 'src/errors/**'],
    may: ['src/errors/**'],
    node: [],
    why: 'is the bottom: everything imports it',
  },
  {
    files: ['src/policy/**'],
    may: ['src/policy/**', 'src/errors.ts'],
    node: [],
    why: PURE_WHY,
  },
  {
    files: ['src/erasure/plan.ts', 'src/erasure/guard.ts'],
    may: [
      'src/policy/**',
      'src/errors.ts',
      'src/erasure/plan.ts',
      'src/erasure/guard.ts',
      'type:src/erasure/*.ts',
      'type:src/connectors/connector.ts',
      'type:src/state/state.ts',
      'type:src/audit/*.ts',
    ],
    node: [],
    why: PURE_WHY,
  },
  {
    files: ['src/erasure/execute.ts'],
    may: [
      'src/erasure/**',
      'src/policy/**',
      'src/errors.ts',
      'type:src/connectors/connector.ts',
      'type:src/state/state.ts',
      'type:src/audit/*.ts',
      'type:src/logger.ts',
    ],
    node: 'all',
    why: 'sees contracts only, so that the order of its steps holds for every source, store and state alike',
  },
  {
    files: ['src/erasure/**'],
    may: [
      'src/erasure/**',
      'src/policy/**',
      'src/errors.ts',
      'src/connectors/connector.ts',
      'src/connectors/wrap/*.ts',
      'src/state/state.ts',
      ...AUDIT_FORMAT,
      'type:src/audit/*.ts',
      'type:src/logger.ts',
    ],
    node: 'all',
    why: 'turns decisions into facts through contracts; it knows no concrete source, store, command or job',
  },
  {
    files: ['src/connectors/sql/**'],
    may: [
      'src/connectors/*.ts',
      'src/connectors/files/**',
      'src/connectors/sql/**',
      'type:src/policy/**',
      'src/errors.ts',
      'src/database.ts',
      'type:src/logger.ts',
    ],
    node: 'all',
    why: 'gives facts and never decides what is due: policy types only, and nothing of audit, erasure, state or jobs',
  },
  {
    files: ['src/connectors/**'],
    may: [
      'src/connectors/**',
      'type:src/policy/**',
      'src/errors.ts',
      'src/database.ts',
      'type:src/logger.ts',
    ],
    node: 'all',
    why: 'gives facts and never decides what is due: policy types only, and nothing of audit, erasure, state or jobs',
  },
  {
    files: ['src/state/**'],
    may: [
      'src/state/**',
      'src/policy/**',
      'src/errors.ts',
      'src/database.ts',
      'type:src/audit/*.ts',
      'type:src/logger.ts',
    ],
    node: 'all',
    why: 'remembers; it reaches no source and takes no decision, so it knows no connector, erasure or command',
  },
  {
    files: AUDIT_FORMAT,
    may: [...AUDIT_FORMAT, 'src/errors.ts'],
    node: ['crypto'],
    why: 'is a pure format: bytes in, bytes out, so that anyone can verify them without frist',
  },
  {
    files: ['src/audit/verify*.ts', 'src/audit/verify/**'],
    may: [
      'src/audit/verify*.ts',
      'src/audit/verify/**',
      ...AUDIT_FORMAT,
      'src/audit/store/**',
      'src/errors.ts',
    ],
    node: 'all',
    why: 'shares no code with the writer (audit/log.ts): a verifier that does repeats its mistakes',
  },
  {
    files: ['src/audit/**'],
    may: ['src/audit/**', 'src/errors.ts', 'type:src/state/state.ts', 'type:src/logger.ts'],
    node: 'all',
    why: 'knows no policy and no source: the trail must stay readable when both are gone',
  },
  {
    files: ['src/database.ts', 'src/database-fault.ts'],
    may: ['src/errors.ts', 'src/database-fault.ts', 'type:src/logger.ts'],
    node: 'all',
    why: 'is a plain door to the drivers',
  },
  { files: ['src/logger.ts'], may: ['src/errors.ts'], node: 'all', why: 'is used by all and knows none' },
  {
    files: ['src/config.ts', 'src/config/**'],
    may: [
      'src/errors.ts',
      'src/config/**',
      'src/policy/**',
      'type:src/logger.ts',
      'type:src/audit/store/s3/place.ts',
      'config/settings.json',
    ],
    node: 'all',
    why: 'reads settings; it starts nothing',
  },
  {
    files: ['src/console/**'],
    may: [
      'src/{errors,config,logger}.ts',
      'src/{console,policy,erasure,state,audit}/**',
      'type:src/connectors/connector.ts',
    ],
    node: 'all',
    why: 'shows state and trail; it reaches a source only through erasure',
  },
  {
    files: ['src/standing/**'],
    may: [
      'src/standing/**',
      'src/audit/watch/**',
      ...AUDIT_FORMAT,
      'type:src/installation/app.ts',
      'type:src/policy/**',
      'type:src/state/state.ts',
    ],
    node: 'all',
    why: 'tells how an installation stands by what its state says: no source, no trail, so that it costs little and can always be told',
  },
  {
    files: ['src/metrics/**'],
    may: ['src/metrics/**', 'src/policy/time/**', 'type:src/standing/**', 'type:src/state/state.ts'],
    node: [],
    why: 'turns what is known into numbers and asks nobody itself',
  },
  {
    files: ['src/alerts/**'],
    may: [
      'src/alerts/**',
      'src/errors.ts',
      'src/config/alerts.ts',
      'src/erasure/guard.ts',
      'src/standing/*.ts',
      'type:src/installation/app.ts',
      'type:src/state/*.ts',
      'type:src/logger.ts',
    ],
    node: 'all',
    why: 'calls for help by what the state says; it reaches no source and no trail',
  },
  {
    files: ['src/main.ts'],
    may: ['src/**', 'jobs/**'],
    node: 'all',
    why: 'wires everything together',
  },
  {
    files: ['src/**'],
    may: [
      'src/*.ts',
      'src/{cli,console,demo,installation,policy,erasure,state,audit,connectors,standing,metrics,alerts}/**',
    ],
    node: 'all',
    why: 'is called by main and by the jobs and calls neither; tests are imported by nothing',
  },
  {
    files: ['jobs/**'],
    may: [
      'jobs/**',
      'src/{errors,config,logger,database}.ts',
      'src/installation/app.ts',
      'src/{policy,erasure,state,audit,connectors,standing,alerts}/**',
    ],
    node: 'all',
    why: 'composes src by time; it knows neither the command line nor the console nor the tests',
  },
  {
    files: ['bench/**'],
    may: ['bench/**', 'src/**', 'jobs/**', 'test/support/servers/**'],
    node: 'all',
    why: 'measures; of the tests it uses only the way to start a database server',
  },
  {
    files: ['scripts/**'],
    may: ['scripts/**', 'src/**'],
    node: 'all',
    why: 'generates; tests are imported by nothing',
  },
];

/** Files that decide or define a format: no clock, no chance, no process, no network (see eslint.config.mjs). */
export const PURE = [
  'src/policy/**',
  'src/audit/report/**',
  'src/erasure/plan.ts',
  'src/erasure/guard.ts',
  ...AUDIT_FORMAT,
];

const patterns = new Map();

/** A path pattern as a regular expression: `{a,b}` is a choice, `*` stays in a folder, `**` does not. */
function pattern(text) {
  let found = patterns.get(text);
  if (found === undefined) {
    const source = text
      .replaceAll('.', '\\.')
      .replaceAll(/\{([^}]*)\}/g, (_, names) => `(?:${names.replaceAll(',', '|')})`)
      .replaceAll('**', '\0')
      .replaceAll('*', '[^/]*')
      .replaceAll('\0', '.*');
    found = new RegExp(`^${source}$`);
    patterns.set(text, found);
  }
  return found;
}

const matches = (path, list) => list.some((entry) => pattern(entry).test(path));

/** Whether an import brings types only, and so leaves no trace in the running program. */
function typeOnly(node) {
  return (node.importKind ?? node.exportKind) === 'type';
}

/** `a/b/../c` without the dots; a path that leaves the root begins with `..`. */
function normalise(path) {
  const parts = [];
  for (const part of path.split('/')) {
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/');
}

/** Why `file` may not import `name`, or undefined. */
export function forbidden(file, name, types) {
  const layer = LAYERS.find((entry) => matches(file, entry.files));
  if (layer === undefined) return undefined;
  if (name.startsWith('.')) {
    const target = normalise(`${file.slice(0, file.lastIndexOf('/'))}/${name}`);
    if (
      matches(
        target,
        layer.may.filter((entry) => !entry.startsWith('type:')),
      )
    )
      return undefined;
    const asType = matches(
      target,
      layer.may.filter((entry) => entry.startsWith('type:')).map((entry) => entry.slice(5)),
    );
    if (asType && types) return undefined;
    return `${file} may not import ${target}${asType ? ' except as a type' : ''}: it ${layer.why}.`;
  }
  if (name.startsWith('node:')) {
    if (name === 'node:process')
      return 'node:process hides the reach for the environment: use what config.ts passes in.';
    if (layer.node === 'all' || layer.node.includes(name.slice(5))) return undefined;
    return `${file} may not import ${name}: it ${layer.why}.`;
  }
  return strayVendor(file, name, types);
}

function strayVendor(file, name, types) {
  if (/^(?:bench|scripts)\//.test(file)) return undefined;
  const vendor = name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');
  const homes = HOMES[vendor];
  if (homes === undefined)
    return `${vendor} has no home: name the one file that may import it in scripts/eslint/layers.mjs.`;
  if (matches(file, homes) || (types && matches(file, TYPES_ANYWHERE[vendor] ?? []))) return undefined;
  return `${vendor} has its home in ${homes.join(', ')}: so that it can be replaced, and its traps are known in one place.`;
}

/** ESLint rule `frist/layers`. */
export const layersRule = {
  meta: { type: 'problem', schema: [], messages: { stray: '{{ text }}' } },
  create(context) {
    const file = context.filename.slice(context.cwd.length + 1).replaceAll('\\', '/');
    const check = (node) => {
      const { source } = node;
      if (!source) return;
      if (typeof source.value !== 'string') {
        if (file.startsWith('src/') || file.startsWith('jobs/'))
          context.report({
            node,
            messageId: 'stray',
            data: { text: 'An import must name its file, or no layer can be checked.' },
          });
        return;
      }
      const text = forbidden(file, source.value, typeOnly(node));
      if (text !== undefined) context.report({ node, messageId: 'stray', data: { text } });
    };
    return {
      ImportDeclaration: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      ImportExpression: check,
    };
  },
};
