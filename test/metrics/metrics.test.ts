// The numbers of a daemon against what really is: over real sources, real runs and the state that they left.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { trailOf } from '../support/bad-days/agreement.ts';
import { openDaemon, type Daemon } from '../support/bad-days/daemon.ts';
import {
  CONTROLLER,
  install,
  POLICIES,
  TWO_SOURCES,
  type Installation,
} from '../support/bad-days/installation.ts';
import { emailOf, makePeople, personalIn, type People } from '../support/bad-days/people.ts';
import { proofDue, strayBatch } from '../support/left-open.ts';
import { samplesOf, valueOf } from '../support/metrics.ts';
import { engines, freshDatabase, type TestDatabase } from '../support/servers/index.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const OTHER = 'Æ "Other" \\ A/S';
const BOTH = `${CONTROLLER}, ${OTHER}`;

const GUARDED = POLICIES.replace(`name: ${CONTROLLER}`, `name: 'Æ "Other" \\ A/S'`)
  .replace('FRIST_CRM', 'FRIST_OTHER')
  .replace(/first run guards: .*/, 'first run guards: { records: 5, percent: 100 }');

let people: People;
let others: People;
let empty: TestDatabase;
let stateDatabase: TestDatabase;
let on: Installation;
let daemon: Daemon;
let now: number;

const CONTACTS = { controller: CONTROLLER, policy: 'contacts' };
const APPLICANTS = { controller: CONTROLLER, policy: 'applicants' };
const OTHERS = { controller: OTHER, policy: 'contacts' };

async function start(): Promise<Daemon> {
  return await openDaemon(on, () => now, ['policies.yaml', 'other.yaml']);
}

