/**
 * What each part of erasing costs by itself, without a source: microseconds per record on one thread, so that it can be
 * told where the time of a run goes: `node bench/parts.ts`
 */
import { hash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Signer } from '../src/audit/checkpoint.ts';
import { createCommitter } from '../src/audit/commitment.ts';
import { putEvidence } from '../src/audit/evidence.ts';
import { createUlids } from '../src/audit/format/ulid.ts';
import { openLog } from '../src/audit/log.ts';
import { createSigningKey, loadSigner } from '../src/audit/keys.ts';
import { openFileStore } from '../src/audit/store/file.ts';
import type { Store } from '../src/audit/store/store.ts';
import type { Engine, Names } from '../src/erasure/engine.ts';
import { createLedger, type Settled } from '../src/erasure/batch/ledger.ts';
import { Spool, type Selected } from '../src/erasure/survey/spool.ts';
import { createJudge, type Judge } from '../src/policy/judge.ts';
import { parsePolicies } from '../src/policy/parse/parse.ts';
import type { Facts } from '../src/policy/policy.ts';
import { compileViews, withEncodings, type Task } from '../src/policy/view.ts';
import { initState, openState } from '../src/state/open.ts';
import { createTrail } from '../src/installation/trail.ts';

const BATCH = 5000;
const ROUNDS = 15;
const DAY_MS = 86_400_000;

const POLICIES = `
frist: 1
controller: { name: Bench, timezone: UTC }
sources:
  crm:
    kind: sql
    connection: mysql://127.0.0.1/x
    datetimes in: UTC
    records:
      contact: { table: contacts, key: id, subject: { email: email } }
policies:
  contacts:
    records: crm.contact
    start: { column: last_activity_at, null: unknown }
    after: 12 months
    action: delete
`;

function someTask(): Task {
  const { file } = parsePolicies(POLICIES, { file: 'bench.yaml', resolve: () => undefined });
  const [task] = compileViews(file);
  if (task === undefined) throw new Error('no task');
  return withEncodings(task, [{ kind: 'local', zone: 'UTC' }]);
}

function someFacts(n: number, now: number): Facts {
  const start = now - (400 + (n % 1200)) * DAY_MS - (n % 80_000) * 1000;
  const text = new Date(start).toISOString().slice(0, 19).replace('T', ' ');
  const email = `person${n}@${hash('md5', String(n)).slice(0, 8)}.example`;
  return { key: [String(n)], starts: [text], truths: [], subjects: [email], done: [false] };
}

/** Prints the medians over rounds of what `work` takes, µs per record: processor time of all threads, and by the clock. */
async function report(name: string, work: (round: number) => unknown): Promise<void> {
  const taken: { readonly cpu: number; readonly clock: number }[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const [started, before] = [performance.now(), process.cpuUsage()];
    await work(round);
    const { user, system } = process.cpuUsage(before);
    taken.push({ cpu: (user + system) / BATCH, clock: ((performance.now() - started) * 1000) / BATCH });
  }
  const median = (of: readonly number[]): string =>
    (of.toSorted((a, b) => a - b)[ROUNDS >> 1] ?? NaN).toFixed(2).padStart(8);
  const [cpu, clock] = [median(taken.map((one) => one.cpu)), median(taken.map((one) => one.clock))];
  process.stdout.write(`${name.padEnd(52)}${cpu}${clock}\n`);
}

interface Parts {
  readonly folder: string;
  readonly engine: Engine;
  readonly names: Names;
  readonly store: Store;
  readonly signer: Signer;
  readonly task: Task;
  readonly judge: Judge;
  readonly facts: readonly Facts[];
  readonly select: (facts: Facts) => Selected;
}

async function prepare(folder: string): Promise<Parts> {
  const now = (): number => Date.now();
  const state = await openSome(folder, now);
  const store = await openFileStore(join(folder, 'audit'), { create: true });
  await createSigningKey(join(folder, 'signing.pem'), randomBytes);
  const signer = await loadSigner(join(folder, 'signing.pem'), 'bench');
  const sleep = async (): Promise<void> => Promise.resolve();
  const nothing = (): void => undefined;
  const logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
  const newId = createUlids(randomBytes, now);
  const names = { ...createCommitter(randomBytes(32)), epoch: 'e1' };
  const task = someTask();
  const engine: Engine = {
    controller: task.controller,
    state,
    trail: createTrail({
      store,
      signer,
      state,
      holder: newId(),
      patience: 0,
      now,
      random: Math.random,
      sleep,
      logger,
    }),
    keys: { current: () => Promise.resolve(names), of: () => Promise.resolve(names) },
    evidence: { put: (text) => putEvidence(store, text, randomBytes) },
    logger,
    replica: 'bench',
    settings: {
      spoolFolder: folder,
      operator: 'bench',
      pace: { maxBatch: BATCH, targetMs: 1e9, rest: 0 },
      verify: { percent: 100, withinDays: 7 },
      planDays: 7,
      approveOwn: true,
    },
    connector: () => {
      throw new Error('the parts have no source');
    },
    strain: () => Promise.resolve(undefined),
    pauseFile: () => Promise.resolve(undefined),
    now,
    sleep,
    newId,
    digest: (text) => hash('sha256', text, 'hex'),
  };
  const judge = createJudge(task, { asOf: now(), holds: [] });
  const facts = Array.from({ length: BATCH }, (_, n) => someFacts(n, now()));
  const select = (one: Facts): Selected => ({
    commitment: names.record('crm', 'contact', one.key),
    stage: 0,
    key: one.key,
    starts: judge.startRaw(one),
    subjects: one.subjects,
  });
  return { folder, engine, names, store, signer, task, judge, facts, select };
}

