// What takes days to come about, as the state has it: a batch that no policy of today can settle, a look that is put off.
import type { OpenBatch, PendingProof } from '../../src/state/state.ts';

/** A batch of a policy that is not there any more. Times are ISO. */
export function strayBatch(controller: string, asOf: string, opened: string): OpenBatch {
  return {
    id: 'b1',
    run: 'r',
    controller,
    policy: 'renamed',
    source: 'crm',
    stage: 0,
    asOf,
    opened,
    epoch: 'e',
    keys: [['1']],
    detail: '{}',
  };
}

/** A second look at a batch of the policy `contacts`, due at this moment, ISO. */
export function proofDue(controller: string, due: string): PendingProof {
  return {
    batch: 'b2',
    controller,
    policy: 'contacts',
    source: 'crm',
    stage: 0,
    action: 'delete',
    sense: '',
    due,
    keys: [['1']],
  };
}
