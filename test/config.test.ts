import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createResolver, loadSettings } from '../src/config.ts';
import type { SettingsInput } from '../src/config.ts';
import { envOf, SETTING_NAMES } from '../src/config/settings.ts';
import { ConfigError, FristError } from '../src/errors.ts';

/** Loads settings from texts of files and an environment. */
function load(env: SettingsInput['env'] = {}, text?: string, files: Readonly<Record<string, string>> = {}) {
  const all: Readonly<Record<string, string>> =
    text === undefined ? files : { ...files, 'settings.yaml': text };
  return loadSettings({
    env,
    file: text === undefined ? undefined : 'settings.yaml',
    readFile: (path) => {
      const found = all[path];
      if (found === undefined) throw Object.assign(new Error(path), { code: 'ENOENT' });
      return found;
    },
  });
}

/** `setting: message | remedy`, with the place where there is one. */
function problemsOf(attempt: () => unknown): readonly string[] {
  try {
    attempt();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ file, line, column, path, message, code, remedy }) => {
      const place = file === undefined ? '' : `${file}:${String(line)}:${String(column)} `;
      return `${place}${path.join('.')} [${code}] ${message} | ${remedy}`;
    });
  }
  return [];
}

describe('defaults', () => {
  it('work without a file and an environment, in one folder', () => {
    expect(load().settings).toEqual({
      data: { folder: 'var' },
      state: { url: 'sqlite:var/state.db', backupDays: 30 },
      audit: {
        folder: 'var/audit',
        patienceMs: 30_000,
        heads: { schedule: '45 4 * * *' },
        verify: { schedule: '15 5 * * 0' },
        s3: {
          prefix: '',
          pathStyle: false,
          checksums: 'required',
          timeoutMs: 30_000,
          lock: { mode: 'none', years: 6 },
        },
      },
      keys: {
        signing: { file: 'var/keys/signing' },
        wrapping: { file: 'var/keys/wrapping' },
        rotateDays: 30,
        keepDays: 400,
      },
      evidence: { keepDays: 1827 },
      spool: { folder: 'var/spool' },
      operator: 'operator',
      log: { level: 'info', format: 'auto' },
      http: { host: '127.0.0.1', port: 8080 },
      schedule: '15 3 * * *',
      run: { deadlineMs: 6 * 3_600_000 },
      batch: { max: 5000, targetMs: 250 },
      pace: 1,
      page: { size: 5000 },
      clock: { settable: false },
      plan: { expiresDays: 7 },
      queue: { workers: 2, size: 20_000, attempts: 5 },
      approval: { own: true },
      pause: { file: 'var/pause' },
      verify: { percent: 100, withinDays: 7 },
      alerts: { reminderDays: 7 },
    });
  });

  it('follow the data folder, unless they are given', () => {
    const { settings } = load({ FRIST_DATA_FOLDER: '/var/lib/frist', FRIST_SPOOL_FOLDER: '/tmp/spool' });
    expect(settings.state.url).toBe('sqlite:/var/lib/frist/state.db');
    expect(settings.keys.signing).toEqual({ file: '/var/lib/frist/keys/signing' });
    expect(settings.spool.folder).toBe('/tmp/spool');
  });

  it('are frozen', () => {
    const { settings } = load();
    expect(Object.isFrozen(settings)).toBe(true);
    expect(Object.values(settings).every((group) => Object.isFrozen(group))).toBe(true);
  });
});

