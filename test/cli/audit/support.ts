// An installation without sources: a trail in memory that names people, a state, and the policy files of two controllers.
import { hash } from 'node:crypto';
import { createCommitter, sourceIn } from '../../../src/audit/commitment.ts';
import { formatEntry, type Entry } from '../../../src/audit/entry.ts';
import { putEvidence } from '../../../src/audit/evidence.ts';
import type { Epoch } from '../../../src/audit/keys/ring.ts';
import { catchUpIndex } from '../../../src/audit/lookup/catch-up.ts';
import { openReader } from '../../../src/audit/lookup/reader.ts';
import type { MemoryStore } from '../../../src/audit/store/memory.ts';
import type { Inquiry } from '../../../src/installation/inquiry.ts';
import { parsePolicies } from '../../../src/policy/parse/parse.ts';
import type { PolicyFile } from '../../../src/policy/policy.ts';
import { newId } from '../../audit/lookup/support.ts';
import { freshState, type TestState } from '../../state/support.ts';
import { logOf, SIGNER } from '../../support/trail.ts';

const policyFile = (controller: string, how: string): string => `
frist: 1
controller: { name: ${controller}, timezone: Europe/Copenhagen }
sources:
  crm:
    kind: sql
    connection: sqlite:nowhere.sqlite
    records:
      contact:
        table: contacts
        key: id
        subject: { email: { column: email, normalise: ${how} }, phone: { column: phone, normalise: digits } }
      member: { table: members, key: [club, number], subject: { email: { column: email, normalise: ${how} } } }
policies:
  contacts:
    promise: Contacts are erased within 2 years.
    records: crm.contact
    start: { column: last_contacted, null: not yet }
    within: 2 years
    action: delete
`;

/** Two controllers whose sources have the same name, and who write addresses in two ways. */
export const FILES: readonly PolicyFile[] = (
  [
    ['Anden ApS', 'exact'],
    ['Eksempel A/S', 'lowercase'],
  ] as const
).map(([controller, how]) => {
  const options = { file: 'policies.yaml', resolve: (): undefined => undefined, kinds: ['sql'] };
  return parsePolicies(policyFile(controller, how), options).file;
});

export const SOURCE = sourceIn('Eksempel A/S', 'crm');
const [OLD, NEW] = [3, 4].map((seed) => createCommitter(Buffer.alloc(32, seed))) as [Names, Names];
type Names = ReturnType<typeof createCommitter>;

/** Three epochs: the key of the first is destroyed. */
export const EPOCHS: readonly Epoch[] = [
  {
    epoch: 'e-1',
    from: '2025-01-01T00:00:00.000Z',
    to: '2025-02-01T00:00:00.000Z',
    destroyed: { on: '2026-03-01', trueFrom: '2026-04-01' },
  },
  {
    epoch: 'e-2',
    from: '2025-02-01T00:00:00.000Z',
    to: '2026-11-20T00:00:00.000Z',
    names: { ...OLD, epoch: 'e-2' },
  },
  { epoch: 'e-3', from: '2026-11-20T00:00:00.000Z', names: { ...NEW, epoch: 'e-3' } },
];

type Own = Partial<Record<string, unknown>>;
const base = (day: string): Own => ({ v: 1, eid: newId(), at: `${day}T03:40:00.000Z` });
const entry = (fields: Own): string => formatEntry(fields as unknown as Entry);

/** A record that was dealt with. */
export function recordOn(
  day: string,
  names: 'old' | 'new',
  { key, email, ...own }: Own & { readonly key: readonly string[]; readonly email: string },
): string {
  const by = names === 'old' ? OLD : NEW;
  const [type, source] = key.length === 1 ? ['contact', SOURCE] : ['member', sourceIn('Anden ApS', 'crm')];
  return entry({
    ...base(day),
    type: 'record',
    batch: `batch-${day}`,
    policy: 'contacts',
    source: 'crm',
    record: type,
    action: 'delete',
    outcome: 'erased',
    age: '<2y',
    promised: '2026-12-01',
    commitments: {
      incarnation: by.incarnation(source, type, key, [['email', email]], ['2025-11-20']),
      record: by.record(source, type, key),
      subject: [by.subject('email', email)],
    },
    ...own,
  });
}

const PLACED = { type: 'hold-placed', who: 'ops', why: { bytes: 40, sha256: '0'.repeat(64) } };

export interface Desk extends Inquiry {
  readonly store: MemoryStore;
}

/** The trail of the tests; number 3 is Åse's contact, 6 her hold, 7 its end, 9 her membership, 12 her contact again. */
async function texts(store: MemoryStore): Promise<string[]> {
  const policy = async (day: string, promise: string): Promise<string> => {
    const wording = JSON.stringify({ policy: { promise } });
    const text = await putEvidence(store, `${wording}\nin words\n`, (n) => Buffer.alloc(n, 9));
    return entry({ ...base(day), type: 'policy', policy: 'contacts', digest: hash('sha256', wording), text });
  };
  const digest = '0'.repeat(64);
  const batch = (day: string, run: string): string =>
    entry({
      ...base(day),
      type: 'batch-opened',
      batch: `batch-${day}`,
      run,
      policy: 'contacts',
      source: 'crm',
      count: 1,
      digest,
      epoch: 'e-2',
    });
  const settled = (day: string, verification = 'verified'): string =>
    entry({
      ...base(day),
      type: 'batch-settled',
      batch: `batch-${day}`,
      outcomes: { erased: 1 },
      dependents: {},
      verification,
    });
  const hold = { hold: 'hold-1', epoch: 'e-2', subject: [OLD.subject('email', 'åse@example.dk')] };
  return [
    entry({ ...base('2026-11-01'), type: 'installation', installation: 'i', origin: 'o', version: '1' }),
    await policy('2026-11-01', 'Contacts are erased within 2 years.'),
    batch('2026-11-02', 'run-1'),
    recordOn('2026-11-02', 'old', { key: ['42'], email: 'åse@example.dk' }),
    recordOn('2026-11-02', 'old', { key: ['43'], email: 'jens@example.dk', outcome: 'failed', code: 'FK' }),
    settled('2026-11-02'),
    entry({ ...base('2026-11-03'), ...PLACED, ...hold }),
    entry({ ...base('2026-11-05'), type: 'hold-released', hold: 'hold-1', who: 'ops', why: PLACED.why }),
    batch('2026-11-06', 'run-2'),
    recordOn('2026-11-06', 'old', { key: ['7', '12,5'], email: 'Åse@example.dk' }),
    settled('2026-11-06', 'pending'),
    batch('2026-11-21', 'run-3'),
    recordOn('2026-11-21', 'new', { key: ['42'], email: 'åse@example.dk' }),
    settled('2026-11-21'),
    await policy('2026-11-22', 'Contacts are erased within 1 year.'),
  ];
}

/** The desk at which questions are asked. */
export async function openDesk(): Promise<Desk & { readonly state: TestState }> {
  const { log, store } = await logOf([]);
  await log.append(await texts(store));
  const state = await freshState('sqlite');
  const { vkey } = SIGNER;
  const index = state.state.trailIndex;
  await catchUpIndex({ store, vkey, index });
  const reader = await openReader({ store, vkey });
  return { store, state, reader, index, vkey, epochs: EPOCHS, waiting: false, close: () => state.drop() };
}

/** Where a command writes, as text. */
export function capture(): {
  readonly io: { out: (text: string) => void; err: (text: string) => void };
  all(): string;
} {
  let text = '';
  const write = (more: string): void => void (text += more);
  return { io: { out: write, err: write }, all: () => text };
}
