/** What policies do to records, with the places in the file where it stands. */
import type {
  Action,
  Dependent,
  ElsewhereExemption,
  ElsewhereStart,
  Policy,
  Stage,
  Start,
} from '../../policy.ts';
import type { PolicyEntry } from '../build/policy.ts';
import type { Path } from '../position.ts';

/** The stages of a policy. */
export function stagesOf({
  policy,
  path,
}: PolicyEntry): readonly { readonly stage: Stage; readonly path: Path }[] {
  if (policy.kind === 'keep') return [];
  const [only] = policy.stages;
  // A policy that is its own only stage and `stages` with one entry look alike once read; the locator forgives both.
  if (policy.stages.length === 1 && only !== undefined) return [{ stage: only, path }];
  return policy.stages.map((stage, index) => ({ stage, path: [...path, 'stages', index] }));
}

/** One thing that is done to a record and its dependents: a stage, or what a stage does instead. */
export interface Deed {
  readonly action: Action;
  readonly dependents: readonly Dependent[];
  readonly path: Path;
}

/** All that a policy may do to a record. */
export function deedsOf(entry: PolicyEntry): readonly Deed[] {
  return stagesOf(entry).flatMap(({ stage, path }): Deed[] => {
    const own = { action: stage.action, dependents: stage.dependents, path };
    if (stage.instead === undefined) return [own];
    const { set, dependents } = stage.instead;
    const action: Action = { kind: 'anonymise', set };
    return [own, { action, dependents, path: [...path, 'anonymise instead'] }];
  });
}

/** What a policy asks other sources, in its exemptions and its start. */
export function askedElsewhere(policy: Policy): readonly (ElsewhereExemption | ElsewhereStart)[] {
  const inStart = (start: Start): readonly ElsewhereStart[] => {
    if (start.kind === 'elsewhere') return [start];
    return start.kind === 'column' ? [] : start.of.flatMap(inStart);
  };
  const exempt = policy.exemptions.flatMap((one) => ('elsewhere' in one ? [one.elsewhere] : []));
  return [...exempt, ...inStart(policy.start)];
}
