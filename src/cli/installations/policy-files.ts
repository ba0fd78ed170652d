/** The policy files of a command line: read all together, so that every problem of all of them is told at once. */
import { readFileSync } from 'node:fs';
import { createResolver } from '../../config.ts';
import { connectorKinds } from '../../connectors/registry.ts';
import { ConfigError, FristError } from '../../errors.ts';
import type { Down } from '../../installation/app.ts';
import { parsePolicies, readControllerOf, type Located, type Resolve } from '../../policy/parse/parse.ts';
import type { Controller } from '../../policy/policy.ts';
import { readText } from '../shared/files.ts';
import type { Process } from '../shared/process.ts';

/** A file that cannot be used. */
export interface Broken {
  readonly path: string;
  readonly error: FristError;
  /** Whose it is, as long as that much of it can be read. */
  readonly controller: Controller | undefined;
}

export interface PolicyFiles {
  readonly well: readonly Located[];
  readonly broken: readonly Broken[];
}

/** What policy files and `frist init` refer to: variables, and files. */
export function resolverOf({ environment }: Pick<Process, 'environment'>): Resolve {
  return createResolver({ env: environment, readFile: (file) => readFileSync(file, 'utf8') });
}

/**
 * Reads policy files. One that is wrong is no error yet: see `allOf`.
 * @throws USAGE where none is named, or two are of one controller.
 */
export function readPolicyFiles(
  paths: readonly string[],
  process: Pick<Process, 'environment'>,
): PolicyFiles {
  if (paths.length === 0) throw new FristError('USAGE', { what: '--policies FILE is needed' });
  const resolve = resolverOf(process);
  const well: Located[] = [];
  const broken: Broken[] = [];
  for (const path of paths) {
    let text = '';
    try {
      text = readText(path);
      well.push(parsePolicies(text, { file: path, resolve, kinds: connectorKinds() }));
    } catch (error) {
      if (!(error instanceof FristError)) throw error;
      broken.push({ path, error, controller: readControllerOf(text, path) });
    }
  }
  refuseTwins([...well.map(({ file }) => file.controller), ...broken.flatMap((one) => one.controller ?? [])]);
  return { well, broken };
}

/** State and trail know a policy by its controller and its name. */
function refuseTwins(controllers: readonly Controller[]): void {
  const twice = (names: readonly (string | undefined)[]): string | undefined =>
    names.find((name, i) => name !== undefined && names.indexOf(name) !== i);
  const twin = twice(controllers.map(({ name }) => name)) ?? twice(controllers.map(({ id }) => id));
  if (twin !== undefined)
    throw new FristError('USAGE', { what: `two of the policy files are of the same controller, ${twin}` });
}

/**
 * All files, which must all be well.
 * @throws CONFIG_UNREADABLE, ConfigError with every problem of all files.
 */
export function allOf({ well, broken }: PolicyFiles): readonly Located[] {
  if (broken.length === 0) return well;
  const problems: ConfigError['problems'][number][] = [];
  for (const { error } of broken) {
    if (!(error instanceof ConfigError)) throw error;
    problems.push(...error.problems);
  }
  throw new ConfigError(problems);
}

/** The files that are well, as long as there is one: a broken one does not stop the others. Errors as `allOf`. */
export function wellOf(files: PolicyFiles): readonly Located[] {
  return files.well.length === 0 ? allOf(files) : files.well;
}

/** As whatever shows what runs and what does not calls them. */
export function downOf(broken: readonly Broken[]): Down[] {
  return broken.map(({ path, error, controller }) => ({
    name: controller?.id ?? controller?.name ?? path,
    code: error.code,
    controller: controller?.name,
  }));
}
