// Each setting by itself: a good value from the environment, from the settings file and from a file that a variable names;
// a bad one is refused by its name and its variable.
import { describe, expect, it } from '@jest/globals';
import { readSettings } from '../../src/config.ts';
import type { SettingOrigin, SettingsInput } from '../../src/config.ts';
import type { FORMATS } from '../../src/config/formats.ts';
import { envOf, SETTING_NAMES, SETTINGS } from '../../src/config/settings.ts';
import type { Setting, SettingName } from '../../src/config/settings.ts';
import { ConfigError } from '../../src/errors.ts';

/** Of each format a value that it takes, and some that it refuses. */
const VALUES: Readonly<Record<keyof typeof FORMATS, readonly [good: string, ...bad: string[]]>> = {
  path: ['/srv/x', '  '],
  'database-url': ['mysql://u:p@h/d', 'http://h/d', 'sqlite:'],
  id: ['ops-1', 'Anna Jensen', 'a@b'],
  origin: ['example.org/log', 'a b', 'a+b'],
  level: ['warn', 'WARN', 'trace'],
  output: ['json', 'xml'],
  host: ['0.0.0.0', 'a b', 'http://h'],
  port: ['9000', '5abc', '65536', '-1', '80.5'],
  cron: ['0 4 * * *', '15 3 * *', '61 * * * *'],
  duration: ['PT10S', '10s', 'PT0S'],
  'batch-size': ['100', '0', '5001'],
  'page-size': ['100', '0', '1e3'],
  milliseconds: ['100', '0', '1s'],
  days: ['9', '0', '366', 'nine'],
  life: ['500', '0', '500d'],
  backups: ['0', '-1', '3651'],
  percent: ['50', '0', '101', '50%'],
  'key-source': ['/srv/key', 'env:', 'command: x'],
  years: ['7', '0', '101'],
  bucket: ['trail', 'Not A Bucket', 'a'],
  prefix: ['a/b', '/up', 'a//b'],
  endpoint: ['https://s3.example', 's3.example', 'https://s3.example/path'],
  'redis-url': ['redis://:pw@h:6379', 'http://h', 'redis:'],
  workers: ['4', '-1', '9'],
  'partition-size': ['500', '0', '1e3'],
  attempts: ['3', '0', '101'],
  secret: ['hush-hush', '  '],
  'signing-secret': ['0123456789abcdef', 'short'],
  'web-address': ['https://x.example/y', 'ftp://x.example', 'http://169.254.169.254/'],
  'mail-address': ['a@x.example', 'a', 'a@b, c@d'],
  'mail-server': ['smtps://x.example', 'x.example', 'smtp://x.example/path'],
  checksums: ['supported', 'sometimes'],
  permission: ['forbidden', 'no'],
  lock: ['governance', 'on'],
  share: ['0.5', '101', '1e3', '.5'],
  bool: ['yes', 'maybe', 'off'],
};

/** What only makes sense with others: these are set as well. */
const TOGETHER: Readonly<Partial<Record<SettingName, Readonly<Record<string, string>>>>> = {
  'audit.s3.prefix': { FRIST_AUDIT_S3_BUCKET: 'trail' },
  'audit.s3.state': { FRIST_AUDIT_S3_BUCKET: 'trail-x' },
  'audit.s3.access.key': { FRIST_AUDIT_S3_ACCESS_SECRET: 'x' },
  'audit.s3.access.secret': { FRIST_AUDIT_S3_ACCESS_KEY: 'x' },
  'alerts.webhook.url': { FRIST_ALERTS_WEBHOOK_SECRET: '0123456789abcdef' },
  'alerts.webhook.secret': { FRIST_ALERTS_WEBHOOK_URL: 'https://x.example' },
  'alerts.email.to': { FRIST_ALERTS_EMAIL_FROM: 'b@x.example', FRIST_ALERTS_EMAIL_SMTP: 'smtps://x.example' },
  'alerts.email.from': { FRIST_ALERTS_EMAIL_TO: 'b@x.example', FRIST_ALERTS_EMAIL_SMTP: 'smtps://x.example' },
  'alerts.email.smtp': { FRIST_ALERTS_EMAIL_TO: 'b@x.example', FRIST_ALERTS_EMAIL_FROM: 'b@x.example' },
};

const files: Record<string, string> = {};
const load = (env: SettingsInput['env'], file?: string): readonly SettingOrigin[] =>
  readSettings({
    env,
    file,
    readFile: (path) => {
      const text = files[path];
      if (text === undefined) throw Object.assign(new Error(path), { code: 'ENOENT' });
      return text;
    },
  }).load().origins;

const settings = SETTING_NAMES.map((name) => [name, SETTINGS[name] as Setting] as const);

describe.each(settings)('%s', (name, { format, secret }) => {
  const env = envOf(name);
  const others = TOGETHER[name] ?? {};
  const [good, ...bad] = VALUES[format];
  const found = (all: readonly SettingOrigin[]): Partial<SettingOrigin> => {
    const { value, origin, path } = all.find((one) => one.name === name)!;
    return { value, origin, ...(path === undefined ? {} : { path }) };
  };
  const shown = secret === true ? '***' : format === 'bool' ? 'true' : good;

  it('comes from the environment, from the settings file, and from a file that a variable names', () => {
    expect(found(load({ ...others, [env]: good }))).toEqual({ value: shown, origin: 'env' });
    const tree = name.split('.').reduceRight<unknown>((below, part) => ({ [part]: below }), good);
    files['settings.json'] = JSON.stringify(tree);
    expect(found(load(others, 'settings.json'))).toEqual({ value: shown, origin: 'file', path: 'settings.json' }); // prettier-ignore
    files['/run/secrets/x'] = `${good}\n`;
    const read = { ...others, [`${env}_FILE`]: '/run/secrets/x' };
    expect(found(load(read))).toEqual({ value: shown, origin: 'env file', path: '/run/secrets/x' });
  });

  it.each(bad)('refuses %j by its name and its variable', (value) => {
    let problems: ConfigError['problems'] = [];
    try {
      load({ ...others, [env]: value });
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems = error.problems;
    }
    const own = problems.filter((one) => one.path.join('.') === name);
    expect(own.map((one) => [one.code, one.message.startsWith(`${name} must be `)])).toContainEqual(['bad-setting', true]); // prettier-ignore
    expect(own.map((one) => one.remedy).join()).toContain(env);
    if (secret === true) expect(JSON.stringify(problems)).not.toContain(`"${value}"`);
  });
});
