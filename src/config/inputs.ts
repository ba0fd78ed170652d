/** What is given: the text of the settings file, the environment, and the files that the environment names. */
import type { Problem } from '../errors.ts';
import type { NoValue } from '../policy/parse/parse.ts';
import { suggestion } from '../policy/parse/report.ts';
import type { SettingsText } from '../policy/parse/settings.ts';
import type { Scalar } from '../policy/policy.ts';
import { FORMATS } from './formats.ts';
import { envOf, SETTING_NAMES, SETTINGS } from './settings.ts';
import type { SettingName } from './settings.ts';

export interface SettingsInput {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Path given by --settings. */
  readonly file?: string | undefined;
  /** Text of a file, UTF-8; throws where it cannot be read. */
  readonly readFile: (path: string) => string;
}

/** Settings by their dotted names. */
export type Flat = ReadonlyMap<SettingName, Scalar | undefined>;

/** `a.b.c` lies in the groups `a` and `a.b`. */
function groupsOf(name: string): string[] {
  const parts = name.split('.').slice(0, -1);
  return parts.map((_, i) => parts.slice(0, i + 1).join('.'));
}

/** The file's settings; what is unknown or no single value is reported and left out. */
export function readFileSettings(text: SettingsText, file: string, problems: Problem[]): Flat {
  problems.push(...text.problems);
  const flat = new Map<SettingName, Scalar>();
  const groups = new Set(SETTING_NAMES.flatMap(groupsOf));
  const complain = (code: string, path: readonly string[], message: string, remedy: string): void => {
    const place = path.length === 0 ? text.locate(path) : text.locateKey(path);
    problems.push({ code, path, message, remedy, severity: 'error', file, ...place });
  };
  const walk = (tree: unknown, path: readonly string[]): void => {
    const name = path.join('.');
    const mapping = typeof tree === 'object' && tree !== null && !Array.isArray(tree);
    if (name === '' || groups.has(name)) {
      if (mapping) for (const [key, below] of Object.entries(tree)) walk(below, [...path, key]);
      else
        complain(
          'bad-setting',
          path,
          `${name || 'The file'} must be a mapping of settings`,
          'Write settings below it.',
        );
    } else if (path.at(-1)?.includes('.') === true) {
      complain(
        'unknown-setting',
        path,
        `A key holds no dot: ${name}`,
        'Write the parts as mappings, e.g. `http: { port: 8080 }`.',
      );
    } else if (!Object.hasOwn(SETTINGS, name)) {
      complain(
        'unknown-setting',
        path,
        `There is no setting ${name}`,
        suggestion(name, SETTING_NAMES, 'settings'),
      );
    } else if (typeof tree === 'object' && tree !== null) {
      complain(
        'bad-setting',
        path,
        `${name} must be a single value`,
        `Write ${FORMATS[SETTINGS[name as SettingName].format].says}.`,
      );
    } else flat.set(name as SettingName, tree as Scalar);
  };
  if (text.value !== undefined) walk(text.value, []);
  return flat;
}

/** What the environment says: text by variable, and the files that some of it was read from, by setting. */
export interface Environment {
  readonly values: Readonly<Record<string, string>>;
  readonly files: ReadonlyMap<SettingName, string>;
}

/** The environment's settings. An empty variable counts as not set: so does compose for one left blank. */
export function readEnvironment(input: SettingsInput, problems: Problem[]): Environment {
  const values: Record<string, string> = {};
  const files = new Map<SettingName, string>();
  for (const name of SETTING_NAMES) {
    const env = envOf(name);
    const value = input.env[env] ?? '';
    const path = input.env[`${env}_FILE`] ?? '';
    const complain = (code: string, message: string, remedy: string): void => {
      problems.push({ code, path: [name], message, remedy, severity: 'error' });
    };
    if (value !== '') values[env] = value;
    if (path === '') continue;
    if (value !== '') {
      complain('setting-twice', `${env} and ${env}_FILE are both set`, 'Unset one of them.');
      continue;
    }
    const content = readSecret(path, input.readFile);
    if (typeof content !== 'string')
      complain('unreadable-file', `${env}_FILE names ${path}, which ${content.why}`, content.remedy);
    else {
      values[env] = content;
      files.set(name, path);
    }
  }
  return { values, files };
}

/** What a failed read means, by the system's code. */
const FAULTS: Readonly<Record<string, NoValue>> = {
  ENOENT: { why: 'does not exist', remedy: 'Create it with the value in it, or correct the path.' },
  EISDIR: {
    why: 'is a folder',
    remedy:
      'Name a file. Container engines make a folder where they are to mount a file that does not exist.',
  },
  EACCES: {
    why: 'may not be read by the user that frist runs as',
    remedy: 'Give that user the right to read it, and to enter the folders above it.',
  },
};

/** The content of a secret file without its final line end, or why there is none. */
export function readSecret(path: string, readFile: SettingsInput['readFile']): string | NoValue {
  try {
    const text = readFile(path).replace(/\r?\n$/, '');
    return text === '' ? { why: 'is empty', remedy: 'Write the value into it.' } : text;
  } catch (cause) {
    const code = systemCode(cause) ?? 'unknown';
    return FAULTS[code] ?? { why: `cannot be read (${code})`, remedy: 'Check its path and permissions.' };
  }
}

/** The system's code of a failed read, e.g. ENOENT. */
export function systemCode(cause: unknown): string | undefined {
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
