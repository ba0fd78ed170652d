/** Variables of the environment that nothing reads. */
import type { Stranger } from '../../config.ts';
import type { Problem } from '../../errors.ts';

const REFERENCE = /\$\{([A-Za-z_]\w*)\}/g;

/**
 * A warning for each variable that looks like a setting and that no policy file refers to either: it may be a setting
 * mistyped, which is without effect.
 * @param strangers as `LoadedSettings` has them.
 * @param policies the texts of all policy files of the process.
 */
export function strayVariables(strangers: readonly Stranger[], policies: readonly string[]): Problem[] {
  const named = new Set(policies.flatMap((text) => [...text.matchAll(REFERENCE)].map(([, name]) => name)));
  return strangers
    .filter(({ name }) => !named.has(name))
    .map(({ name, near }) => ({
      code: 'unknown-variable',
      path: [],
      message: `${name} is no setting, and no policy file refers to it: it has no effect`,
      remedy: `${near === undefined ? '' : `Did you mean ${near}? `}Unset it, or give it another name (docs/operating.md has the settings).`,
      severity: 'warning',
    }));
}