describe('sources of a value', () => {
  const file = 'http: { port: 9000 }\nlog: { level: debug }\nclock: { settable: true }\npace: 0.5\n';

  it('are the defaults, then the file, then the environment', () => {
    const { settings } = load({ FRIST_HTTP_PORT: '9001', FRIST_PAGE_SIZE: '100' }, file);
    expect(settings.http).toEqual({ host: '127.0.0.1', port: 9001 });
    expect(settings.log).toEqual({ level: 'debug', format: 'auto' });
    expect(settings).toMatchObject({ clock: { settable: true }, pace: 0.5, page: { size: 100 } });
  });

  it('are kept with the value, and a secret is masked', () => {
    const { origins } = load({ FRIST_HTTP_PORT: '9001', FRIST_STATE_URL: 'mysql://u:geheim@h/d' }, file);
    const of = (name: string) => origins.find((one) => one.name === name);
    expect(of('http.port')).toEqual({
      name: 'http.port',
      env: 'FRIST_HTTP_PORT',
      origin: 'env',
      value: '9001',
    });
    expect(of('log.level')).toEqual({
      name: 'log.level',
      env: 'FRIST_LOG_LEVEL',
      origin: 'file',
      path: 'settings.yaml',
      value: 'debug',
    });
    expect(of('http.host')).toMatchObject({ origin: 'default', value: '127.0.0.1' });
    expect(of('state.url')).toMatchObject({ origin: 'env', value: '***' });
    expect(origins.map((one) => one.name)).toEqual(SETTING_NAMES);
  });

  it('may be JSON', () => {
    expect(load({}, '{"http": {"port": 9000}}').settings.http.port).toBe(9000);
  });

  it('count an empty variable as not set', () => {
    expect(load({ FRIST_HTTP_PORT: '', FRIST_STATE_URL_FILE: '' }).settings.http.port).toBe(8080);
  });

  it('take a secret from a file that a variable names', () => {
    const files = { '/run/secrets/state': 'postgres://u:p@h/d\n' };
    expect(load({ FRIST_STATE_URL_FILE: '/run/secrets/state' }, undefined, files).settings.state.url).toBe(
      'postgres://u:p@h/d',
    );
  });
});

describe('what convict would have bent', () => {
  it.each([
    ['FRIST_CLOCK_SETTABLE', 'no', 'clock', false],
    ['FRIST_CLOCK_SETTABLE', '0', 'clock', false],
    ['FRIST_CLOCK_SETTABLE', 'yes', 'clock', true],
  ])('%s=%s', (env, value, _group, expected) => {
    expect(load({ [env]: value }).settings.clock.settable).toBe(expected);
  });

  it.each([
    [
      'FRIST_HTTP_PORT',
      '5abc',
      'http.port [bad-setting] http.port must be a whole number from 0 to 65535, not "5abc"',
    ],
    ['FRIST_HTTP_PORT', '0x10', 'http.port must be a whole number from 0 to 65535, not "0x10"'],
    ['FRIST_HTTP_PORT', '8080.5', 'http.port must be a whole number'],
    ['FRIST_HTTP_PORT', '-1', 'http.port must be a whole number'],
    ['FRIST_HTTP_PORT', ' 80', 'http.port must be a whole number'],
    ['FRIST_HTTP_PORT', '65536', 'http.port must be a whole number'],
    ['FRIST_CLOCK_SETTABLE', 'maybe', 'clock.settable must be true or false, not "maybe"'],
    ['FRIST_CLOCK_SETTABLE', 'off', 'clock.settable must be true or false, not "off"'],
    ['FRIST_BATCH_MAX', '5001', 'batch.max must be a whole number from 1 to 5000 records, not "5001"'],
    ['FRIST_BATCH_MAX', '0', 'batch.max must be'],
    ['FRIST_PACE', '1e3', 'pace must be a number from 0 to 100, not "1e3"'],
    ['FRIST_RUN_DEADLINE', '6h', 'run.deadline must be an ISO 8601 duration such as PT6H, not "6h"'],
    ['FRIST_RUN_DEADLINE', 'PT0S', 'run.deadline must be'],
    ['FRIST_RUN_DEADLINE', 'P1DT', 'run.deadline must be'],
    ['FRIST_SCHEDULE', '15 3 * *', 'schedule must be a cron expression with five fields, not "15 3 * *"'],
    ['FRIST_LOG_LEVEL', 'INFO', 'log.level must be debug or info or warn or error, not "INFO"'],
    ['FRIST_OPERATOR', 'Anna Jensen', 'operator must be an id'],
    [
      'FRIST_STATE_URL',
      'http://u:geheim@h',
      'state.url must be sqlite:PATH or a mysql://, mariadb:// or postgres:// URL',
    ],
    ['FRIST_AUDIT_ORIGIN', 'a b', 'audit.origin must be a name without spaces'],
  ])('%s=%s is refused, with its variable', (env, value, expected) => {
    const problems = problemsOf(() => load({ [env]: value }));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(expected);
    expect(problems[0]).toContain(`Correct the environment variable ${env}.`);
    expect(problems[0]).not.toContain('geheim');
  });

  it('accepts a duration in any of its parts', () => {
    expect(load({ FRIST_RUN_DEADLINE: 'P1DT2H3M4S' }).settings.run.deadlineMs).toBe(93_784_000);
  });
});

