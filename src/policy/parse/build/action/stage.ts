/** What is done: actions and stages. */
import type { Action, Files, Instead, Rule, Stage } from '../../../policy.ts';
import type { Path } from '../../position.ts';
import { stageShape } from '../../schema/policy.ts';
import type { FilesText, InsteadText } from '../../schema/policy.ts';
import { readFields } from '../../shape.ts';
import type { Fields } from '../../shape.ts';
import { readCondition } from '../condition.ts';
import { readRule } from '../rule.ts';
import type { Scene } from '../start.ts';
import { readDependents, readSet } from './dependent.ts';
import { readFiles } from './files.ts';
import { readReplacements } from './replacement.ts';

type StageFields = Fields<typeof stageShape>;

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
  const set = readSet(values.set, given.has('set'), values.action === 'anonymise', path, scene.sight, scene);
  if (values.action === 'delete') return { kind: 'delete' };
  return set === undefined ? undefined : { kind: 'anonymise', set };
}

/** The record's own files; undefined where none are named, or where that is wrong and reported. */
function readOwnFiles(raw: FilesText | undefined, path: Path, { sight, report }: Scene): Files | undefined {
  return raw && readFiles(raw, [...path, 'files'], sight, report);
}

/** `anonymise instead`, which has a meaning only where the record would be deleted. */
function readInstead(
  raw: InsteadText,
  path: Path,
  action: Action | undefined,
  scene: Scene,
): Instead | undefined {
  const { report, sight } = scene;
  if (action?.kind === 'anonymise') {
    report.add({
      code: 'contradiction',
      path,
      message: '`anonymise instead` stands only with `action: delete`',
      remedy: 'Remove it: the record is anonymised anyway.',
      on: 'key',
    });
  }
  const when = readCondition(raw.when, [...path, 'when'], sight, report);
  const set = readReplacements(raw.set, [...path, 'set'], sight, report);
  const dependents = readDependents(raw.dependents ?? [], [...path, 'dependents'], scene);
  const files = readOwnFiles(raw.files, path, scene);
  if (when === undefined || set === undefined || dependents === undefined) return undefined;
  return { when, set, dependents, ...(files === undefined ? {} : { files }) };
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
  const files = readOwnFiles(values.files, path, scene);
  const meanwhile = values['anonymise instead'];
  const other = meanwhile && readInstead(meanwhile, [...path, 'anonymise instead'], action, scene);
  if (rule === undefined || action === undefined || dependents === undefined) return undefined;
  return {
    rule,
    action,
    dependents,
    ...(files === undefined ? {} : { files }),
    ...(other === undefined ? {} : { instead: other }),
  };
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
