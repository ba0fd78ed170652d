/** One policy of the file; `source.*` becomes a policy for each record type. */
import { ALWAYS } from '../../policy.ts';
import type { ErasePolicy, Exemption, Guards, KeepPolicy, Policy, Stage } from '../../policy.ts';
import { isMapping } from '../document.ts';
import type { Path } from '../position.ts';
import type { Report } from '../report.ts';
import { cronFault } from './cron.ts';
import { exemptionElsewhere, policyShape } from '../schema/policy.ts';
import type { ApprovalText } from '../schema/policy.ts';
import { condition as conditionShape } from '../schema/values.ts';
import { opening, readFields, readNamed, readValue } from '../shape.ts';
import type { Fields, Named } from '../shape.ts';
import { readStage, readStages } from './action/stage.ts';
import { readCondition } from './condition.ts';
import { readExemptionElsewhere } from './elsewhere.ts';
import { nowhere, readTarget, sceneOf } from './names/target.ts';
import type { Target } from './names/target.ts';
import { readRule } from './rule.ts';
import type { RecordEntry, SourceEntry } from './source.ts';
import { readStart } from './start.ts';
import type { Scene } from './start.ts';

/** A policy with where it stands and what it is about, for the checks that compare policies. */
export interface PolicyEntry {
  readonly policy: Policy;
  readonly path: Path;
  readonly record: RecordEntry;
  readonly source: SourceEntry;
}

/** What the whole file says of every erase policy. */
export interface Defaults {
  readonly guards: Guards;
  readonly first: Guards;
  readonly approval: ApprovalText;
}

type PolicyFields = Fields<typeof policyShape>;

const USUAL_GUARDS: Guards = { maxRecords: 10_000, maxPercent: 10 };
const USUAL_FIRST_GUARDS: Guards = { maxRecords: 100, maxPercent: 1 };
/** Keys that say what is done. */
const DOING = ['action', 'set', 'files', 'dependents', 'anonymise instead'] as const;
/** Keys that say what is erased, how and when: none of them has a meaning for `keep`. */
const ERASING = [
  ...DOING,
  'stages',
  'guards',
  'first run guards',
  'approval',
  'schedule',
  'acknowledge cascades',
] as const;
const OF_A_STAGE = ['within', 'after', 'keep', 'margin', 'allowance', 'short period', ...DOING] as const;

interface GuardsText {
  readonly records?: number | undefined;
  readonly percent?: number | undefined;
}

function readGuards(raw: GuardsText | undefined, usual: Guards): Guards {
  return { maxRecords: raw?.records ?? usual.maxRecords, maxPercent: raw?.percent ?? usual.maxPercent };
}

/** Reads what stands at the top of the file. */
export function readDefaults(values: {
  readonly guards?: GuardsText;
  readonly 'first run guards'?: GuardsText;
  readonly approval?: ApprovalText;
}): Defaults {
  return {
    guards: readGuards(values.guards, USUAL_GUARDS),
    first: readGuards(values['first run guards'], USUAL_FIRST_GUARDS),
    approval: values.approval ?? 'never',
  };
}

/** Above how many records a person must let a plan go; undefined: never. */
function approveAbove(approval: ApprovalText): number | undefined {
  if (approval === 'never') return undefined;
  return approval === 'always' ? 0 : approval.above;
}

function refuseKeys(
  keys: readonly string[],
  beside: string,
  fields: PolicyFields,
  remedy: string,
  report: Report,
): void {
  for (const key of keys.filter((one) => fields.given.has(one))) {
    report.add({
      code: 'contradiction',
      path: [...fields.path, key],
      message: `\`${key}\` cannot stand beside \`${beside}\``,
      remedy,
      on: 'key',
    });
  }
}

function readSchedule(text: string | undefined, path: Path, report: Report): void {
  const fault = text === undefined ? undefined : cronFault(text);
  if (fault === undefined) return;
  report.add({
    code: 'bad-cron',
    path,
    message: `This is no cron expression: ${fault}`,
    remedy: 'Write minute, hour, day of month, month and day of week, e.g. "15 3 * * *".',
  });
}

/** A condition on the record, or what another source is asked. */
function readExemption({ name, raw, path }: Named, scene: Scene): Exemption | undefined {
  const { report, sight } = scene;
  if (isMapping(raw) && 'elsewhere' in raw) {
    const asked = readValue(exemptionElsewhere, raw, path, report);
    const elsewhere = asked && readExemptionElsewhere(asked, path, scene);
    return elsewhere && { name, elsewhere };
  }
  const text = readValue(conditionShape, raw, path, report);
  const condition = text && readCondition(text, path, sight, report);
  return condition && { name, condition };
}

