/** A trail that nobody wrote, with every kind of entry and what is awkward about them. */
import { canonical } from '../../../src/audit/entry.ts';
import { putEvidence } from '../../../src/audit/evidence.ts';
import type { Store } from '../../../src/audit/store/store.ts';
import { digestOf, gone, Writer } from './entries.ts';

/** Free text that must never come into a report. */
export const REASON = 'Jens Hansen ringede';
/** A name that is markup, and turns what follows it. */
export const HOSTILE = `<script>alert("x")</script>&'\u202e`;

const ZONE = 'Europe/Copenhagen';
const APPLICANTS = { policy: 'applicants', source: 'ats', record: 'application' };
const CHATS = { policy: HOSTILE, source: 'chat', record: 'conversation' };
const TEXT = [
  JSON.stringify({
    policy: { promise: 'Ansøgninger slettes inden for 3 måneder.', because: 'GDPR Art. 5(1)(e)' },
  }),
  'Records of ats.application are deleted within 3 months of rejected_at.',
].join('\n');

/** Its entries; the evidence that they point to is put into the store. */
export async function madeUpTrail(store: Store): Promise<string[]> {
  const random = (n: number): Buffer => Buffer.alloc(n, 5);
  const text = await putEvidence(store, TEXT, random);
  const why = await putEvidence(store, REASON, random);
  const trail = new Writer();
  before(trail, text);
  inTheYear(trail, why);
  twoControllers(trail);
  trail.texts.push(
    canonical({
      at: '2026-06-20T00:00:00.000Z',
      eid: '01KFC0V6G000000000000000ZZ',
      invented: true,
      type: 'of-a-later-day',
      v: 1,
    }),
  );
  after(trail);
  return trail.texts;
}

/** What came before the period, and stands on in it. */
function before(trail: Writer, text: Parameters<typeof policy>[1]): void {
  trail
    .at('2026-05-30T08:00')
    .add('installation', { installation: 'i-1', origin: 'example.com/trail', version: '0.1.0' })
    .add('key-created', { epoch: 'e-1', from: '2026-05-30' });
  policy(trail, gone('an earlier wording'), 'earlier');
  trail.at('2026-05-31T03:00');
  policy(trail, text, 'now');
  trail
    .add('hold-placed', { hold: 'h-1', subject: [digestOf('a')], epoch: 'e-1', who: 'dpo.1', why: gone('x') })
    .add('run-started', {
      run: 'r-0',
      policy: 'applicants',
      trigger: 'schedule',
      asOf: '2026-05-31',
      controller: 'A/S',
    })
    .add('batch-opened', {
      batch: 'b-0',
      run: 'r-0',
      policy: 'applicants',
      source: 'ats',
      count: 2,
      digest: digestOf('b-0'),
      epoch: 'e-1',
    });
  // The process died here, with a batch open.
}

function policy(trail: Writer, text: { readonly bytes: number; readonly sha256: string }, of: string): void {
  trail.add('policy', {
    ...APPLICANTS,
    digest: digestOf(of),
    text,
    controller: 'A/S',
    zone: ZONE,
  });
}

