/** Variables that look like settings of frist and are none: often a mistyped one, which nobody would notice. */
import { nearest } from '../policy/parse/report.ts';
import type { Flat, SettingsInput } from './inputs.ts';
import { PLACEHOLDER } from './places.ts';
import { envOf, SETTING_NAMES } from './settings.ts';

export interface Stranger {
  readonly name: string;
  /** The variable that may be meant. */
  readonly near?: string;
}

/** The variables of all settings, and those that name a file of one. */
const VARIABLES: readonly string[] = SETTING_NAMES.map(envOf).flatMap((env) => [env, `${env}_FILE`]);

/** What Kubernetes sets for each service, one named `frist` too: FRIST_SERVICE_HOST, FRIST_PORT_8080_TCP_ADDR. */
const OF_A_SERVICE = /_SERVICE_(?:HOST|PORT)(?:_|$)|_PORT_\d+_(?:TCP|UDP|SCTP)(?:_|$)/;
const ADDRESS_OF_A_SERVICE = /^(?:tcp|udp|sctp):\/\//;

/**
 * The variables that begin with FRIST_ and are no setting, name no file of one and hold no key. Policy files may refer to
 * some of them. `values`: the settings, before a controller stands in them.
 */
export function strangersIn(env: SettingsInput['env'], values: Flat): Stranger[] {
  const own = new Set(VARIABLES);
  const keys = [values.get('keys.signing'), values.get('keys.wrapping')].map(String);
  return Object.entries(env)
    .filter(
      ([name, value = '']) =>
        name.startsWith('FRIST_') &&
        value !== '' &&
        !own.has(name) &&
        !keys.some((said) => holds(said, name)) &&
        !OF_A_SERVICE.test(name) &&
        !ADDRESS_OF_A_SERVICE.test(value),
    )
    .map(([name]) => {
      const near = nearest(name, VARIABLES);
      return { name, ...(near === undefined ? {} : { near }) };
    });
}

/** Whether a setting says `env:` and this variable, of whichever controller. */
function holds(said: string, name: string): boolean {
  const [start = '', ...rest] = said.split(PLACEHOLDER);
  const variable = `env:${name}`;
  return rest.length === 0
    ? variable === said
    : variable.startsWith(start) && variable.endsWith(rest.at(-1) ?? '');
}
