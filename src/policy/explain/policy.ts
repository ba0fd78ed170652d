/** What a policy does, in sentences for people who read promises and not programs. */
import { formatPeriod, formatSpan } from '../time/period.ts';
import { ALWAYS } from '../policy.ts';
import type {
  Dependent,
  Elsewhere,
  Exemption,
  Files,
  Policy,
  Rule,
  Stage,
  Start,
  StartColumn,
} from '../policy.ts';
import type { Limit } from '../model/task.ts';
import { marginHours } from '../time/deadline.ts';
import { columnName } from '../time/start.ts';
import { explainDependent, explainFiles, explainReplacements } from './action.ts';
import { explainCondition, having } from './condition.ts';

/** "within 3 months of rejected_at", "5 years after the end of the financial year of ended_on". */
export function explainRule(rule: Rule, start: Start): string {
  const from = explainStart(start);
  const anchor = rule.roundUpTo === undefined ? from : `the end of the ${rule.roundUpTo} of ${from}`;
  return `${rule.bound === 'within' ? 'within ' : ''}${formatPeriod(rule.period)} ${rule.bound === 'within' ? 'of' : 'after'} ${anchor}`;
}

/** What a policy does, one sentence a line. */
export function explainPolicy(policy: Policy): string[] {
  const records = `${policy.source}.${policy.record}`;
  const lines = [
    ...(policy.promise === undefined ? [] : [`It keeps the promise "${withoutStop(policy.promise)}".`]),
    ...(policy.because === undefined ? [] : [`It rests on ${policy.because}.`]),
    ...(policy.kind === 'keep'
      ? [`Records of ${records} are kept until ${explainRule(policy.rule, policy.start)}.`]
      : policy.stages.flatMap((stage) => explainStage(records, stage, policy.start))),
  ];
  const where = explainCondition(policy.where);
  if (where !== '') lines.push(`It is about records where ${where}.`);
  return [
    ...lines,
    ...policy.exemptions.map(explainExemption),
    ...explainSilence(policy.start),
    ...(policy.kind === 'erase' ? explainApproval(policy.approveAbove) : []),
  ];
}

function explainApproval(above: number | undefined): string[] {
  if (above === undefined) return [];
  const records = above === 0 ? 'No record goes' : `No more than ${String(above)} records go at once`;
  return [`${records} before a person has let the plan go.`];
}

/** What another policy keeps from this one, in a sentence. */
export function explainLimit({ name, where, exemptions = [], start, rule }: Limit): string {
  const condition = explainCondition(where);
  const records = condition === '' ? 'a record' : `a record where ${condition}`;
  if (start === undefined || rule === undefined) return `Policy ${name} comes before it for ${records}.`;
  const unless = exemptions.map((one) => one.name).join(', ');
  return `Policy ${name} keeps ${records} until ${explainRule(rule, start)}${unless === '' ? '' : `, unless: ${unless}`}.`;
}

/** A quoted sentence inside another ends once. */
function withoutStop(sentence: string): string {
  return sentence.replace(/\.$/, '');
}

function explainStage(records: string, stage: Stage, start: Start): string[] {
  const { action, dependents, files, instead } = stage;
  const verb = action.kind === 'delete' ? 'deleted' : 'anonymised';
  const lines = [
    `Records of ${records} are ${verb} ${explainRule(stage.rule, start)}${explainLatitude(stage.rule)}.`,
    ...(action.kind === 'delete' ? [] : explainSet(explainReplacements(action.set))),
    ...explainCompany(dependents, files),
  ];
  if (instead === undefined) return lines;
  const when = explainCondition(instead.when);
  return [
    ...lines,
    `While ${when}, they are anonymised instead: ${explainReplacements(instead.set)}.`,
    ...explainCompany(instead.dependents, instead.files),
  ];
}

function explainSet(columns: string): string[] {
  return columns === '' ? [] : [`What they become: ${columns}.`];
}

/** What goes with the records. */
function explainCompany(dependents: readonly Dependent[], files: Files | undefined): string[] {
  const rows = dependents.map(explainDependent).join(', ');
  return [
    ...(rows === '' ? [] : [`With them go, in this order: ${rows}.`]),
    ...(files === undefined ? [] : [explainFiles(files)]),
  ];
}

function explainLatitude(rule: Rule): string {
  const hours = rule.bound === 'within' ? marginHours(rule) : rule.allowanceDays * 24;
  if (hours === 0) return '';
  return rule.bound === 'within'
    ? `, beginning ${formatSpan(hours)} before the end`
    : `, at the latest ${formatSpan(hours)} later`;
}

function explainStart(start: Start): string {
  if (start.kind === 'column') return explainLeaf(start);
  if (start.kind === 'elsewhere')
    return `${explainLeaf(start.start)} of ${recordsOf(start)} with the same ${start.by}`;
  const parts = start.of.map(explainStart);
  return `the ${start.kind === 'latest of' ? 'latest of' : 'first known of'} ${parts.join(', ')}`;
}

/** "rejected_at", "changes.changed_at where to_status is “rejected”". */
function explainLeaf(start: StartColumn): string {
  const name = columnName(start);
  const where = explainCondition((start.maxOf ?? start.minOf)?.where ?? ALWAYS);
  return `${start.minOf === undefined ? '' : 'the earliest '}${name}${where === '' ? '' : ` where ${where}`}`;
}

function recordsOf({ source, record, where }: Elsewhere): string {
  return `${source}.${record}${having(where)}`;
}

function explainExemption(exemption: Exemption): string {
  const { name } = exemption;
  if ('condition' in exemption)
    return `It does not apply where ${explainCondition(exemption.condition)}: ${name}.`;
  const { elsewhere } = exemption;
  const silent = elsewhere.whenNone === 'keep' ? ' or has no record of the person' : '';
  return `It does not apply where ${recordsOf(elsewhere)} has the same ${elsewhere.by}: ${name}. Where ${elsewhere.source} cannot be asked${silent}, the record is kept and reported.`;
}

/** What happens where a start in another source is not told. */
function explainSilence(start: Start): string[] {
  if (start.kind === 'column') return [];
  if (start.kind !== 'elsewhere') return start.of.flatMap(explainSilence);
  const cases = [
    'cannot be asked',
    ...(start.whenNone === 'keep' ? ['has no such record'] : []),
    ...(start.whenSeveral === 'keep' ? ['has several that start differently'] : []),
  ];
  return [`Where ${start.source} ${cases.join(', or ')}, the record is kept and reported.`];
}
