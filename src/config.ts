/**
 * Settings of the process: defaults (config/settings.json), then the file given by --settings, then the environment
 * (FRIST_…). Any value, and a secret above all, can stand in a file instead: FRIST_STATE_URL_FILE=/run/secrets/state.
 *
 * convict merges them. Its own formats are not used: they take "no" for true and "5abc" for 5.
 */
import { join } from 'node:path';
import convict from 'convict';
import defaults from '../config/settings.json' with { type: 'json' };
import { alertContradictions, alertSettings } from './config/alerts.ts';
import { durationMs, FORMATS } from './config/formats.ts';
import type { Format } from './config/formats.ts';
import { readEnvironment, readFileSettings, readSecret, systemCode } from './config/inputs.ts';
import type { Environment, Flat, SettingsInput } from './config/inputs.ts';
import { isPerController, ofController, placeContradictions } from './config/places.ts';
import { s3Settings, trailContradictions } from './config/s3.ts';
import { envOf, SETTING_NAMES, SETTINGS } from './config/settings.ts';
import { strangersIn } from './config/strangers.ts';
import type { Stranger } from './config/strangers.ts';
import type { CommonSettings, KeySource, Setting, SettingName, Settings } from './config/settings.ts';
import { ConfigError, FristError } from './errors.ts';
import type { Problem } from './errors.ts';
import type { Resolve } from './policy/parse/parse.ts';
import type { Scalar } from './policy/policy.ts';
import { parseSettingsText } from './policy/parse/settings.ts';
import type { SettingsText } from './policy/parse/settings.ts';

export type { SettingsInput } from './config/inputs.ts';
export type { CommonSettings, KeySource, Settings } from './config/settings.ts';
export type { Stranger } from './config/strangers.ts';

/** `env file`: the file that a variable with `_FILE` names. */
export type Origin = 'default' | 'file' | 'env' | 'env file';

/** Where one setting comes from, for `frist check`. */
export interface SettingOrigin {
  readonly name: string;
  readonly env: string;
  readonly origin: Origin;
  /** Of the settings file, or of the file that the variable names. */
  readonly path?: string;
  /** Masked where it is a secret. */
  readonly value: string;
}

export interface LoadedSettings {
  readonly settings: Settings;
  readonly origins: readonly SettingOrigin[];
  /** Variables that look like settings and are none; policy files may refer to them. */
  readonly strangers: readonly Stranger[];
}

/** The settings of a process, which may have an installation for each controller. */
export interface SettingsOf {
  /** Whether each controller has an installation of its own; otherwise all share one. */
  readonly perController: boolean;
  /** What is the same for every installation. */
  readonly common: CommonSettings;
  /**
   * The settings of one installation.
   * @param controller id of the controller, where each has its own.
   * @throws CONTROLLER_NEEDED, and SETTINGS_INVALID where a key's variable is not set.
   */
  readonly load: (controller?: string) => LoadedSettings;
}

for (const [name, { read, says }] of Object.entries<Format>(FORMATS)) {
  convict.addFormat({
    name: `frist-${name}`,
    validate(value: unknown) {
      if (read(value) === undefined) throw new FristError('USAGE', { what: `must be ${says}` });
    },
    // What is not valid stays as it is and is refused, instead of being bent into something valid.
    coerce: (value: unknown) => read(value) ?? value,
  });
}

/** Where a dotted name leads in a mapping; undefined where it leads nowhere. */
function at(tree: unknown, name: string): unknown {
  return name.split('.').reduce<unknown>((below, part) => {
    return typeof below === 'object' && below !== null && Object.hasOwn(below, part)
      ? (below as Readonly<Record<string, unknown>>)[part]
      : undefined;
  }, tree);
}

/** Dotted names as nested mappings. */
function nest(flat: ReadonlyMap<string, unknown>): Record<string, unknown> {
  const tree: Record<string, unknown> = {};
  for (const [name, value] of flat) {
    const parts = name.split('.');
    const last = parts.pop() ?? '';
    let below = tree;
    for (const part of parts) below = (below[part] ??= {}) as Record<string, unknown>;
    below[last] = value;
  }
  return tree;
}

function convictSchema(): convict.Schema<Record<string, unknown>> {
  const entries = Object.entries<Setting>(SETTINGS).map(([name, { format, doc, secret }]) => {
    const value = at(defaults, name) ?? null;
    return [
      name,
      {
        doc,
        format: `frist-${format}`,
        default: value,
        nullable: value === null,
        env: envOf(name),
        sensitive: secret === true,
      },
    ] as const;
  });
  return nest(new Map(entries)) as convict.Schema<Record<string, unknown>>;
}

