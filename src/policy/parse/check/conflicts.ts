/**
 * What is wrong between policies, as far as it is certain from the text: promises that a statute makes impossible, ways
 * around a statute, rules that can never win, stages out of order.
 */
import type {
  Condition,
  ErasePolicy,
  Exemption,
  FileRows,
  KeepPolicy,
  Policy,
  RecordType,
  Rule,
  Scope,
} from '../../policy.ts';
import { fieldName } from '../../model/condition.ts';
import { mayBeOneTable } from '../../table-name.ts';
import { formatPeriodPhrase } from '../../time/period.ts';
import type { PolicyEntry } from '../build/policy.ts';
import type { SourceEntry } from '../build/source.ts';
import type { Path } from '../position.ts';
import type { Report } from '../report.ts';
import { deedsOf, stagesOf } from './deeds.ts';
import { alike, atLeastAsLong, implies, mayBeLonger } from './compare.ts';
import { mayFitOneFile } from './patterns.ts';

interface Entry<P extends Policy> extends PolicyEntry {
  readonly policy: P;
}

function isErase(entry: PolicyEntry): entry is Entry<ErasePolicy> {
  return entry.policy.kind === 'erase';
}

function isKeep(entry: PolicyEntry): entry is Entry<KeepPolicy> {
  return entry.policy.kind === 'keep';
}

function sameRecords(a: PolicyEntry, b: PolicyEntry): boolean {
  return a.source.name === b.source.name && a.record.name === b.record.name;
}

function phrase(rule: Rule): string {
  return formatPeriodPhrase(rule.period, rule.roundUpTo);
}

/** Whether every exemption of `a` is one of `b` too, so that what `b` does not spare, `a` does not spare either. */
function sparesNoMore(a: Policy, b: Policy): boolean {
  const what = (one: Exemption): unknown => ('condition' in one ? one.condition : one.elsewhere);
  return a.exemptions.every((one) => b.exemptions.some((other) => alike(what(one), what(other))));
}

/** A promise to erase, while a statute keeps the very same records longer from the very same start. */
function checkPromise(erase: Entry<ErasePolicy>, keep: Entry<KeepPolicy>, report: Report): void {
  const { policy } = erase;
  const covers = implies(policy.where, keep.policy.where) && sparesNoMore(keep.policy, policy);
  if (!sameRecords(erase, keep) || !alike(policy.start, keep.policy.start) || !covers) return;
  for (const { stage, path } of stagesOf(erase)) {
    const { rule } = stage;
    const certain = atLeastAsLong(keep.policy.rule, rule);
    const longer = mayBeLonger(keep.policy.rule, rule);
    const promised = rule.bound === 'within';
    const kept = `policy "${keep.policy.name}" keeps the same records for ${phrase(keep.policy.rule)} from the same start`;
    // "Kept for 5 years, then erased" is two rules of one length, and in order.
    const conflict = promised ? longer || certain : longer && certain;
    if (!conflict) continue;
    report.add({
      code: 'impossible-promise',
      path: [...path, rule.bound],
      message: promised
        ? `This promise ${certain ? 'cannot' : 'may not'} be kept: ${kept}`
        : `Nothing is erased after ${phrase(rule)}: ${kept}`,
      remedy: 'Limit one of the two by `where`, exempt what is kept by `unless`, or promise a longer period.',
      severity: promised && certain ? 'error' : 'warning',
    });
  }
}

