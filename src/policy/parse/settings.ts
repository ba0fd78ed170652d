/** The text of a settings file (YAML or JSON), here because YAML is read nowhere else. What it means: config.ts. */
import { readYaml } from './document.ts';
import type { Problem } from '../../errors.ts';
import type { Path, Position } from './position.ts';

export interface SettingsText {
  /** Undefined where the text cannot be read; `problems` says why. */
  readonly value: unknown;
  readonly problems: readonly Problem[];
  readonly locate: (path: Path) => Position;
  /** Position of a key, e.g. one that is unknown. */
  readonly locateKey: (path: Path) => Position;
}

/** Reads a settings file as strictly as a policy file. Never throws. */
export function parseSettingsText(text: string, file: string): SettingsText {
  const { value, problems, locator } = readYaml(text, file);
  return { value: problems.length > 0 ? undefined : value, problems, ...locator };
}
