/** The installations that a command line is about: one that all controllers share, or one for each. */
import type { LoadedSettings, SettingsOf } from '../../config.ts';
import { ConfigError, FristError } from '../../errors.ts';
import { isControllerId } from '../../policy/parse/schema/source.ts';
import type { Options } from '../program.ts';
import type { Process } from '../shared/process.ts';
import { readPolicyFiles, type PolicyFiles } from './policy-files.ts';

/** Where one installation is, and what of it the command line names. */
export interface Place {
  /** For people: the id of its controller, or its policy file where that does not say; undefined where all share one. */
  readonly name: string | undefined;
  /** Reads the policy files, now. */
  readonly files: () => PolicyFiles;
  /** The settings; those of the controller of these files, so that files never meet the state of another. */
  readonly settings: (files?: PolicyFiles) => LoadedSettings;
}

/**
 * The installations of a command line, in the order of its policy files.
 * @throws CONTROLLER_NEEDED, USAGE
 */
export function placesOf(
  { policies, controller }: Pick<Options, 'policies' | 'controller'>,
  settings: SettingsOf,
  process: Pick<Process, 'environment'>,
): readonly Place[] {
  if (!settings.perController) {
    if (controller !== undefined)
      throw new FristError('USAGE', {
        what: 'all controllers share one installation here, so that --controller names none: see docs/several-controllers.md',
      });
    const files = (): PolicyFiles => readPolicyFiles(policies, process);
    return [{ name: undefined, settings: () => settings.load(), files }];
  }
  if (controller !== undefined && !isControllerId(controller))
    throw new FristError('USAGE', { what: '--controller must be an id such as acme-dk' });
  if (policies.length > 0) return ownPlaces(policies, controller, settings, process);
  return [
    {
      name: controller,
      settings: () => settings.load(controller),
      files: () => readPolicyFiles([], process),
    },
  ];
}

function ownPlaces(
  policies: readonly string[],
  controller: string | undefined,
  settings: SettingsOf,
  process: Pick<Process, 'environment'>,
): readonly Place[] {
  // Together, for two of one controller.
  readPolicyFiles(policies, process);
  /** Which file an id was first read in: another that comes to have it later is not let near the same places. */
  const owners = new Map<string, string>();
  const places = policies.map((path) => {
    const files = (): PolicyFiles => readPolicyFiles([path], process);
    const claim = (read: PolicyFiles): string => {
      const id = idOf(read, path);
      const owner = owners.get(id) ?? path;
      if (owner !== path)
        throw new FristError('USAGE', {
          what: `two of the policy files are of the same controller, ${id}`,
        });
      owners.set(id, owner);
      return id;
    };
    const place = { files, settings: (read = files()) => settings.load(claim(read)) };
    return { id: known(() => claim(files())), place, path };
  });
  const asked = places.filter(({ id }) => controller === undefined || id === controller);
  if (asked.length === 0)
    throw new FristError('USAGE', { what: `no policy file is of the controller ${controller ?? ''}` });
  return asked.map(({ id, place, path }) => ({ ...place, name: id ?? path }));
}

function known(id: () => string): string | undefined {
  try {
    return id();
  } catch (error) {
    if (error instanceof FristError) return undefined;
    throw error;
  }
}

/** The id that a file gives its controller; what else is wrong with the file does not matter here. */
function idOf({ well, broken }: PolicyFiles, path: string): string {
  const [located] = well;
  const id = located?.file.controller.id ?? broken[0]?.controller?.id;
  if (id !== undefined) return id;
  if (located === undefined) throw broken[0]?.error ?? new FristError('DEFECT', { what: 'no policy file' });
  throw new ConfigError([
    {
      code: 'missing-key',
      path: ['controller', 'id'],
      message: 'The settings have places that differ by controller, and this one has no id',
      remedy: 'Write one below `controller`, e.g. `id: acme-dk`, and never change it.',
      severity: 'error',
      file: path,
      ...located.locate(['controller']),
    },
  ]);
}