/** Of two erasure rules on the same records, one that another always outruns; of equal ones the first in the file wins. */
function checkNeverWins(
  loser: Entry<ErasePolicy>,
  winner: Entry<ErasePolicy>,
  winnerFirst: boolean,
  report: Report,
): void {
  const [slow, ...moreSlow] = loser.policy.stages;
  const [fast, ...moreFast] = winner.policy.stages;
  if (slow === undefined || fast === undefined || moreSlow.length + moreFast.length > 0) return;
  const alikeOtherwise =
    sameRecords(loser, winner) &&
    loser.policy.specific === winner.policy.specific &&
    alike(loser.policy.start, winner.policy.start) &&
    alike(loser.policy.where, winner.policy.where) &&
    sparesNoMore(winner.policy, loser.policy);
  const sameBound = slow.rule.bound === fast.rule.bound && slow.rule.marginHours === fast.rule.marginHours;
  if (!alikeOtherwise || !sameBound || !atLeastAsLong(slow.rule, fast.rule)) return;
  if (!winnerFirst && atLeastAsLong(fast.rule, slow.rule)) return;
  report.add({
    code: 'never-wins',
    path: loser.path,
    message: `Policy "${loser.policy.name}" never acts: "${winner.policy.name}" always erases the same records first`,
    remedy: 'Remove it, or say by `where` which records it is about.',
    severity: 'warning',
    on: 'key',
  });
}

interface Rows {
  readonly table: string;
  readonly files?: true;
  readonly rows?: FileRows;
  readonly scope: Scope;
  readonly where?: Condition;
}

/** Whether a row that meets one condition certainly fails the other: both want another value in one column. */
function parted(a: Condition | undefined, b: Condition | undefined): boolean {
  return conjuncts(a).some((one) =>
    conjuncts(b).some(
      (other) =>
        one.kind === 'is' &&
        other.kind === 'is' &&
        fieldName(one) === fieldName(other) &&
        !one.values.some((value) => other.values.some((wanted) => String(value) === String(wanted))),
    ),
  );
}

function conjuncts(condition: Condition | undefined): readonly Condition[] {
  if (condition === undefined) return [];
  return condition.kind === 'all' ? condition.of.flatMap(conjuncts) : [condition];
}

/** Whether two tables are one and no constant column parts their rows. */
function overlap(a: Rows, b: Rows): boolean {
  if (a.files === true && b.files === true) return shareFiles(a, b);
  if (!mayBeOneTable(a.table, b.table) || parted(a.where, b.where)) return false;
  return !a.scope.some((one) =>
    b.scope.some((other) => other.column === one.column && other.value !== one.value),
  );
}

/** Whether one file may be a record of both, or hold rows of both. A column of a row and one of a file are not the same. */
function shareFiles(a: Rows, b: Rows): boolean {
  const alikeInside = (a.rows === undefined) === (b.rows === undefined);
  return mayFitOneFile(a.table, b.table) && !(alikeInside && parted(a.where, b.where));
}

/** A file that is erased, or written anew, in two names: of neither can be told what the other leaves. */
function checkShared(one: Entry<ErasePolicy>, other: Entry<ErasePolicy>, report: Report): void {
  const [a, b] = [one.record.type, other.record.type];
  if (a?.files === undefined || b?.files === undefined || a.name === b.name) return;
  if (one.source.name !== other.source.name || !shareFiles(a, b)) return;
  report.add({
    code: 'shared-files',
    path: [...other.path, 'records'],
    message: `A file can fit both ${a.table} ("${a.name}") and ${b.table} ("${b.name}")`,
    remedy: 'Make the patterns differ, part the two by `where`, or write both policies on one record type.',
  });
}

/** Rows of a kept table that would be erased in another name, where the statute is not asked. */
function checkBypass(erase: Entry<ErasePolicy>, keep: Entry<KeepPolicy>, report: Report): void {
  const [type, kept] = [erase.record.type, keep.record.type];
  if (type === undefined || kept === undefined || erase.source.name !== keep.source.name) return;
  const complain = (path: Path, remedy: string): void => {
    report.add({
      code: 'keep-bypassed',
      path,
      message: `Policy "${keep.policy.name}" keeps rows of table "${kept.table}", and this would erase them unasked`,
      remedy,
    });
  };
  if (type.name !== kept.name && [type, ...(type.parts ?? [])].some((rows) => overlap(rows, kept))) {
    complain(
      [...erase.path, 'records'],
      `Give records "${type.name}" the same \`keep\` policy, or part the two by \`scope\`.`,
    );
  }
  for (const { dependents, path } of deedsOf(erase)) {
    for (const [index, dependent] of dependents.entries()) {
      const related = type.related.find((one) => one.name === dependent.related);
      if (
        related === undefined ||
        !overlap(related, kept) ||
        parted(dependent.where, kept.where) ||
        !['delete', 'anonymise'].includes(dependent.kind)
      )
        continue;
      complain(
        [...path, 'dependents', index, dependent.kind],
        `Write \`keep: ${related.name}\` or \`detach: ${related.name}\`, and exempt the record while they exist.`,
      );
    }
  }
}

