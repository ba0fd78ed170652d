/** What happens to related rows. */
import type { Dependent, Replacements } from '../../../policy.ts';
import type { Mapping } from '../../document.ts';
import type { Path } from '../../position.ts';
import type { DependentText } from '../../schema/policy.ts';
import { readCondition } from '../condition.ts';
import { COLUMNS_ONLY, readRelatedName } from '../names/sight.ts';
import type { Sight } from '../names/sight.ts';
import type { Scene } from '../start.ts';
import { readFiles } from './files.ts';
import { readReplacements } from './replacement.ts';

const KINDS = ['delete', 'anonymise', 'detach', 'keep'] as const;
type Kind = (typeof KINDS)[number];

/** Which kinds a key has a meaning for. */
const ONLY_WITH: Readonly<Record<'files' | 'unless owned' | 'to', readonly Kind[]>> = {
  files: ['delete', 'anonymise'],
  'unless owned': ['delete'],
  to: ['detach'],
};

/** `set:` where something is anonymised, and only there. */
export function readSet(
  raw: unknown,
  given: boolean,
  wanted: boolean,
  path: Path,
  sight: Sight,
  { report }: Scene,
): Replacements | undefined {
  if (given === wanted)
    return raw === undefined ? undefined : readReplacements(raw as Mapping, [...path, 'set'], sight, report);
  report.add({
    code: wanted ? 'missing-key' : 'contradiction',
    path: wanted ? path : [...path, 'set'],
    message: wanted ? '`anonymise` without `set`' : '`set` stands only with `anonymise`',
    remedy: wanted
      ? 'Write `set:` with the columns and what they become.'
      : 'Remove it, or anonymise instead of deleting.',
    on: 'key',
  });
  return undefined;
}

function readKind(raw: Mapping, path: Path, scene: Scene): Kind | undefined {
  const kinds = Object.keys(raw).flatMap((key) => KINDS.find((kind) => kind === key) ?? []);
  const [kind] = kinds;
  if (kind !== undefined && kinds.length === 1) return kind;
  scene.report.add({
    code: kind === undefined ? 'missing-key' : 'contradiction',
    path: kind === undefined ? path : [...path, kinds[1] ?? kind],
    message:
      kind === undefined
        ? 'It is not said what happens to which rows'
        : `${kinds.join(' and ')} cannot stand together`,
    remedy: `Write exactly one of: ${KINDS.join(', ')}, with the name of related rows.`,
    on: 'key',
  });
  return undefined;
}

function fits(raw: Mapping, kind: Kind, path: Path, scene: Scene): boolean {
  const stray = (['files', 'unless owned', 'to'] as const).find(
    (key) => raw[key] !== undefined && !ONLY_WITH[key].includes(kind),
  );
  if (stray === undefined) return true;
  scene.report.add({
    code: 'contradiction',
    path: [...path, stray],
    message: `\`${stray}\` cannot stand with \`${kind}\``,
    remedy: `It stands with ${ONLY_WITH[stray].join(' or ')}.`,
    on: 'key',
  });
  return false;
}

/** The names in `unless owned`: rows that `related` is `of`, or that are `of` it. */
function readOwners(
  raw: string | readonly string[],
  path: Path,
  related: string,
  { sight, report }: Scene,
): readonly string[] | undefined {
  const names = typeof raw === 'string' ? [raw] : raw;
  const owners = names.map((name, i) => {
    const at = typeof raw === 'string' ? path : [...path, i];
    const known = readRelatedName(name, at, sight, report);
    if (known === undefined) return undefined;
    if (sight.inside(related).related.has(name) || sight.inside(name).related.has(related)) return name;
    report.add({
      code: 'contradiction',
      path: at,
      message: `"${name}" do not own "${related}"`,
      remedy: `Owners are the rows that "${related}" is \`of\`, or rows declared with \`of: ${related}\`.`,
    });
    return undefined;
  });
  const known = owners.filter((one) => one !== undefined);
  return known.length < owners.length ? undefined : known;
}

function readDependent(raw: DependentText, path: Path, scene: Scene): Dependent | undefined {
  const { sight, report } = scene;
  const kind = readKind(raw, path, scene);
  if (kind === undefined) return undefined;
  const related = readRelatedName(String(raw[kind]), [...path, kind], sight, report);
  const given = raw['set'] !== undefined;
  const set = readSet(raw['set'], given, kind === 'anonymise', path, COLUMNS_ONLY, scene);
  if (!fits(raw, kind, path, scene) || related === undefined) return undefined;
  const inside = sight.inside(related);
  const { where: some, files: named, 'unless owned': owned } = raw;
  const where = some && readCondition(some, [...path, 'where'], inside, report);
  const files = named && readFiles(named, [...path, 'files'], COLUMNS_ONLY, report);
  const owners = owned && readOwners(owned, [...path, 'unless owned'], related, scene);
  // What is there and could not be read is reported, so that a file with such a dependent is refused as a whole.
  const base = { related, ...(where && { where }) };
  if (kind === 'delete')
    return { ...base, kind, ...(files && { files }), ...(owners && { unlessOwned: owners }) };
  const { to } = raw;
  if (kind === 'detach') return { ...base, kind, ...(to !== undefined && to !== null && { to }) };
  if (kind === 'keep') return { ...base, kind };
  return set === undefined ? undefined : { ...base, kind, set, ...(files && { files }) };
}

/** Reads `dependents:`. Rows may be named several times, as long as each but the last says which of them it is about. */
export function readDependents(
  raw: readonly DependentText[],
  path: Path,
  scene: Scene,
): readonly Dependent[] | undefined {
  const whole = new Set<string>();
  const dependents = raw.map((one, index) => {
    const dependent = readDependent(one, [...path, index], scene);
    if (dependent === undefined) return undefined;
    if (whole.has(dependent.related)) {
      scene.report.add({
        code: 'contradiction',
        path: [...path, index, dependent.kind],
        message: `What happens to "${dependent.related}" is said twice`,
        remedy: 'Say by `where` which of these rows each is about; only the last may be about all the rest.',
      });
    }
    if (dependent.where === undefined) whole.add(dependent.related);
    return dependent;
  });
  const known = dependents.filter((one) => one !== undefined);
  return known.length < dependents.length ? undefined : known;
}
