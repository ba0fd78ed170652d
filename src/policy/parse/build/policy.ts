/** One policy of the file; `source.*` becomes a policy for each record type. */
import { ALWAYS } from '../../policy.ts';
import type { ErasePolicy, Guards, KeepPolicy, Policy, Stage } from '../../policy.ts';
import { isMapping } from '../document.ts';
import type { Path } from '../position.ts';
import { suggestion } from '../report.ts';
import type { Report } from '../report.ts';
import { cronFault } from './cron.ts';
import { policyShape } from '../schema/policy.ts';
import { condition as conditionShape } from '../schema/values.ts';
import { opening, readFields, readNamed, readValue } from '../shape.ts';
import type { Fields, Named } from '../shape.ts';
import { readStage, readStages } from './action.ts';
import { readCondition } from './condition.ts';
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

export interface GuardDefaults {
  readonly guards: Guards;
  readonly first: Guards;
}

type PolicyFields = Fields<typeof policyShape>;

const USUAL_GUARDS: Guards = { maxRecords: 10_000, maxPercent: 10 };
const USUAL_FIRST_GUARDS: Guards = { maxRecords: 100, maxPercent: 1 };
/** Keys that say what is erased, how and when: none of them has a meaning for `keep`. */
const ERASING = [
  'action',
  'set',
  'dependents',
  'stages',
  'guards',
  'first run guards',
  'schedule',
  'acknowledge cascades',
] as const;
const OF_A_STAGE = ['within', 'after', 'keep', 'margin', 'allowance', 'action', 'set', 'dependents'] as const;

interface GuardsText {
  readonly records?: number | undefined;
  readonly percent?: number | undefined;
}

function readGuards(raw: GuardsText | undefined, usual: Guards): Guards {
  return { maxRecords: raw?.records ?? usual.maxRecords, maxPercent: raw?.percent ?? usual.maxPercent };
}

/** The guards of the whole file. */
export function readGuardDefaults(
  guards: GuardsText | undefined,
  first: GuardsText | undefined,
): GuardDefaults {
  return { guards: readGuards(guards, USUAL_GUARDS), first: readGuards(first, USUAL_FIRST_GUARDS) };
}

interface Target {
  readonly source: SourceEntry;
  readonly records: readonly RecordEntry[];
  readonly specific: boolean;
}

/** What `records: source.record` means; undefined, and reported, where there is no such thing. */
function readTarget(
  text: string,
  path: Path,
  sources: ReadonlyMap<string, SourceEntry>,
  report: Report,
): Target | undefined {
  // Where there are no sources or records at all, that is what is wrong, and it is already reported.
  if (sources.size === 0) return undefined;
  const [, sourceName, recordName] = /^([^.]+)\.(.+)$/s.exec(text) ?? [];
  if (sourceName === undefined || recordName === undefined) {
    const all = [...sources.values()].flatMap((one) =>
      [...one.records.keys()].map((name) => `${one.name}.${name}`),
    );
    report.add({
      code: 'unknown-record',
      path,
      message: `"${text}" names no records`,
      remedy: `Write source.record, or source.* for all records of a source. ${suggestion(text, all, 'records')}`,
    });
    return undefined;
  }
  const source = sources.get(sourceName);
  if (source === undefined) {
    report.add({
      code: 'unknown-source',
      path,
      message: `There is no source "${sourceName}"`,
      remedy: suggestion(sourceName, sources.keys(), 'sources'),
    });
    return undefined;
  }
  if (source.records.size === 0) return undefined;
  if (recordName === '*') return { source, records: [...source.records.values()], specific: false };
  const record = source.records.get(recordName);
  if (record !== undefined) return { source, records: [record], specific: true };
  report.add({
    code: 'unknown-record',
    path,
    message: `Source "${sourceName}" has no records called "${recordName}"`,
    remedy: suggestion(recordName, source.records.keys(), 'records'),
  });
  return undefined;
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

type Exemptions = Policy['exemptions'];

function readExemptions(given: unknown, path: Path, scene: Scene): Exemptions | undefined {
  if (given === undefined) return [];
  const read = readNamed(given, path, 'exemptions', scene.report).map((one) => {
    const raw = readValue(conditionShape, one.raw, one.path, scene.report);
    const condition = raw && readCondition(raw, one.path, scene.related, scene.report);
    return condition && { name: one.name, condition };
  });
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
  defaults: GuardDefaults,
): Omit<ErasePolicy, keyof Base> | undefined {
  const { values } = fields;
  const stages = readStagesOf(fields, scene);
  readSchedule(values.schedule, [...fields.path, 'schedule'], scene.report);
  if (stages === undefined) return undefined;
  const { schedule } = values;
  return {
    kind: 'erase',
    stages,
    guards: readGuards(values.guards, defaults.guards),
    firstGuards: readGuards(values['first run guards'], defaults.first),
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
  defaults: GuardDefaults,
  report: Report,
): Policy | undefined {
  const { values, given, path } = fields;
  const scene: Scene = { related: record.related, datetimesIn: record.datetimesIn, report };
  const start = values.start === undefined ? undefined : readStart(values.start, [...path, 'start'], scene);
  const where =
    values.where === undefined
      ? ALWAYS
      : readCondition(values.where, [...path, 'where'], record.related, report);
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

/** Without a target only what needs none can be judged: names of related rows are then taken on trust. */
const ANY_NAME: ReadonlySet<string> = Object.assign(new Set<string>(), { has: () => true });

/** Reads one entry of `policies:`; as many policies as it has record types. */
export function readPolicy(
  { name, raw, path }: Named,
  sources: ReadonlyMap<string, SourceEntry>,
  defaults: GuardDefaults,
  report: Report,
): readonly PolicyEntry[] {
  const fields = readFields(opening(policyShape, ['stages', 'unless']), raw, path, report) as PolicyFields;
  if (!isMapping(raw)) return [];
  const text = fields.values.records;
  const target = text === undefined ? undefined : readTarget(text, [...path, 'records'], sources, report);
  if (target === undefined) {
    const record: RecordEntry = { name: '', path, related: ANY_NAME, datetimesIn: 'UTC', type: undefined };
    const source: SourceEntry = { name: '', records: new Map(), source: undefined };
    readOne(fields, name, { source, records: [], specific: true }, record, defaults, report);
    return [];
  }
  return target.records.flatMap((record) => {
    const policy = readOne(fields, name, target, record, defaults, report);
    return policy === undefined ? [] : [{ policy, path, record, source: target.source }];
  });
}
