/** A plan that waits, as the operator sees it: what it says, its records, letting it go, and what that left. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HEARTBEAT } from '../../src/audit/watch/heartbeat.ts';
import { openState } from '../../src/state/open.ts';
import { listen, runHere, type Ended } from '../support/here.ts';
import { freshDatabase, type TestDatabase } from '../support/servers/index.ts';

const POLICIES = `
frist: 1
controller: { name: Test, timezone: UTC }
sources:
  crm:
    kind: sql
    connection: \${FRIST_CRM}
    datetimes in: UTC
    records:
      contact: { table: contacts, key: id, subject: { email: email } }
approval: always
policies:
  contacts:
    records: crm.contact
    start: { column: last_contact, as: date, null: unknown }
    within: 12 months
    action: delete
`;

let folder = '';
let database: TestDatabase;
let now = Date.parse('2026-06-30T03:15:00Z');
const logs = listen();

function frist(operator: string, ...words: string[]): Promise<Ended> {
  const environment = {
    FRIST_DATA_FOLDER: join(folder, 'data'),
    FRIST_CRM: database.url,
    FRIST_OPERATOR: operator,
    FRIST_APPROVAL_OWN: 'forbidden',
  };
  const file = words[0] === 'state' ? [] : ['--policies', join(folder, 'policies.yaml')];
  return runHere([...words, ...file], { environment, now: () => now, logs: logs.stream });
}

let plan = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'frist-plan-'));
  await writeFile(join(folder, 'policies.yaml'), POLICIES);
  database = await freshDatabase('sqlite');
  await database.query(
    `CREATE TABLE contacts (id INTEGER PRIMARY KEY, email TEXT, last_contact DATE);
     INSERT INTO contacts VALUES (4711, 'a@example.org', '2025-01-01'), (4712, 'b@example.org', '2025-01-01'),
       (4713, 'c@example.org', '2025-01-01'), (4714, 'd@example.org', '2026-06-01')`,
  );
  expect(await frist('daemon', 'state', 'init')).toMatchObject({ status: 0 });
  const run = await frist('daemon', 'run', '--json');
  expect(run.status).toBe(3);
  plan = (JSON.parse(run.out) as { policies: { plan: string }[] }).policies[0]?.plan ?? '';
}, 60_000);
afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true });
});

describe('a plan that waits', () => {
  it('is in the status, with what it waits for and how to go on', async () => {
    const { status, out } = await frist('dpo.1', 'status');
    expect(status).toBe(3);
    expect(out).toContain(
      'contacts waits for approval of 3 record(s) (its policy wants approval of every plan: 3 record(s))',
    );
    expect(out).toContain(`frist approve ${plan} --why`);
  });

  it('says where it comes from, what it would do, and until when', async () => {
    const { status, out } = await frist('dpo.1', 'plan', plan);
    expect(status).toBe(0);
    for (const words of [
      /waits for approval\n/,
      /why: its policy wants approval of every plan/,
      /made 2026-06-30T03:15:00\.000Z by daemon in run \w+, as of 2026-06-30/,
      /can be approved until 2026-07-07T03:15/,
      /due 3\n/,
      /not yet due 1\n/,
    ])
      expect(out).toMatch(words);
    expect(out).not.toMatch(/471\d|example\.org/);
    const { plan: document, exit } = JSON.parse((await frist('dpo.1', 'plan', plan, '--json')).out) as {
      readonly plan: unknown;
      readonly exit: number;
    };
    expect(exit).toBe(0);
    expect(document).toMatchObject({ id: plan, status: 'waiting', count: 3, requestedBy: 'daemon' });
  });

  it('shows its records as they are now', async () => {
    await database.query("UPDATE contacts SET last_contact = '2026-06-29' WHERE id = 4712");
    await database.query('DELETE FROM contacts WHERE id = 4713');
    const { status, out } = await frist('dpo.1', 'plan', plan, '--records');
    expect(status).toBe(0);
    const lines = out
      .trim()
      .split('\n')
      .map(
        (line) =>
          JSON.parse(line) as { readonly key: string[]; readonly verdict: string; readonly why: string },
      );
    expect(lines.map(({ key, verdict }) => [key[0], verdict]).sort()).toEqual([
      ['4711', 'erase'],
      ['4712', 'pending'],
      ['4713', 'absent'],
    ]);
  });

  it('goes not by the hand that made it', async () => {
    const { status, err } = await frist('daemon', 'approve', plan, '--why', 'it is mine');
    expect([status, err]).toEqual([1, expect.stringContaining('PLAN_OWN')]);
  });

  it('goes by another hand, which hears what did not go, and why', async () => {
    now += 3_600_000;
    const { status, out } = await frist('dpo.1', 'approve', plan, '--why', 'case 7');
    expect(status).toBe(0);
    expect(out).toMatch(/erased 1\n/);
    expect(out).toMatch(/not erased any more: pending 1\n/);
    expect(out).toMatch(/not erased any more: absent 1\n/);
    expect(out).toMatch(/ {4}4712 {2}kept: not due before 2027/);
    expect(out).toMatch(/ {4}4713 {2}it is not there any more/);
    expect(await database.query('SELECT id FROM contacts ORDER BY id')).toEqual([{ id: 4712 }, { id: 4714 }]);
  });

  it('is over then: its records are forgotten, what it was stays', async () => {
    expect((await frist('dpo.1', 'plan', plan)).out).toMatch(/was approved and carried out/);
    const { status, err } = await frist('dpo.1', 'plan', plan, '--records');
    expect([status, err]).toEqual([1, expect.stringContaining('PLAN_NOT_WAITING')]);
    expect(await frist('dpo.1', 'status')).toMatchObject({ status: 0 });
  });

  it('is unknown by another name', async () => {
    const { status, err } = await frist('dpo.1', 'plan', 'plan-of-nobody');
    expect([status, err]).toEqual([1, expect.stringContaining('PLAN_UNKNOWN')]);
  });

  it('no key and no address is in the log', () => {
    expect(logs.text()).toContain('plan waits for approval');
    expect(logs.text()).not.toMatch(/471\d|example\.org/);
  });
});

it('approve --records streams all that did not go', async () => {
  await database.query(
    "INSERT INTO contacts VALUES (4721, 'x@example.org', '2025-01-01'), (4722, 'y@example.org', '2025-01-01')",
  );
  now += 86_400_000;
  const run = await frist('daemon', 'run', '--json');
  const [{ plan: next }] = (JSON.parse(run.out) as { policies: [{ plan: string }] }).policies;
  await database.query('DELETE FROM contacts WHERE id = 4721');
  const { status, out, err } = await frist('dpo.1', 'approve', next, '--why', 'case 8', '--records');
  expect(status).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ key: ['4721'], verdict: 'absent' });
  expect(err).toMatch(/erased 1\n/);
});

it('status tells that the daemon has been silent for longer than a day', async () => {
  const silent = /nothing has run since 2026-07-01T04:15Z: does the daemon still live\?\n/;
  now += 40 * 3_600_000;
  // Who never had a daemon starts frist as he likes.
  expect(await frist('dpo.1', 'status')).toMatchObject({ status: 0 });
  const state = await openState(`sqlite:${join(folder, 'data', 'state.db')}`, { clock: () => now });
  await state.transaction((t) => t.endJob(HEARTBEAT, '2026-06-30T23:59:00.000Z'));
  const told = await frist('dpo.1', 'status');
  expect([told.status, told.out]).toEqual([2, expect.stringMatching(silent)]);
  await state.transaction((t) => t.endJob(HEARTBEAT, '2026-07-01T23:59:00.000Z'));
  await state.close();
  const { status, out } = await frist('dpo.1', 'status');
  expect([status, out]).toEqual([0, expect.not.stringMatching(silent)]);
});
