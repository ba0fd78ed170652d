// The state is lost, or is an old copy, and there is no newer one: `frist state adopt` goes on from the trail. Whom the
// lost holds were about nobody can tell; until a person has seen to each of them, nothing in their sources is erased.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { parseCheckpoint } from '../../../src/audit/checkpoint.ts';
import { formatEntry } from '../../../src/audit/entry.ts';
import { createUlids } from '../../../src/audit/format/ulid.ts';
import { initState, openState } from '../../../src/state/open.ts';
import { trailFaults, trailOf } from '../../support/bad-days/agreement.ts';
import { install, type Document, type Installation } from '../../support/bad-days/installation.ts';
import { headOf } from '../trail.ts';
import { emailOf, makePeople, type People } from '../../support/bad-days/people.ts';

let people: People;
let on: Installation;
let held: number;
beforeEach(async () => {
  people = await makePeople('sqlite', 30);
  on = await install({ env: { FRIST_CRM: people.db.url }, settings: { batch: { max: 10 } } });
  held = people.due[3] ?? 0;
});
afterEach(async () => {
  on.remove();
  await people.db.drop();
});

interface Adopted extends Document {
  readonly anew: boolean;
  readonly lostHolds: readonly { readonly hold: { readonly id: string }; readonly why?: string }[];
  readonly lostEpochs: number;
  readonly lostBatches: number;
}

const adopt = async (): Promise<Adopted> =>
  (await on.json('state', 'adopt', '--why', 'the disk is gone')) as Adopted;

async function hold(key: number): Promise<string> {
  const { stdout } = await on.frist(
    'hold',
    'add',
    '--subject',
    `email=${emailOf(key)}`,
    '--why',
    'case 7',
    '--json',
  );
  return (JSON.parse(stdout) as { hold: { id: string } }).hold.id;
}

const sort = (keys: readonly number[]): number[] => [...keys].sort((a, b) => a - b);

const newId = createUlids(randomBytes, Date.now);
const base = { v: 1, at: '2026-01-01T00:00:00.000Z', policy: 'contacts' } as const;
const settledPending = (batch: string): string =>
  formatEntry({
    ...base,
    eid: newId(),
    type: 'batch-settled',
    batch,
    outcomes: { erased: 1 },
    dependents: {},
    verification: 'pending',
  });
const provedLater = (batch: string): string =>
  formatEntry({ ...base, eid: newId(), type: 'proof', run: newId(), batch, looked: 1 });

function loseState(): void {
  for (const name of ['state.db', 'state.db-wal', 'state.db-shm'])
    rmSync(on.at('data', name), { force: true });
}

/** From the adoption until the hold has been placed again, and then until all is as it should be. */
async function goesOnWithoutForgetting(lost: string): Promise<void> {
  expect(await on.json('run')).toMatchObject({
    exit: 0,
    policies: [{ found: { by: { 'subject unknown': 20 } } }],
  });
  expect(await people.left()).toHaveLength(30);
  await hold(held);
  expect((await on.frist('hold', 'list')).stdout).toMatch(/everything: whom it is on was lost/);
  const released = await on.frist('hold', 'release', lost, '--why', 'placed again');
  expect([released.status, released.stderr]).toEqual([0, '']);
  expect(await on.json('run')).toMatchObject({ exit: 0, policies: [{ outcomes: { erased: 19 } }] });
  expect(await people.left()).toEqual(sort([...people.kept, held]));
  expect(await trailFaults(on)).toEqual([]);
}

