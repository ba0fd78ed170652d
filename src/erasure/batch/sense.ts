/**
 * What a batch meant when it was opened: which records it was about, and what was to be done to them. What became of it
 * can be told by the same words alone: a policy that names another table by now would look there, and find everything gone.
 */
import type { Raw, View } from '../../policy/policy.ts';
import type { OpenBatch, PendingProof } from '../../state/state.ts';
import type { Engine } from '../engine.ts';
import type { Identity } from '../survey/spool.ts';

/** A digest; the same as long as source, record type and the action of the stage are. A stage that is gone has one too. */
export function senseOf({ digest }: Pick<Engine, 'digest'>, view: View, stage: number): string {
  const { name, table, key, parts = [], rows } = view.record;
  const record = [name, table, key, parts.map((part) => part.table), rows?.format];
  return digest(JSON.stringify([view.source, record, view.stages[stage]?.action]));
}

/** Whether the policy still says what it said when the batch was opened, or the proof was put off. */
export function isStill(
  engine: Pick<Engine, 'digest'>,
  view: View,
  { stage, ...one }: OpenBatch | PendingProof,
): boolean {
  const sense = 'detail' in one ? read(one.detail).sense : one.sense;
  return sense === senseOf(engine, view, stage);
}

interface Detail {
  readonly sense: string;
  /** Starts and subjects of each record, in the order of the keys. */
  readonly records: readonly (readonly [starts: readonly Raw[], subjects: readonly Raw[]])[];
}

/** What is stored with an open batch besides its keys. */
export function detailOf(sense: string, identities: readonly Identity[]): string {
  const records = identities.map(({ starts, subjects }) => [starts, subjects] as const);
  const detail: Detail = { sense, records };
  return JSON.stringify(detail);
}

/** The identities that were stored with the batch. */
export function identitiesOf({ detail, keys }: Pick<OpenBatch, 'detail' | 'keys'>): Identity[] {
  const { records } = read(detail);
  return keys.map((key, i) => ({ key, starts: records[i]?.[0] ?? [], subjects: records[i]?.[1] ?? [] }));
}

function read(detail: string): Detail {
  return JSON.parse(detail) as Detail;
}