function checkStages(entry: Entry<ErasePolicy>, report: Report): void {
  const stages = stagesOf(entry);
  for (const [index, { stage, path }] of stages.entries()) {
    const before = stages[index - 1]?.stage;
    if (before === undefined) continue;
    const afterDelete = before.action.kind === 'delete';
    if (!afterDelete && !atLeastAsLong(before.rule, stage.rule)) continue;
    report.add({
      code: 'stage-order',
      path,
      message: afterDelete
        ? 'Nothing is left for a stage after `delete`'
        : 'This stage is not later than the one before it',
      remedy: 'Write the stages in the order of their periods, `delete` last.',
    });
  }
}

/** A record that is never deleted, because what it is anonymised for instead always holds. */
function checkInstead(entry: Entry<ErasePolicy>, report: Report): void {
  for (const { stage, path } of stagesOf(entry)) {
    if (stage.instead === undefined || !implies(entry.policy.where, stage.instead.when)) continue;
    report.add({
      code: 'tautology',
      path: [...path, 'anonymise instead', 'when'],
      message: 'Every record that the policy is about meets this, so that none is ever deleted',
      remedy: 'Mend the condition, or write `action: anonymise`.',
    });
  }
}

/** An exemption that spares everything the policy is about. */
function checkExemptions({ policy, path }: PolicyEntry, report: Report): void {
  for (const { name, ...exemption } of policy.exemptions) {
    if (!('condition' in exemption) || !implies(policy.where, exemption.condition)) continue;
    report.add({
      code: 'tautology',
      path: [...path, 'unless', name],
      message: `Every record that the policy is about is exempt as "${name}"`,
      remedy: 'An exemption is what differs from `where`: mend one of the two.',
      on: 'key',
    });
  }
}

function checkNormalisation(sources: Iterable<SourceEntry>, report: Report): void {
  const first = new Map<string, { readonly normalise: string; readonly type: RecordType }>();
  for (const { records } of sources) {
    for (const { type, path } of records.values()) {
      for (const { kind, normalise } of type?.subjects ?? []) {
        const known = first.get(kind);
        if (type !== undefined && known === undefined) first.set(kind, { normalise, type });
        if (known === undefined || known.normalise === normalise) continue;
        report.add({
          code: 'normalise-differs',
          path: [...path, 'subject', kind],
          message: `"${kind}" is ${normalise} here and ${known.normalise} in records "${known.type.name}"`,
          remedy: 'One person must be found by one spelling everywhere: write the same `normalise`.',
        });
      }
    }
  }
}

/** Reports what is certain to be wrong between the policies and record types of a file. */
export function checkConflicts(
  sources: ReadonlyMap<string, SourceEntry>,
  policies: readonly PolicyEntry[],
  report: Report,
): void {
  checkNormalisation(sources.values(), report);
  const erases = policies.filter(isErase);
  for (const entry of policies) checkExemptions(entry, report);
  for (const [index, erase] of erases.entries()) {
    checkStages(erase, report);
    checkInstead(erase, report);
    for (const keep of policies.filter(isKeep)) {
      checkPromise(erase, keep, report);
      checkBypass(erase, keep, report);
    }
    for (const [place, other] of erases.entries()) {
      if (index !== place) checkNeverWins(erase, other, place < index, report);
      if (index < place) checkShared(erase, other, report);
    }
  }
}