describe('a file', () => {
  it('is told about all at once, with places', () => {
    const text =
      'http:\n  port: 80a\n  hots: x\nbatch: 5\npace: [1]\nclock: { settable: off }\n"state.url": x\n';
    expect(problemsOf(() => load({ FRIST_PACE: 'x' }, text))).toEqual([
      `settings.yaml:3:3 http.hots [unknown-setting] There is no setting http.hots | Did you mean "http.host"? Known settings: ${SETTING_NAMES.join(', ')}.`,
      'settings.yaml:4:1 batch [bad-setting] batch must be a mapping of settings | Write settings below it.',
      'settings.yaml:5:1 pace [bad-setting] pace must be a single value | Write a number from 0 to 100.',
      'settings.yaml:7:1 state.url [unknown-setting] A key holds no dot: state.url | Write the parts as mappings, e.g. `http: { port: 8080 }`.',
      'settings.yaml:2:9 http.port [bad-setting] http.port must be a whole number from 0 to 65535, not "80a" | Correct it here, or set FRIST_HTTP_PORT.',
      'pace [bad-setting] pace must be a number from 0 to 100, not "x" | Correct the environment variable FRIST_PACE.',
      'settings.yaml:6:20 clock.settable [bad-setting] clock.settable must be true or false, not "off" | Correct it here, or set FRIST_CLOCK_SETTABLE.',
    ]);
  });

  it.each([
    [
      '- a',
      'settings.yaml:1:1  [bad-setting] The file must be a mapping of settings | Write settings below it.',
    ],
    ['a: [', 'settings.yaml:1:5  [not-yaml]'],
    ['pace: 1\npace: 2', 'settings.yaml:2:1 pace [duplicate-key] The key "pace" stands here twice'],
    ['pace: ~', 'settings.yaml:1:7 pace [bad-setting] pace must be a number from 0 to 100, not ""'],
  ])('%j is refused', (text, expected) => {
    const problems = problemsOf(() => load({}, text));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(expected);
  });

  it('that is not there is told with the reason of the system', () => {
    const attempt = () =>
      loadSettings({
        env: {},
        file: 'no.yaml',
        readFile: () => {
          throw Object.assign(new Error('x'), { code: 'ENOENT' });
        },
      });
    expect(attempt).toThrow(FristError);
    expect(attempt).toThrow('Cannot read no.yaml: ENOENT');
  });
});

describe('a secret in a file', () => {
  it('is refused where it is given twice', () => {
    expect(problemsOf(() => load({ FRIST_STATE_URL_FILE: '/no', FRIST_STATE_URL: 'sqlite:x' }))).toEqual([
      'state.url [setting-twice] FRIST_STATE_URL and FRIST_STATE_URL_FILE are both set | Unset one of them.',
    ]);
  });
});

describe('references of policy files', () => {
  const resolve = createResolver({
    env: { FRIST_CRM: 'mysql://h/crm' },
    readFile: (path) => {
      if (path === '/run/secrets/crm') return 'geheim\n';
      throw new Error(path);
    },
  });

  it('come from the environment and from files', () => {
    expect(resolve('FRIST_CRM')).toBe('mysql://h/crm');
    expect(resolve('file:/run/secrets/crm')).toBe('geheim');
    expect(resolve('FRIST_NO')).toBeUndefined();
    expect(resolve('file:/no')).toMatchObject({ why: 'cannot be read (unknown)' });
  });
});

it('never throws anything but coded errors, and never prints a secret', () => {
  const names = SETTING_NAMES.map(envOf);
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom(...names), fc.string()),
      fc.option(fc.string(), { nil: undefined }),
      (env, text) => {
        try {
          load({ ...env, FRIST_STATE_URL: 'geheim://geheim' }, text);
          throw new Error('state.url was accepted');
        } catch (error) {
          expect(error).toBeInstanceOf(FristError);
          expect(JSON.stringify((error as ConfigError).problems)).not.toContain('geheim');
        }
      },
    ),
  );
});

