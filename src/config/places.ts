/**
 * `{controller}` in the settings of places: each controller then has an installation of its own, with its own state,
 * trail, name of the trail and keys. All of these differ by controller, or none: two trails under one name or key would
 * each pass for the other.
 */
import type { Problem } from '../errors.ts';
import type { Scalar } from '../policy/policy.ts';
import type { Flat } from './inputs.ts';
import type { SettingName } from './settings.ts';

/** Stands for the id of a controller. */
export const PLACEHOLDER = '{controller}';

const PLACES: ReadonlySet<string> = new Set<SettingName>([
  'data.folder',
  'state.url',
  'audit.folder',
  'audit.origin',
  'audit.heads.store',
  'audit.s3.bucket',
  'audit.s3.prefix',
  'audit.s3.state',
  'keys.signing',
  'keys.wrapping',
  'spool.folder',
  'pause.file',
  'alerts.heartbeat.url',
]);

const has = (value: Scalar | undefined): boolean => typeof value === 'string' && value.includes(PLACEHOLDER);

/** Whether each controller has an installation of its own. */
export function isPerController(values: Flat): boolean {
  return [...values].some(([name, value]) => PLACES.has(name) && has(value));
}

/** The settings of one controller. In the name of a variable its id stands in capitals, with `_` for `-`. */
export function ofController(values: Flat, id: string): Flat {
  return new Map(
    [...values].map(([name, value]) => {
      if (!PLACES.has(name) || typeof value !== 'string') return [name, value];
      const own = value.startsWith('env:') ? id.toUpperCase().replaceAll('-', '_') : id;
      return [name, value.replaceAll(PLACEHOLDER, own)];
    }),
  );
}

type Complaint = Pick<Problem, 'message' | 'remedy'> & { readonly name: SettingName };

/** What is wrong with the placeholders, and at which setting. */
export function placeContradictions(values: Flat): Complaint[] {
  return [...strayPlaceholders(values), ...(isPerController(values) ? sharedPlaces(values) : [])];
}

function strayPlaceholders(values: Flat): Complaint[] {
  return [...values].flatMap(([name, value]) => {
    if (typeof value !== 'string') return [];
    if (!PLACES.has(name))
      return has(value)
        ? [
            {
              name,
              message: `${name} cannot differ by controller`,
              remedy: `Write it without ${PLACEHOLDER}.`,
            },
          ]
        : [];
    // The address of the state may hold a password, which may hold anything.
    const [other] = name === 'state.url' ? [] : (value.replaceAll(PLACEHOLDER, '').match(/\{\w*\}/) ?? []);
    if (other === undefined) return [];
    return [
      {
        name,
        message: `${name} has ${other} in it, which stands for nothing`,
        remedy: `${PLACEHOLDER} is the one placeholder there is.`,
      },
    ];
  });
}

/** Of what makes an installation, what all controllers would share. */
function sharedPlaces(values: Flat): Complaint[] {
  const given = (name: SettingName): boolean => values.get(name) != null;
  const differs = (...names: readonly SettingName[]): boolean => names.some((name) => has(values.get(name)));
  const inData = (name: SettingName): boolean => differs(given(name) ? name : 'data.folder');
  const withPrefix = (name: SettingName): boolean => !given(name) || differs(name, 'audit.s3.prefix');
  const wrong: readonly (readonly [SettingName, boolean])[] = [
    ['state.url', inData('state.url')],
    given('audit.s3.bucket')
      ? ['audit.s3.prefix', withPrefix('audit.s3.bucket')]
      : ['audit.folder', inData('audit.folder')],
    ['audit.s3.state', withPrefix('audit.s3.state')],
    ['audit.origin', !given('audit.origin') || differs('audit.origin')],
    ['audit.heads.store', !given('audit.heads.store') || differs('audit.heads.store')],
    ['keys.signing', inData('keys.signing')],
    ['keys.wrapping', inData('keys.wrapping')],
    ['spool.folder', inData('spool.folder')],
    // One that is dead must not be taken for another that lives.
    ['alerts.heartbeat.url', !given('alerts.heartbeat.url') || differs('alerts.heartbeat.url')],
  ];
  return wrong.flatMap(([name, ok]) =>
    ok
      ? []
      : [
          {
            name,
            message: `${name} would be the same for every controller, while other places differ by ${PLACEHOLDER}`,
            remedy: `Write ${PLACEHOLDER} into it, or into none of the places.`,
          },
        ],
  );
}
