/** What is done: actions, dependents, stages. */
import type { Action, Dependent, Replacement, Replacements, Rule, Scalar, Stage } from '../../policy.ts';
import { isMapping } from '../document.ts';
import type { Mapping } from '../document.ts';
import type { Path } from '../position.ts';
import type { Report } from '../report.ts';
import { stageShape } from '../schema/policy.ts';
import { readFields } from '../shape.ts';
import type { Fields } from '../shape.ts';
import { readRelatedName } from './condition.ts';
import { readRule } from './rule.ts';
import type { Scene } from './start.ts';

type StageFields = Fields<typeof stageShape>;

const KINDS = ['delete', 'anonymise', 'detach', 'keep'] as const;

function readReplacement(value: unknown, path: Path, report: Report): Replacement | undefined {
  if (!isMapping(value)) return { kind: 'constant', value: value as Scalar };
  const template = String(value['placeholder']);
  const rest = template.replaceAll('{key}', '');
  if (rest !== template && !/[{}]/.test(rest)) return { kind: 'placeholder', template };
  report.add({
    code: 'bad-template',
    path: [...path, 'placeholder'],
    message: 'A placeholder holds {key}, and no other braces',
    remedy: "Write for example 'erased-{key}@invalid'.",
  });
  return undefined;
}

function readReplacements(raw: Mapping, path: Path, report: Report): Replacements | undefined {
  const entries = Object.entries(raw);
  if (entries.length === 0) {
    report.add({
      code: 'wrong-value',
      path,
      message: 'No column is named',
      remedy: 'Write columns and what they become, e.g. { name: null }.',
    });
    return undefined;
  }
  const replacements = entries.map(([column, value]) => {
    const by = readReplacement(value, [...path, column], report);
    return by === undefined ? undefined : { column, with: by };
  });
  const known = replacements.filter((one) => one !== undefined);
  return known.length < replacements.length ? undefined : known;
}

/** `set:` where something is anonymised, and only there. */
function readSet(
  raw: unknown,
  given: boolean,
  wanted: boolean,
  path: Path,
  report: Report,
): Replacements | undefined {
  if (given === wanted)
    return raw === undefined ? undefined : readReplacements(raw as Mapping, [...path, 'set'], report);
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

function readDependent(raw: Mapping, path: Path, scene: Scene): Dependent | undefined {
  const kinds = Object.keys(raw).flatMap((key) => KINDS.find((kind) => kind === key) ?? []);
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) {
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
  const related = readRelatedName(String(raw[kind]), [...path, kind], scene.related, scene.report);
  const set = readSet(raw['set'], raw['set'] !== undefined, kind === 'anonymise', path, scene.report);
  if (related === undefined) return undefined;
  if (kind !== 'anonymise') return { related, kind };
  return set === undefined ? undefined : { related, kind, set };
}

function readDependents(raw: readonly Mapping[], path: Path, scene: Scene): readonly Dependent[] | undefined {
  const seen = new Set<string>();
  const dependents = raw.map((one, index) => {
    const dependent = readDependent(one, [...path, index], scene);
    if (dependent !== undefined && seen.has(dependent.related)) {
      scene.report.add({
        code: 'contradiction',
        path: [...path, index, dependent.kind],
        message: `What happens to "${dependent.related}" is said twice`,
        remedy: 'Name each kind of related rows once.',
      });
    }
    if (dependent !== undefined) seen.add(dependent.related);
    return dependent;
  });
  const known = dependents.filter((one) => one !== undefined);
  return known.length < dependents.length ? undefined : known;
}

function readAction(fields: StageFields, scene: Scene): Action | undefined {
  const { values, given, path } = fields;
  if (!given.has('action')) {
    scene.report.add({
      code: 'missing-key',
      path,
      message: 'It is not said what is done',
      remedy: 'Write `action: delete`, or `action: anonymise` with `set:`.',
      on: 'key',
    });
    return undefined;
  }
  if (values.action === undefined) return undefined;
  const set = readSet(values.set, given.has('set'), values.action === 'anonymise', path, scene.report);
  if (values.action === 'delete') return { kind: 'delete' };
  return set === undefined ? undefined : { kind: 'anonymise', set };
}

/** Reads a stage, or a policy that is its own only stage. */
export function readStage(
  fields: StageFields,
  bounds: readonly Rule['bound'][],
  scene: Scene,
): Stage | undefined {
  const { values, given, path } = fields;
  const rule = readRule(values, given, bounds, path, scene.report);
  const action = readAction(fields, scene);
  const dependents = readDependents(values.dependents ?? [], [...path, 'dependents'], scene);
  return rule === undefined || action === undefined || dependents === undefined
    ? undefined
    : { rule, action, dependents };
}

/** Reads `stages:`, one by one. */
export function readStages(
  raw: readonly unknown[],
  path: Path,
  scene: Scene,
): readonly (Stage | undefined)[] {
  return raw.map((one, index) => {
    return readStage(readFields(stageShape, one, [...path, index], scene.report), ['within', 'after'], scene);
  });
}