function show(value: Scalar | undefined, setting: Setting): string {
  if (value === null || value === undefined) return '';
  return setting.secret === true ? '***' : String(value);
}

interface Merged {
  /** convict's own look at the whole; throws where it finds what `validate` should have found. */
  readonly confirm: () => void;
  readonly values: Flat;
  readonly origins: ReadonlyMap<SettingName, Origin>;
}

function merge(fromFile: Flat, { values: env, files }: Environment): Merged {
  const config = convict(convictSchema(), { env: { ...env }, args: [] });
  config.load(nest(fromFile));
  const tree: unknown = config.getProperties();
  const origin = (name: SettingName): Origin => {
    if (env[envOf(name)] !== undefined) return files.has(name) ? 'env file' : 'env';
    return fromFile.has(name) ? 'file' : 'default';
  };
  return {
    confirm: () => void config.validate({ allowed: 'strict' }),
    values: new Map(SETTING_NAMES.map((name) => [name, at(tree, name) as Scalar | undefined])),
    origins: new Map(SETTING_NAMES.map((name) => [name, origin(name)])),
  };
}

function validate(
  { values: given, origins }: Merged,
  files: Environment['files'],
  text: SettingsText | undefined,
  file: string,
  problems: Problem[],
): void {
  const place = (name: SettingName): Partial<Problem> =>
    origins.get(name) === 'file' && text !== undefined ? { file, ...text.locate(name.split('.')) } : {};
  // Whatever its id is, a controller's settings look alike.
  const values = ofController(given, 'controller');
  for (const { name, message, remedy } of [
    ...placeContradictions(given),
    ...trailContradictions(values),
    ...alertContradictions(values),
  ])
    problems.push({
      code: 'bad-setting',
      path: name.split('.'),
      message,
      remedy,
      severity: 'error',
      ...place(name),
    });
  for (const [name, value] of values) {
    const setting: Setting = SETTINGS[name];
    const format: Format = FORMATS[setting.format];
    const optional = at(defaults, name) === undefined;
    if ((value === null && optional) || format.read(value) !== undefined) continue;
    const given = setting.secret === true ? '' : `, not "${show(value, setting)}"`;
    problems.push({
      code: 'bad-setting',
      path: name.split('.'),
      message: `${name} must be ${format.says}${given}`,
      remedy: remedyFor(name, origins.get(name) === 'file', files.get(name)),
      severity: 'error',
      ...place(name),
    });
  }
}

/** Where a value that is not valid is to be corrected. `file`: the one that its variable names. */
function remedyFor(name: SettingName, inSettings: boolean, file: string | undefined): string {
  if (file !== undefined) return `Correct it in ${file}, which ${envOf(name)}_FILE names.`;
  return inSettings
    ? `Correct it here, or set ${envOf(name)}.`
    : `Correct the environment variable ${envOf(name)}.`;
}

function common(values: Flat): CommonSettings {
  const text = (name: SettingName): string => String(values.get(name));
  return {
    log: {
      level: text('log.level') as Settings['log']['level'],
      format: text('log.format') as Settings['log']['format'],
    },
    http: { host: text('http.host'), port: Number(values.get('http.port')) },
    page: { size: Number(values.get('page.size')) },
  };
}