/** Pass 1, and what names a record. */
async function deciding({ folder, names, judge, facts, select }: Parts): Promise<void> {
  await report('judge.verdict', () => facts.forEach((one) => judge.verdict(one)));
  await report('judge.promisedDayOf, startDayOf', () =>
    facts.forEach((one) => [judge.promisedDayOf(one.starts, 0), judge.startDayOf(one.starts)]),
  );
  await report('commitment: record', () => facts.forEach((one) => names.record('crm', 'contact', one.key)));
  await report('commitment: subject', () =>
    facts.forEach((one) => names.subject('email', one.subjects[0] ?? '')),
  );
  await report('commitment: incarnation', () =>
    facts.forEach((one) =>
      names.incarnation('crm', 'contact', one.key, [['email', one.subjects[0] ?? '']], one.starts),
    ),
  );
  await report('pass 1: what is spooled', () => facts.forEach(select));
  const selected = facts.map(select);
  await report('spool: add, drain, read', async (round) => {
    const spool = await Spool.create(folder, `s${round}`);
    for (const one of selected) spool.add(one);
    await spool.drain();
    for await (const _ of spool.read());
    await spool.close();
  });
}

/** What is written of a batch; answers the entries of the last one. */
async function entering({ engine, names, task, judge, facts, select }: Parts): Promise<string[]> {
  const selected = facts.map(select);
  const settled = selected.map((identity): Settled => ({ identity, outcome: 'erased' }));
  const ledger = createLedger(engine, names, task, judge);
  let entries: string[] = [];
  await report('ledger: open a batch', (round) => ledger.opened(`b${round}`, 'r', 'p', selected));
  await report('ledger: settle it', (round) => {
    entries = ledger.settled(`b${round}`, 0, settled, {}, { result: 'verified', leftovers: 0 });
  });
  return entries;
}

/** What is made durable of a batch. */
async function keeping({ engine, store, signer, facts }: Parts, entries: readonly string[]): Promise<void> {
  const { state } = engine;
  // Entries with ids of their own for each round.
  const fresh = (round: number): string[] =>
    entries.map((text) => text.replace(/"eid":"../, `"eid":"${10 + round}`));
  const acknowledge = async (): Promise<void> => {
    const rows = await state.pendingOutbox(1000);
    await state.acknowledgeOutbox(
      rows.map((row) => row.id),
      { size: 0, root: '' },
    );
  };
  const names = { controller: 'Bench', policy: 'contacts', source: 'crm', epoch: 'e1' };
  const about = { run: 'r', ...names, asOf: '', opened: '' };
  const keys = facts.map((one) => one.key);
  await report('state: open a batch', (round) => {
    const detail = JSON.stringify(facts.map((one) => [one.starts, one.subjects]));
    return state.transaction((t) => t.openBatch({ ...about, id: `b${round}`, stage: 0, keys, detail }));
  });
  await report('state: settle it', (round) => state.transaction((t) => t.settleBatch(`b${round}`)));
  await report('outbox: emit', (round) => state.transaction((t) => t.emit(fresh(round))));
  await report('outbox: read', () => state.pendingOutbox(1));
  await report('outbox: acknowledge', async () => {
    const [row] = await state.pendingOutbox(1);
    await state.acknowledgeOutbox(row === undefined ? [] : [row.id], { size: 0, root: '' });
  });
  await acknowledge();
  const log = await openLog({ store, signer });
  await report('log: append', (round) => log.append(fresh(round)));
}

async function openSome(folder: string, clock: () => number): ReturnType<typeof openState> {
  const url = `sqlite:${join(folder, 'state.db')}`;
  await initState(
    url,
    { id: 'installation-1', origin: 'bench', created: new Date(clock()).toISOString() },
    { clock },
  );
  return openState(url, { clock });
}

process.stdout.write(`${'µs per record, medians'.padEnd(52)}     CPU   clock\n`);
const folder = await mkdtemp(join(tmpdir(), 'frist-parts-'));
try {
  const parts = await prepare(folder);
  await deciding(parts);
  await keeping(parts, await entering(parts));
  await parts.engine.state.close();
} finally {
  await rm(folder, { recursive: true, force: true });
}