function inTheYear(trail: Writer, why: { readonly bytes: number; readonly sha256: string }): void {
  const run = { policy: 'applicants', controller: 'A/S' };
  trail
    .at('2026-06-01T03:00')
    .add('daemon', { version: '0.2.0' })
    .add('run-finished', {
      run: 'r-0',
      policy: 'applicants',
      result: 'interrupted',
      dispositions: {},
      outcomes: {},
    })
    .add('run-started', { ...run, run: 'r-1', trigger: 'schedule', asOf: '2026-06-01' })
    .record('b-0', APPLICANTS, { outcome: 'absent-after-crash', promised: '2026-06-01' })
    .add('batch-settled', {
      batch: 'b-0',
      policy: 'applicants',
      outcomes: { 'absent-after-crash': 1, 'not-erased': 1 },
      dependents: {},
      verification: 'verified',
    })
    .add('batch-opened', {
      batch: 'b-1',
      run: 'r-1',
      policy: 'applicants',
      source: 'ats',
      count: 6,
      digest: digestOf('b-1'),
      epoch: 'e-1',
    })
    .record('b-1', APPLICANTS, { outcome: 'erased', promised: '2026-06-01' })
    .record('b-1', APPLICANTS, { outcome: 'erased', promised: '2026-05-31' })
    .record('b-1', APPLICANTS, { outcome: 'failed', promised: '2026-05-31', code: 'ER_ROW_IS_REFERENCED_2' })
    .add('batch-settled', {
      batch: 'b-1',
      policy: 'applicants',
      outcomes: { erased: 2, failed: 1, changed: 1, 'already-absent': 2 },
      dependents: { 'notes: deleted': 5 },
      verification: 'leftovers',
      leftovers: 1,
    })
    .add('policy-failed', { run: 'r-1', policy: 'applicants', code: 'RECORD_FAILED' })
    .add('run-finished', {
      run: 'r-1',
      policy: 'applicants',
      result: 'failed',
      dispositions: { erase: 6, held: 1, protected: 2, exempt: 3, pending: 90, overdue: 1 },
      outcomes: { erased: 2, failed: 1, changed: 1, 'already-absent': 2 },
      population: 102,
      oldestOverdue: '2026-05-31',
    })
    // The last minutes of the promised day in UTC are those of the next day in Copenhagen.
    .at('2026-06-10T22:30')
    .add('run-started', { ...run, run: 'r-5', trigger: 'schedule', asOf: '2026-06-10' })
    .add('batch-opened', {
      batch: 'b-2',
      run: 'r-5',
      policy: 'applicants',
      source: 'ats',
      count: 1,
      digest: digestOf('b-2'),
      epoch: 'e-1',
    })
    .add('proof', { run: 'r-5', batch: 'b-0', policy: 'applicants', looked: 2, leftovers: 1 })
    .record('b-2', APPLICANTS, { outcome: 'erased', promised: '2026-06-10' })
    .add('batch-settled', {
      batch: 'b-2',
      policy: 'applicants',
      outcomes: { erased: 1 },
      dependents: {},
      verification: 'pending',
    })
    .add('run-finished', {
      run: 'r-5',
      policy: 'applicants',
      result: 'stopped',
      dispositions: { erase: 4, held: 2, overdue: 2 },
      outcomes: { erased: 1 },
      population: 100,
      oldestOverdue: '2026-05-31',
    });
  guarded(trail, why);
}

/** A plan that waited, and was let go. */
function guarded(trail: Writer, why: { readonly bytes: number; readonly sha256: string }): void {
  const run = { policy: HOSTILE, controller: 'A/S' };
  trail
    .at('2026-07-01T03:00')
    .add('policy', {
      policy: HOSTILE,
      digest: digestOf('chats'),
      text: gone('chats'),
      controller: 'A/S',
      source: 'chat',
      record: 'conversation',
      zone: ZONE,
    })
    .add('run-started', { ...run, run: 'r-2', trigger: 'manual', asOf: '2026-07-01', setClock: true })
    .add('plan', {
      plan: 'plan-1',
      run: 'r-2',
      policy: HOSTILE,
      digest: digestOf('chats'),
      asOf: '2026-07-01',
      population: 50,
      dispositions: { erase: 3, pending: 47 },
    })
    .add('guard-tripped', {
      plan: 'plan-1',
      run: 'r-2',
      policy: HOSTILE,
      guard: 'first-run-percent',
      limit: 1,
      observed: 6,
      population: 50,
    })
    .add('approval-required', { plan: 'plan-2', run: 'r-2', policy: HOSTILE, above: 1, records: 3 })
    .add('run-finished', {
      run: 'r-2',
      policy: HOSTILE,
      result: 'waiting',
      dispositions: { erase: 3, pending: 47, overdue: 3 },
      outcomes: {},
      population: 50,
      oldestOverdue: '2026-06-28',
    })
    .at('2026-07-02T09:15')
    .add('run-started', { ...run, run: 'r-3', trigger: 'approval', asOf: '2026-07-02' })
    .add('approval', { plan: 'plan-1', policy: HOSTILE, who: 'dpo.1', why })
    .add('paused', { who: 'operator', why })
    .add('resumed', { who: 'operator', why })
    .add('batch-opened', {
      batch: 'b-3',
      run: 'r-3',
      plan: 'plan-1',
      policy: HOSTILE,
      source: 'chat',
      count: 2,
      digest: digestOf('b-3'),
      epoch: 'e-1',
    })
    .record('b-3', CHATS, { outcome: 'erased', action: 'anonymise', promised: '2026-06-28' })
    .record('b-3', CHATS, { outcome: 'erased', action: 'anonymise' })
    .add('batch-settled', {
      batch: 'b-3',
      policy: HOSTILE,
      outcomes: { erased: 2 },
      dependents: { 'messages: deleted': 11 },
      verification: 'verified',
    })
    .add('run-finished', {
      run: 'r-3',
      policy: HOSTILE,
      result: 'done',
      dispositions: { overdue: 0 },
      outcomes: { erased: 2 },
    })
    .add('hold-placed', {
      hold: 'h-2',
      subject: [digestOf('b')],
      epoch: 'e-1',
      source: 'ats',
      who: 'dpo.2',
      why,
    })
    .add('hold-placed', {
      hold: 'h-2',
      subject: [digestOf('b')],
      epoch: 'e-1',
      source: 'chat',
      who: 'dpo.2',
      why,
    })
    .add('hold-placed', {
      hold: 'h-3',
      subject: [],
      records: [digestOf('c')],
      epoch: 'e-1',
      controller: 'Eksempel A/S',
      source: 'ats',
      kind: 'restriction',
      review: '2026-06-10',
      who: 'dpo.2',
      why,
    })
    .add('hold-placed', {
      hold: 'h-4',
      subject: [],
      policy: 'applicants',
      epoch: 'e-1',
      controller: 'Eksempel A/S',
      who: 'dpo.1',
      why,
    })
    .add('hold-released', { hold: 'h-1', until: '2026-07-07', who: 'dpo.1', why });
}