function readExemptions(given: unknown, path: Path, scene: Scene): readonly Exemption[] | undefined {
  if (given === undefined) return [];
  const read = readNamed(given, path, 'exemptions', scene.report).map((one) => readExemption(one, scene));
  const known = read.filter((one) => one !== undefined);
  return known.length < read.length ? undefined : known;
}

/** The rule and its stages: `keep`, one stage written in the policy itself, or `stages`. */
function readStagesOf(fields: PolicyFields, scene: Scene): readonly Stage[] | undefined {
  const { values, given, path } = fields;
  if (!given.has('stages')) {
    const stage = readStage(fields, ['within', 'after', 'keep'], scene);
    return stage === undefined ? undefined : [stage];
  }
  refuseKeys(OF_A_STAGE, 'stages', fields, 'Put it into the stage that it is about.', scene.report);
  const stages = readStages(Array.isArray(values.stages) ? values.stages : [], [...path, 'stages'], scene);
  const known = stages.filter((stage) => stage !== undefined);
  return known.length < stages.length || known.length === 0 ? undefined : known;
}

function readKeep(fields: PolicyFields, scene: Scene): Pick<KeepPolicy, 'kind' | 'rule'> | undefined {
  refuseKeys(
    ERASING,
    'keep',
    fields,
    'A `keep` policy erases nothing: write a policy of its own for what is erased.',
    scene.report,
  );
  const rule = readRule(fields.values, fields.given, ['keep'], fields.path, scene.report);
  return rule === undefined ? undefined : { kind: 'keep', rule };
}

function readErase(
  fields: PolicyFields,
  scene: Scene,
  defaults: Defaults,
): Omit<ErasePolicy, keyof Base> | undefined {
  const { values } = fields;
  const stages = readStagesOf(fields, scene);
  readSchedule(values.schedule, [...fields.path, 'schedule'], scene.report);
  if (stages === undefined) return undefined;
  const { schedule } = values;
  const above = approveAbove(values.approval ?? defaults.approval);
  return {
    kind: 'erase',
    stages,
    guards: readGuards(values.guards, defaults.guards),
    firstGuards: readGuards(values['first run guards'], defaults.first),
    ...(above === undefined ? {} : { approveAbove: above }),
    ...(schedule === undefined ? {} : { schedule }),
    acknowledgedCascades: values['acknowledge cascades'] ?? [],
  };
}

type Base = Pick<
  Policy,
  | 'name'
  | 'promise'
  | 'because'
  | 'metadata'
  | 'source'
  | 'record'
  | 'specific'
  | 'start'
  | 'where'
  | 'exemptions'
>;

function readOne(
  fields: PolicyFields,
  name: string,
  target: Target,
  record: RecordEntry,
  scene: Scene,
  defaults: Defaults,
): Policy | undefined {
  const { values, given, path } = fields;
  const start = values.start === undefined ? undefined : readStart(values.start, [...path, 'start'], scene);
  const where =
    values.where === undefined
      ? ALWAYS
      : readCondition(values.where, [...path, 'where'], scene.sight, scene.report);
  const exemptions = readExemptions(values.unless, [...path, 'unless'], scene);
  const keeps = given.has('keep') && !given.has('within') && !given.has('after') && !given.has('stages');
  const rest = keeps ? readKeep(fields, scene) : readErase(fields, scene, defaults);
  if (start === undefined || where === undefined || exemptions === undefined || rest === undefined)
    return undefined;
  const { promise, because } = values;
  return {
    name: target.specific ? name : `${name}/${record.name}`,
    ...(promise === undefined ? {} : { promise }),
    ...(because === undefined ? {} : { because }),
    metadata: values.metadata ?? {},
    source: target.source.name,
    record: record.name,
    specific: target.specific,
    start,
    where,
    exemptions,
    ...rest,
  };
}

/** Reads one entry of `policies:`; as many policies as it has record types. */
export function readPolicy(
  { name, raw, path }: Named,
  sources: ReadonlyMap<string, SourceEntry>,
  defaults: Defaults,
  report: Report,
): readonly PolicyEntry[] {
  const fields = readFields(opening(policyShape, ['stages', 'unless']), raw, path, report) as PolicyFields;
  if (!isMapping(raw)) return [];
  const text = fields.values.records;
  const target = text === undefined ? undefined : readTarget(text, [...path, 'records'], sources, report);
  if (target === undefined) {
    const record = nowhere(path);
    const source: SourceEntry = { name: '', records: new Map(), source: undefined };
    const scene = sceneOf(record, sources, report);
    readOne(fields, name, { source, records: [], specific: true }, record, scene, defaults);
    return [];
  }
  return target.records.flatMap((record) => {
    const policy = readOne(fields, name, target, record, sceneOf(record, sources, report), defaults);
    return policy === undefined ? [] : [{ policy, path, record, source: target.source }];
  });
}