describe('a trail in S3', () => {
  const s3 = (text: string, env: SettingsInput['env'] = {}) =>
    load(env, `audit: { s3: { ${text} } }`).settings.audit.s3;

  it('is reached through AWS unless an endpoint is named', () => {
    expect(s3('bucket: trail')).toEqual({ ...load().settings.audit.s3, bucket: 'trail' });
    const elsewhere = s3(
      'bucket: trail, prefix: a/b, state: trail-state, endpoint: "https://s3.example:9000"',
    );
    expect(elsewhere).toMatchObject({ prefix: 'a/b', stateBucket: 'trail-state', pathStyle: true });
    expect(elsewhere).toMatchObject({ endpoint: 'https://s3.example:9000', region: 'us-east-1' });
    expect(s3('endpoint: "http://x", region: eu-north-1, pathstyle: no')).toMatchObject({
      region: 'eu-north-1',
      pathStyle: false,
    });
  });

  it('is locked only when that is said', () => {
    expect(s3('lock: { mode: compliance, years: 10, evidence: 90 }').lock).toEqual({
      mode: 'compliance',
      years: 10,
      evidenceDays: 90,
    });
  });

  it('takes its secret from a file, and shows none', () => {
    const env = { FRIST_AUDIT_S3_ACCESS_KEY: 'AKIA', FRIST_AUDIT_S3_ACCESS_SECRET_FILE: '/run/secret' };
    const { settings, origins } = load(env, undefined, { '/run/secret': 'hush\n' });
    expect(settings.audit.s3.credentials).toEqual({ key: 'AKIA', secret: 'hush' });
    expect(JSON.stringify(origins)).not.toMatch(/AKIA|hush/);
  });

  it('has one place, and a key with its secret', () => {
    const text = 'audit:\n  folder: /trail\n  s3: { bucket: trail, access: { key: AKIA } }\n';
    expect(problemsOf(() => load({}, text))).toEqual([
      'settings.yaml:2:11 audit.folder [bad-setting] audit.folder and audit.s3.bucket are both set: the trail has one place | Unset one of them.',
      'settings.yaml:3:39 audit.s3.access.key [bad-setting] audit.s3.access.key and audit.s3.access.secret come together | Set both, or neither: then the environment, the files of AWS or the machine give them.',
    ]);
    expect(problemsOf(() => s3('bucket: Not A Bucket, prefix: /up, endpoint: s3.example'))).toHaveLength(3);
  });

  it.each([
    ['s3: { prefix: frist }', /^audit.s3.prefix .* the trail would lie in a folder/],
    [
      's3: { bucket: trail, lock: { evidence: 1828 } }',
      /^audit.s3.lock.evidence .* longer than evidence.keep/,
    ],
    ['folder: /trail\n  heads: { store: /trail/ }', /^audit.heads.store .* the place of the trail itself/],
    ['heads: { store: var/audit }', /^audit.heads.store .* the place of the trail itself/],
    ['s3: { bucket: trail, prefix: a }\n  heads: { store: "s3://trail/a" }', /^audit.heads.store /],
  ])('is told where it contradicts itself: %s', (text, expected) => {
    const [problem, ...others] = problemsOf(() => load({}, `audit:\n  ${text}\n`));
    expect(problem?.replace(/^settings.yaml:\S+ /, '')).toMatch(expected);
    expect(others).toEqual([]);
  });
});

describe('a key', () => {
  it('is in a file, in a variable of the environment, or behind a program', () => {
    const { keys } = load({
      FRIST_KEYS_SIGNING: 'env:PEM',
      FRIST_KEYS_WRAPPING: 'command:kms -k 1',
      PEM: 'abc',
    }).settings;
    expect(keys.signing).toEqual({ variable: 'PEM', text: 'abc' });
    expect(keys.wrapping).toEqual({ command: ['kms', '-k', '1'] });
    expect(load({}, 'keys: { signing: /etc/frist/key with space }').settings.keys.signing).toEqual({
      file: '/etc/frist/key with space',
    });
  });

  it('is not shown, when it is in a variable', () => {
    const { origins } = load({ FRIST_KEYS_SIGNING: 'env:PEM', PEM: 'secret-4711' });
    expect(JSON.stringify(origins)).not.toContain('4711');
  });

  it.each(['env:', 'env:A B', 'command:', 'command: kms', 'command:kms  x', ' '])('is not %p', (said) => {
    expect(problemsOf(() => load({}, JSON.stringify({ keys: { signing: said } })))).toEqual([
      expect.stringContaining(
        'keys.signing [bad-setting] keys.signing must be a path, env:NAME, or command:',
      ),
    ]);
  });

  it.each([{}, { PEM: '' }])('is missed in a variable that is not set', (env) => {
    expect(() => load({ ...env, FRIST_KEYS_SIGNING: 'env:PEM' })).toThrow(
      'Setting keys.signing is not valid: the variable that it names is not set',
    );
  });
});