/** The settings in their own types; places that are not given follow from the data folder. */
function typed(values: Flat, env: SettingsInput['env']): Settings {
  const text = (name: SettingName): string => String(values.get(name));
  const optional = (name: SettingName): string | undefined =>
    values.get(name) === null ? undefined : text(name);
  const number = (name: SettingName): number => Number(values.get(name));
  const folder = text('data.folder');
  const origin = optional('audit.origin');
  const headStore = optional('audit.heads.store');
  const redis = optional('queue.redis');
  const key = (name: 'signing' | 'wrapping'): KeySource => {
    const from = keySource(optional(`keys.${name}`) ?? join(folder, 'keys', name), env);
    if (from !== undefined) return from;
    const setting = `keys.${name}`;
    throw new FristError('SETTINGS_INVALID', {
      setting,
      reason: 'the variable that it names is not set',
      env: envOf(setting),
    });
  };
  return {
    data: { folder },
    state: {
      url: optional('state.url') ?? `sqlite:${join(folder, 'state.db')}`,
      backupDays: number('state.backups'),
    },
    audit: {
      folder: optional('audit.folder') ?? join(folder, 'audit'),
      ...(origin === undefined ? {} : { origin }),
      patienceMs: durationMs(text('audit.patience')) ?? 0,
      heads: {
        ...(headStore === undefined ? {} : { store: headStore }),
        schedule: text('audit.heads.schedule'),
      },
      verify: { schedule: text('audit.verify.schedule') },
      s3: s3Settings(values),
    },
    keys: {
      signing: key('signing'),
      wrapping: key('wrapping'),
      rotateDays: number('keys.rotate'),
      keepDays: number('keys.keep'),
    },
    evidence: { keepDays: number('evidence.keep') },
    spool: { folder: optional('spool.folder') ?? join(folder, 'spool') },
    operator: text('operator'),
    ...common(values),
    schedule: text('schedule'),
    run: { deadlineMs: durationMs(text('run.deadline')) ?? 0 },
    batch: { max: number('batch.max'), targetMs: number('batch.target') },
    pace: number('pace'),
    pause: { file: optional('pause.file') ?? join(folder, 'pause') },
    clock: { settable: values.get('clock.settable') === true },
    verify: { percent: number('verify.share'), withinDays: number('verify.within') },
    plan: { expiresDays: number('plan.expires') },
    approval: { own: text('approval.own') === 'allowed' },
    queue: {
      ...(redis === undefined ? {} : { redis }),
      workers: number('queue.workers'),
      size: number('queue.partition'),
      attempts: number('queue.attempts'),
    },
    alerts: alertSettings(values),
  };
}

/** Where a key is, from how the setting says it; undefined where it names a variable that is not set. */
function keySource(said: string, env: SettingsInput['env']): KeySource | undefined {
  const [, way, what = ''] = /^(env|command):(.*)$/s.exec(said) ?? [];
  if (way === 'command') return { command: what.split(' ') };
  if (way === undefined) return { file: said };
  const text = env[what] ?? '';
  return text === '' ? undefined : { variable: what, text };
}

function deepFreeze(settings: Settings): Settings {
  for (const group of Object.values(settings) as readonly unknown[]) Object.freeze(group);
  return Object.freeze(settings);
}

function openFile(file: string, readFile: SettingsInput['readFile']): SettingsText {
  try {
    return parseSettingsText(readFile(file), file);
  } catch (cause) {
    throw new FristError('CONFIG_UNREADABLE', { file, reason: systemCode(cause) ?? 'it cannot be read' });
  }
}

/**
 * Reads the settings of a process in which each controller may have an installation of its own.
 * @throws ConfigError with everything that is wrong, each with its setting and variable.
 * @throws FristError CONFIG_UNREADABLE where the file of --settings cannot be read.
 */
export function readSettings(input: SettingsInput): SettingsOf {
  const problems: Problem[] = [];
  const { file } = input;
  const text = file === undefined ? undefined : openFile(file, input.readFile);
  const fromFile: Flat = text === undefined ? new Map() : readFileSettings(text, file ?? '', problems);
  const environment = readEnvironment(input, problems);
  const merged = merge(fromFile, environment);
  validate(merged, environment.files, text, file ?? '', problems);
  if (problems.length > 0) throw new ConfigError(problems);
  const perController = isPerController(merged.values);
  // It would find the placeholders; `validate` has looked past them.
  if (!perController) merged.confirm();
  return {
    perController,
    common: common(merged.values),
    load: (controller) => {
      if (perController && controller === undefined) throw new FristError('CONTROLLER_NEEDED');
      const values = controller === undefined ? merged.values : ofController(merged.values, controller);
      return {
        settings: deepFreeze(typed(values, input.env)),
        origins: SETTING_NAMES.map((name) => {
          const origin = merged.origins.get(name) ?? 'default';
          const path = origin === 'file' ? file : environment.files.get(name);
          const value = show(values.get(name), SETTINGS[name]);
          return { name, env: envOf(name), origin, ...(path === undefined ? {} : { path }), value };
        }),
        strangers: strangersIn(input.env, merged.values),
      };
    },
  };
}

/** The settings of a process in which all controllers share one installation; errors as `readSettings`. */
export function loadSettings(input: SettingsInput): LoadedSettings {
  return readSettings(input).load();
}

/** Fills in `${NAME}` from the environment and `${file:/path}` from files, for policy files. */
export function createResolver({ env, readFile }: Pick<SettingsInput, 'env' | 'readFile'>): Resolve {
  return (reference) =>
    reference.startsWith('file:') ? readSecret(reference.slice('file:'.length), readFile) : env[reference];
}