/** Another controller with a policy of the same name, left with a batch open. */
function twoControllers(trail: Writer): void {
  trail
    .at('2026-07-03T03:00')
    .add('heartbeat', {})
    .add('key-destroyed', { epoch: 'e-0', from: '2025-05-01', to: '2025-06-01', trueFrom: '2026-08-02' })
    .add('state-adopted', {
      who: 'operator',
      why: gone('x'),
      size: 40,
      from: 30,
      holds: 1,
      batches: 0,
      epochs: 1,
    })
    .add('run-started', {
      run: 'r-6',
      policy: 'applicants',
      trigger: 'replay',
      asOf: '2026-07-03',
      controller: 'A/S',
    })
    .add('replay', {
      run: 'r-6',
      policy: 'applicants',
      source: 'ats',
      back: { erase: 2, held: 1 },
      changed: 1,
      anotherLife: 1,
      since: '2026-06-01',
    })
    .add('batch-opened', {
      batch: 'b-6',
      run: 'r-6',
      policy: 'applicants',
      source: 'ats',
      count: 2,
      digest: digestOf('b-6'),
      epoch: 'e-1',
    })
    // Long after their day, and not late: they had been erased in time.
    .record('b-6', APPLICANTS, { outcome: 'erased', promised: '2026-06-02' })
    .record('b-6', APPLICANTS, { outcome: 'absent-after-crash', promised: '2026-06-02' })
    .add('batch-settled', {
      batch: 'b-6',
      policy: 'applicants',
      outcomes: { erased: 1, 'absent-after-crash': 1 },
      dependents: {},
      verification: 'verified',
    })
    .add('run-finished', {
      run: 'r-6',
      policy: 'applicants',
      result: 'done',
      dispositions: {},
      outcomes: { erased: 1, 'absent-after-crash': 1 },
    })
    .add('evidence-erased', { before: '2021-07-03', count: 4 })
    .add('verification', { result: 'verified', size: 20, root: digestOf('root'), heads: 2 })
    .add('verification', { result: 'failed', size: 20, heads: 2, code: 'AUDIT_FORK' })
    .add('policy', {
      ...APPLICANTS,
      digest: digestOf('other'),
      text: gone('other'),
      controller: 'B ApS',
      zone: 'Not/AZone',
    })
    .add('run-started', {
      run: 'r-4',
      policy: 'applicants',
      trigger: 'schedule',
      asOf: '2026-07-03',
      controller: 'B ApS',
    })
    .add('batch-opened', {
      batch: 'b-4',
      run: 'r-4',
      policy: 'applicants',
      source: 'ats',
      count: 7,
      digest: digestOf('b-4'),
      epoch: 'e-1',
    });
}

/** What was written later counts for nothing. */
function after(trail: Writer): void {
  trail
    .at('2026-08-01T00:00')
    .record('b-4', APPLICANTS, { outcome: 'erased', promised: '2026-08-01' })
    .add('batch-settled', {
      batch: 'b-4',
      policy: 'applicants',
      outcomes: { erased: 7 },
      dependents: {},
      verification: 'verified',
    });
}