describe('an old copy of the state', () => {
  it('is adopted: the hold that it does not know keeps everything until it is placed again', async () => {
    await hold(people.kept[0] ?? 0);
    cpSync(on.at('data/state.db'), on.at('old.db'));
    const lost = await hold(held);
    cpSync(on.at('old.db'), on.at('data/state.db'));
    expect(await on.json('run')).toMatchObject({ exit: 2, error: { code: 'AUDIT_STATE_OLD' } });
    const before = trailOf(on).length;
    const adopted = await adopt();
    expect(adopted).toMatchObject({
      exit: 0,
      anew: false,
      lostHolds: [{ hold: { id: lost }, why: 'case 7' }],
      lostEpochs: 0,
    });
    const added = trailOf(on).slice(before);
    expect(added.map(({ type }) => type)).toContain('key-created');
    expect(added.find(({ type }) => type === 'state-adopted')).toMatchObject({
      size: before,
      from: before - 1,
      holds: 1,
      batches: 0,
      epochs: 0,
    });
    expect(await adopt()).toMatchObject({ exit: 1, error: { code: 'STATE_CURRENT' } });
    await goesOnWithoutForgetting(lost);
  });

  it('that had a run and a batch under way does not tell their end twice', async () => {
    expect(await on.json('run')).toMatchObject({ exit: 0 });
    // As it was in the middle of that run.
    const [batch] = trailOf(on).filter((entry) => entry['type'] === 'batch-opened');
    const [started] = trailOf(on).filter((entry) => entry['type'] === 'run-started');
    const [{ epoch = '' } = {}] = await on.state('select epoch from frist_epoch_keys');
    await on.state('delete from frist_head');
    await on.state(
      `insert into frist_head (one, size, root) values (1, 1, '${Buffer.alloc(32).toString('base64')}')`,
    );
    await on.state(
      `update frist_runs set state = 'running', running = 1 where id = '${String(started?.['run'])}'`,
    );
    await on.state(
      `insert into frist_batches (id, run, controller, policy, source, stage, as_of, opened, epoch, filler, record_keys, detail)
       values ('${String(batch?.['batch'])}', 'r', 'Bad Days A/S', 'contacts', 'crm', 0, '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z', '${String(epoch)}', '', '[["1"]]', '[[[],[]]]')`,
    );
    // The head of the copy is made up here, so it is no head of this trail.
    expect(await adopt()).toMatchObject({ exit: 4, error: { code: 'AUDIT_FORK' } });
    await on.state('delete from frist_head');
    expect(await adopt()).toMatchObject({ exit: 0, anew: false });
    expect(await on.state('select count(*) as n from frist_batches')).toEqual([{ n: 0 }]);
    expect(await on.json('run')).toMatchObject({ exit: 0 });
    const ends = (type: string, key: string): unknown[] =>
      trailOf(on)
        .filter((entry) => entry['type'] === type)
        .map((entry) => entry[key]);
    expect(new Set(ends('batch-settled', 'batch')).size).toBe(ends('batch-settled', 'batch').length);
    expect(new Set(ends('run-finished', 'run')).size).toBe(ends('run-finished', 'run').length);
    expect(trailOf(on).filter(({ type }) => type === 'installation')).toHaveLength(1);
  });
});

