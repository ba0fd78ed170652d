/** Whom and what `audit find` and `audit prove` are asked about, and how the trail may name it. */
import {
  commitmentTo,
  incarnationParts,
  recordParts,
  sourceIn,
  type Label,
  type Part,
} from '../../audit/commitment.ts';
import type { Epoch } from '../../audit/keys/ring.ts';
import type { LabelledOpening } from '../../audit/receipt.ts';
import { FristError } from '../../errors.ts';
import type { PolicyFile } from '../../policy/policy.ts';
import { normalise } from '../../policy/subject.ts';
import { identifierOf, recordsNamed, refuseUnknownKinds } from '../shared/identifiers.ts';

export interface AskedOptions {
  /** `kind=value`, each. */
  readonly subject: readonly string[];
  /** `source.record=key`, each. */
  readonly record: readonly string[];
  /** The raw values of the record's starting point; with them the record in that life is asked about as well. */
  readonly start?: readonly string[];
}

/** What a commitment may commit to. */
export interface Asked {
  readonly label: Label;
  readonly parts: readonly Part[];
}

function usage(what: string): never {
  throw new FristError('USAGE', { what });
}

/**
 * Reads --subject and --record. One identifier is as many questions as there are ways in which record types write it,
 * one record as many as there are controllers with a source of this name.
 * @throws USAGE
 */
export function askedOf(
  files: readonly PolicyFile[],
  { subject, record, start = [] }: AskedOptions,
): readonly Asked[] {
  if (subject.length + record.length === 0)
    usage('--subject kind=value or --record source.record=key is needed');
  const subjects = subject.map(identifierOf);
  refuseUnknownKinds(files, subjects);
  return [
    ...subjects.flatMap(([kind, value]) => subjectsOf(files, kind, value)),
    ...record.flatMap((text) => recordsOf(files, text)),
    ...(start.length === 0 ? [] : record.flatMap((text) => livesOf(files, text, subjects, start))),
  ];
}

function subjectsOf(files: readonly PolicyFile[], kind: string, value: string): Asked[] {
  const identifiers = files
    .flatMap((file) => file.sources.flatMap((source) => source.records))
    .flatMap((record) => record.subjects)
    .filter((identifier) => identifier.kind === kind);
  const ways = identifiers.map((identifier) => identifier.normalise);
  // As it is given too: policies may have written it so in their time.
  const values = new Set([...ways, 'exact' as const].map((how) => normalise(value, how)));
  return [...values].map((one) => ({ label: 'subject', parts: [kind, one] }));
}

function recordsOf(files: readonly PolicyFile[], text: string): Asked[] {
  return recordsNamed(files, text).map(({ controller, source, record, key }) => {
    const parts = recordParts(sourceIn(controller, source), record.name, key);
    return { label: 'record', parts };
  });
}

/** A record in the life that it had with these identifiers, all that it had, and this starting point. */
function livesOf(
  files: readonly PolicyFile[],
  text: string,
  subjects: readonly (readonly [kind: string, value: string])[],
  start: readonly string[],
): Asked[] {
  return recordsNamed(files, text).map(({ controller, source, record, key }) => {
    const own = record.subjects.flatMap((declared) =>
      subjects
        .filter(([kind]) => kind === declared.kind)
        .map(([kind, value]): [string, string] => [kind, normalise(value, declared.normalise)]),
    );
    const parts = incarnationParts(sourceIn(controller, source), record.name, key, own, start);
    return { label: 'incarnation', parts };
  });
}

/** Every commitment that may stand for what is asked about, in all epochs whose keys are there, with its opening. */
export function openingsOf(
  asked: readonly Asked[],
  epochs: readonly Epoch[],
): ReadonlyMap<string, LabelledOpening> {
  const openings = new Map<string, LabelledOpening>();
  for (const { names } of epochs) {
    if (names === undefined) continue;
    for (const { label, parts } of asked) {
      const opening = { label, ...names.open(label, parts) };
      openings.set(commitmentTo(opening), opening);
    }
  }
  return openings;
}