describe.each(await engines())('the metrics of a daemon whose state is on %s', (engine) => {
  /** One policy that erases, one whose tables are missing, and another controller's that a guard stops; one person is held. */
  beforeAll(async () => {
    now = Date.now();
    [people, others, empty] = [
      await makePeople('sqlite', 60),
      await makePeople('sqlite', 30),
      await freshDatabase('sqlite'),
    ];
    stateDatabase = await freshDatabase(engine);
    on = await install({
      env: { FRIST_CRM: people.db.url, FRIST_ATS: empty.url, FRIST_OTHER: others.db.url },
      policies: TWO_SOURCES,
      settings: {
        schedule: '* * * * *',
        batch: { max: 10 },
        ...(engine === 'sqlite' ? {} : { state: { url: stateDatabase.url } }),
      },
    });
    on.write('other.yaml', GUARDED);
    const held = await on.frist(
      'hold',
      'add',
      '--subject',
      `email=${emailOf(people.due[0] ?? 0)}`,
      '--why',
      'a claim',
    );
    if (held.status !== 0) throw new Error(held.stderr);
    daemon = await start();
  });

  afterAll(async () => {
    await daemon.end();
    on.remove();
    for (const db of [people.db, others.db, empty, stateDatabase]) await db.drop();
  });

  it('say of a policy that never ran only what is known', async () => {
    const text = await daemon.metrics();
    expect(valueOf(text, 'frist_up', { controller: BOTH })).toBe(1);
    expect(valueOf(text, 'frist_erased_records_total', { ...CONTACTS, action: 'delete' })).toBe(0);
    for (const name of [
      'frist_overdue_records',
      'frist_last_success_timestamp_seconds',
      'frist_trail_verified',
    ])
      expect(samplesOf(text).filter((one) => one.name === name)).toEqual([]);
  });

  it('are those of the runs, by policy', async () => {
    now += MINUTE;
    await daemon.tick();
    const text = await daemon.metrics();
    const of = (name: string, labels: Readonly<Record<string, string>>): number | undefined =>
      valueOf(text, name, labels);
    const gone = people.due.length - 1;
    expect(await people.left()).toHaveLength(people.kept.length + 1);
    expect(of('frist_erased_records_total', { ...CONTACTS, action: 'delete' })).toBe(gone);
    const told = trailOf(on).filter(({ type, outcome }) => type === 'record' && outcome === 'erased');
    expect(told).toHaveLength(gone);
    expect(of('frist_records', { ...CONTACTS, verdict: 'erase' })).toBe(gone);
    expect(of('frist_records', { ...CONTACTS, verdict: 'held' })).toBe(1);
    expect(of('frist_records', { ...CONTACTS, verdict: 'pending' })).toBe(people.kept.length);
    expect(of('frist_overdue_records', CONTACTS)).toBe(0);
    expect(of('frist_oldest_overdue_seconds', CONTACTS)).toBe(0);
    expect(of('frist_last_success_timestamp_seconds', CONTACTS)).toBeCloseTo(now / 1000, 2);
    expect(of('frist_last_slot_timestamp_seconds', CONTACTS)).toBe(Math.floor(now / MINUTE) * 60);
    expect(of('frist_success_missing_seconds', CONTACTS)).toBe(0);
    expect(of('frist_last_run_result', { ...CONTACTS, result: 'finished' })).toBe(1);
    expect(of('frist_last_run_result', { ...APPLICANTS, result: 'failed' })).toBe(1);
    expect(of('frist_last_run_result', { ...APPLICANTS, result: 'finished' })).toBe(0);
    expect(of('frist_last_success_timestamp_seconds', APPLICANTS)).toBeUndefined();
    expect(of('frist_overdue_records', APPLICANTS)).toBeUndefined();
    expect(of('frist_holds', {})).toBe(1);
    expect(of('frist_holds_past_review', {})).toBe(0);
    expect(of('frist_unpublished_entries', {})).toBe(0);
    expect(of('frist_open_batches', {})).toBe(0);
    expect(of('frist_paused', {})).toBe(0);
    expect(of('frist_last_tick_timestamp_seconds', {})).toBe(now / 1000);
  });

  it('say what waits, since when it is overdue, and until when it can be approved', async () => {
    const text = await daemon.metrics();
    const of = (name: string): number | undefined => valueOf(text, name, OTHERS);
    expect(of('frist_waiting_plans')).toBe(1);
    expect(of('frist_guard_trips_total')).toBe(1);
    expect(valueOf(text, 'frist_last_run_result', { ...OTHERS, result: 'waiting' })).toBe(1);
    expect(of('frist_overdue_records')).toBe(others.due.length - 1);
    // The last contact was on 29 February 2024; 12 months later is the promised day, and it has ended.
    expect(of('frist_oldest_overdue_seconds')).toBeCloseTo(
      (now - Date.parse('2025-03-01T00:00:00Z')) / 1000,
      2,
    );
    const expiry = of('frist_waiting_plan_expiry_timestamp_seconds') ?? 0;
    expect(expiry).toBeGreaterThan(now / 1000 + 6 * 86_400);
    const [plan] = await daemon.app.state.plans({ status: 'waiting' });
    expect(expiry).toBe(Date.parse(plan?.expires ?? '') / 1000);
  });

  it('are the same after a restart, and from another process, but for what the process tells of itself', async () => {
    const lasting = (text: string): string[] =>
      text.split('\n').filter((line) => !/^(?:# |process_|frist_last_tick)/.test(line));
    const before = lasting(await daemon.metrics());
    const second = await start();
    try {
      expect(lasting(await second.metrics())).toEqual(before);
    } finally {
      await second.end();
    }
    await daemon.end();
    daemon = await start();
    expect(lasting(await daemon.metrics())).toEqual(before);
    // A guard that stops the same plan again has not tripped again.
    now += MINUTE;
    await daemon.tick();
    expect(valueOf(await daemon.metrics(), 'frist_guard_trips_total', OTHERS)).toBe(1);
  });

  it('grow with the time that a success is missing, from the first slot that had none', async () => {
    const success = now;
    now += 5 * HOUR;
    const text = await daemon.metrics();
    const missing = (now - (Math.floor(success / MINUTE) + 1) * MINUTE) / 1000;
    expect(valueOf(text, 'frist_success_missing_seconds', CONTACTS)).toBeCloseTo(missing, 2);
    // It never succeeded: since the first run began.
    expect(valueOf(text, 'frist_success_missing_seconds', OTHERS)).toBeCloseTo(missing + 60, 2);
  });

  it('know a pause, an approval, proofs, holds to be looked at, and batches that nobody can settle', async () => {
    const iso = (ms: number): string => new Date(ms).toISOString();
    const batch = strayBatch(CONTROLLER, iso(now), iso(now - HOUR));
    const proof = proofDue(CONTROLLER, iso(now - 1));
    await daemon.app.state.transaction(async (t) => {
      await t.setPause({ since: iso(now - HOUR), by: 'dpo' });
      await t.openBatch(batch);
      await t.openBatch({ ...batch, id: 'b3', policy: 'contacts', opened: iso(now) });
      await t.addProof(proof);
      await t.addProof({ ...proof, batch: 'b4', due: iso(now + HOUR) });
      await t.addHold({
        id: 'h',
        kind: 'hold',
        subjects: [],
        placed: iso(now),
        by: 'dpo',
        review: '2026-01-01',
      });
    });
    const text = await daemon.metrics();
    const of = (name: string): number | undefined => valueOf(text, name, { controller: BOTH });
    expect(of('frist_paused')).toBe(1);
    expect(of('frist_paused_timestamp_seconds')).toBe((now - HOUR) / 1000);
    expect(of('frist_open_batches')).toBe(2);
    expect(of('frist_astray_batches')).toBe(1);
    expect(of('frist_oldest_open_batch_timestamp_seconds')).toBe((now - HOUR) / 1000);
    expect(of('frist_pending_proofs')).toBe(2);
    expect(of('frist_overdue_proofs')).toBe(1);
    expect(of('frist_holds')).toBe(2);
    expect(of('frist_holds_past_review')).toBe(1);
  });

  it('tell a pause by file from the age of the file', async () => {
    await daemon.app.state.transaction((t) => t.setPause(undefined));
    on.write('data/pause', '');
    const since = valueOf(await daemon.metrics(), 'frist_paused_timestamp_seconds') ?? 0;
    expect(Math.abs(since - Date.now() / 1000)).toBeLessThan(600);
  });

  it('hold nobody', async () => {
    const text = await daemon.metrics();
    expect(personalIn(text)).toEqual([]);
    for (const { labels } of samplesOf(text))
      expect(Object.keys(labels).filter((name) => !LABELS.includes(name))).toEqual([]);
  });

  it('are `frist_up 0` and no number of the state when the state cannot be asked', async () => {
    const second = await start();
    await second.end();
    const text = await second.metrics();
    expect(valueOf(text, 'frist_up', { controller: BOTH })).toBe(0);
    const names = new Set(samplesOf(text).map((one) => one.name));
    expect([...names].sort()).toEqual([
      'frist_build_info',
      'frist_controller_up',
      'frist_last_tick_timestamp_seconds',
      'frist_up',
      'process_resident_memory_bytes',
      'process_start_time_seconds',
    ]);
  });
});

const LABELS = [
  'controller',
  'policy',
  'action',
  'verdict',
  'result',
  'daemon_job',
  'channel',
  'version',
  'node',
];