describe('a state that is lost', () => {
  it('is made anew beside its trail, and says what it cannot tell any more', async () => {
    const lost = await hold(held);
    const state = await openState(`sqlite:${on.at('data', 'state.db')}`, { clock: Date.now });
    const batches = [newId(), newId()] as const;
    await state.transaction((t) => t.emit(batches.map(settledPending)));
    await state.transaction((t) => t.emit([provedLater(batches[1])]));
    await state.close();
    await on.frist('pause', '--why', 'something is odd');
    loseState();
    expect(await on.json('run')).toMatchObject({ exit: 2, error: { code: 'STATE_MISSING' } });
    expect(await adopt()).toMatchObject({
      exit: 0,
      anew: true,
      lostHolds: [{ hold: { id: lost } }],
      lostEpochs: 1,
      lostProofs: 1,
    });
    // The kill switch was on.
    expect(await on.json('run')).toMatchObject({ exit: 2, error: { code: 'PAUSED' } });
    await on.frist('resume', '--why', 'it was nothing');
    const found = await on.frist('audit', 'find', '--subject', `email=${emailOf(held)}`);
    expect(found.stdout).toMatch(
      /Cannot be told: what was written from .* because the key of these days is gone since/,
    );
    await goesOnWithoutForgetting(lost);
  });

  it('lets a hold stand that had been released and was in its grace, and says so', async () => {
    const lost = await hold(held);
    await on.frist('hold', 'release', lost, '--why', 'settled');
    loseState();
    const { stdout } = await on.frist('state', 'adopt', '--why', 'the disk is gone');
    expect(stdout).toMatch(
      new RegExp(
        `${lost} .*\\n +“case 7”\\n +had been released and was kept until 20\\d\\d-\\d\\d-\\d\\d: release it again\\n`,
      ),
    );
    await goesOnWithoutForgetting(lost);
  });

  it('leaves nothing to replay, and replay says so', async () => {
    await on.frist('run');
    loseState();
    await adopt();
    expect(await on.json('replay', '--source', 'crm')).toMatchObject({
      exit: 0,
      entries: 20,
      unanswerable: 20,
    });
  });

  it('is not adopted from a trail that somebody has changed, or that is not there', async () => {
    await on.frist('run');
    loseState();
    const checkpoint = on.at('data/audit/checkpoint');
    const text = readFileSync(checkpoint, 'utf8');
    const { size } = parseCheckpoint(text.slice(0, text.lastIndexOf('\n\n') + 1));
    writeFileSync(checkpoint, text.replace(`\n${size}\n`, `\n${size - 1}\n`));
    expect(await adopt()).toMatchObject({ exit: 4, error: { code: 'AUDIT_UNVERIFIED' } });
    rmSync(checkpoint);
    expect(await adopt()).toMatchObject({ exit: 2, error: { code: 'AUDIT_MISSING' } });
    expect(existsSync(on.at('data/state.db'))).toBe(false);
  });

  it('is adopted again where the first time was cut short', async () => {
    const lost = await hold(held);
    loseState();
    const [first] = trailOf(on);
    const made = {
      id: String(first?.['installation']),
      origin: String(first?.['origin']),
      created: String(first?.['at']),
    };
    await initState(`sqlite:${on.at('data/state.db')}`, made, { clock: Date.now });
    expect(await on.json('run')).toMatchObject({ exit: 2, error: { code: 'AUDIT_STATE_OLD' } });
    expect(await adopt()).toMatchObject({ exit: 0, anew: false, lostHolds: [{ hold: { id: lost } }] });
    expect(await trailFaults(on)).toEqual([]);
  });
});

describe('state and trail that were lost together', () => {
  /** As the daemon does once a day. */
  function keepHead(): void {
    const name = String(headOf(on.at('data/audit')).size).padStart(20, '0');
    mkdirSync(on.at('kept/heads'), { recursive: true });
    cpSync(on.at('data/audit/checkpoint'), on.at('kept/heads', name));
  }

  beforeEach(() => {
    on.env = { ...on.env, FRIST_AUDIT_HEADS_STORE: on.at('kept') };
  });

  it('and come from old copies that fit each other are told by a head that lies elsewhere', async () => {
    await hold(people.kept[0] ?? 0);
    cpSync(on.at('data'), on.at('old'), { recursive: true });
    // Both would have forgotten it, and nothing in them shows that.
    await hold(held);
    keepHead();
    rmSync(on.at('data'), { recursive: true });
    cpSync(on.at('old'), on.at('data'), { recursive: true });
    expect(await on.json('run')).toMatchObject({ exit: 4, error: { code: 'AUDIT_ROLLBACK' } });
    expect(await adopt()).toMatchObject({ exit: 4, error: { code: 'AUDIT_UNVERIFIED' } });
    expect(await people.left()).toHaveLength(30);
  });

  it('are not begun anew unseen', async () => {
    keepHead();
    rmSync(on.at('data/audit'), { recursive: true });
    loseState();
    expect(await on.json('state', 'adopt', '--why', 'x')).toMatchObject({ exit: 2 });
    expect(await on.json('state', 'init')).toMatchObject({ exit: 1, error: { code: 'AUDIT_LOST' } });
    expect(existsSync(on.at('data/state.db'))).toBe(false);
    on.env = { ...on.env, FRIST_AUDIT_HEADS_STORE: on.at('another') };
    expect((await on.frist('state', 'init')).status).toBe(0);
    expect(await on.json('run')).toMatchObject({ exit: 0 });
  });
});
