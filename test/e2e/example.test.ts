// The example policies, on every database, through the real command, against the oracle: from an empty state to the
// second run that finds nothing more to do.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadSigner } from '../../src/audit/keys.ts';
import type { Report } from '../../src/audit/report/report.ts';
import { openFileStore } from '../../src/audit/store/file.ts';
import { verifyTrail } from '../../src/audit/verify.ts';
import { DEMO_AS_OF, demoData, HELD, type DatabaseName } from '../../src/demo/data.ts';
import { engines, type TestDatabase } from '../support/servers/index.ts';
import { install, ON_THE_DAY, type Document, type Ended, type Installation } from './installation.ts';
import { Leaks } from './leaks.ts';
import { expected, POLICIES, type TextRow, type Verdict } from './oracle.ts';
import { differences, fill, readTable } from './tables.ts';
import { entriesOf, headOf, type TrailEntry } from './trail.ts';

const { databases } = demoData();
const asOf = Date.parse(DEMO_AS_OF);
const after = expected(databases, asOf, HELD.email);
/** When the hold has been released. */
const inTheEnd = expected(databases, asOf);
/** Around the last second of a promise of 3 months from 30 November, and the hour that the clock skips. */
const OTHER_MOMENTS = [
  '2026-02-26T12:59:59Z',
  '2026-02-26T13:00:00Z',
  '2026-03-29T01:00:00Z',
  '2024-02-29T22:59:59Z',
];
const leaks = new Leaks(databases);

const HOLD = [
  'hold',
  'add',
  '--subject',
  `email=${HELD.email}`,
  '--why',
  'Case 17-2026: the claim is not settled',
];
const DATABASE_OF = {
  applicants: 'ats',
  contacts: 'crm',
  unsubscribed: 'newsletter',
  chats: 'chat',
} as const;
/** What a released hold covered goes at once: the day of the demo is long before the day of the release. */
const EXAMPLE = `${readFileSync('config/policies.example.yaml', 'utf8')}\nholds: { grace: 0 }\n`;
const ROOT_OF = {
  applicants: 'applications',
  contacts: 'contacts',
  unsubscribed: 'subscribers',
  chats: 'conversations',
} as const;

type Policy = (typeof POLICIES)[number];

function keysWith(policy: Policy, verdict: Verdict, of = after): readonly string[] {
  const all = [...of.verdicts.get(policy)!.entries()];
  return all.filter(([, one]) => one === verdict).map(([key]) => key);
}

/** A failure of thousands of rows need not print them all. */
const firstFew = (lines: readonly string[]): readonly string[] => lines.slice(0, 10);

interface RecordLine {
  readonly policy: string;
  readonly key: readonly string[];
  readonly verdict: string;
  readonly why: unknown;
}

interface World {
  readonly sources: ReadonlyMap<DatabaseName, TestDatabase>;
  readonly installation: Installation;
  /** Everything that was printed, but for `plan --records`, which is asked to print keys. */
  readonly printed: Ended[];
}

async function makeWorld(engine: Parameters<typeof fill>[0]): Promise<World> {
  const sources = new Map<DatabaseName, TestDatabase>();
  const env: Record<string, string> = {};
  for (const demo of databases) {
    const db = await fill(engine, demo);
    sources.set(demo.database, db);
    env[`FRIST_${demo.database.toUpperCase()}`] = db.url;
  }
  return { sources, installation: await install(env, [EXAMPLE]), printed: [] };
}

describe.each(await engines())('the example policies on %s', (engine) => {
  let world: World;
  const documents = new Map<string, Document>();
  /** Keys that the dry run said would go. */
  const planned = new Map<string, ReadonlySet<string>>();

  const frist = async (words: readonly string[]): Promise<Ended> => {
    const ended = await world.installation.frist(words);
    world.printed.push(ended);
    return ended;
  };
  const json = async (words: readonly string[]): Promise<Document> => {
    const ended = await world.installation.json(words);
    world.printed.push(ended);
    expect({ words, exit: ended.document.exit }).toEqual({ words, exit: ended.status });
    return ended.document;
  };
  const tableNow = async (database: DatabaseName, table: string): Promise<readonly TextRow[]> =>
    readTable(
      world.sources.get(database)!,
      databases.find((one) => one.database === database)!,
      table,
    );
  const allDifferences = async (wanted: (name: string) => readonly TextRow[]): Promise<readonly string[]> => {
    const lines: string[] = [];
    for (const demo of databases)
      for (const { name } of demo.tables) {
        const found = await tableNow(demo.database, name);
        lines.push(...differences(demo, name, wanted(`${demo.database}.${name}`), found));
      }
    return lines;
  };
  const seeded = new Map<string, readonly TextRow[]>();

  beforeAll(async () => {
    world = await makeWorld(engine);
    for (const demo of databases)
      for (const { name } of demo.tables)
        seeded.set(`${demo.database}.${name}`, await tableNow(demo.database, name));
  });
  afterAll(async () => {
    await world.installation.remove();
    for (const db of world.sources.values()) await db.drop();
  });

  it('refuses to run without a state, says how to make one, and makes none', async () => {
    const refused = await frist(['run', ...ON_THE_DAY]);
    expect(refused.status).not.toBe(0);
    expect(refused.stderr).toMatch(/frist state init/);
  });

  it('makes state, trail and keys when told to, and only once', async () => {
    expect(await frist(['state', 'init'])).toMatchObject({ status: 0 });
    expect((await frist(['state', 'init'])).stderr).toMatch(/STATE_EXISTS/);
  });

  it('check finds the policies sound', async () => {
    const checked = await frist(['check']);
    expect(`${checked.stdout}${checked.stderr}`).toMatch(/0 error\(s\)/);
    expect(checked.status).toBe(0);
  });

  it('a hold says what it protects in each source', async () => {
    const placed = await frist(HOLD);
    expect(placed.status).toBe(0);
    for (const record of ['ats.application', 'crm.contact', 'newsletter.subscriber', 'chat.conversation'])
      expect(placed.stdout).toMatch(new RegExp(`${record}\\s+1\\b`));
  });

  it('plan counts what the oracle counts, and says which guard would stop it', async () => {
    const plan = await json(['plan', ...ON_THE_DAY]);
    documents.set('plan', plan);
    expect(plan.exit).toBe(0);
    expect(plan.policies!.map((one) => one.policy)).toEqual([...POLICIES]);
    for (const report of plan.policies!) {
      const counted: Record<string, number> = {};
      for (const verdict of after.verdicts.get(report.policy)!.values())
        counted[verdict] = (counted[verdict] ?? 0) + 1;
      expect({ policy: report.policy, by: report.found!.by }).toEqual({ policy: report.policy, by: counted });
      expect(report.guard?.name).toMatch(/^first-run-/);
    }
  });

  it.each([DEMO_AS_OF, ...OTHER_MOMENTS])(
    'plan --records decides each record as the oracle does, as of %s',
    async (at) => {
      const { stdout, stderr, status } = await world.installation.frist(['plan', '--records', '--as-of', at]);
      expect(status).toBe(0);
      expect(leaks.inText(stderr)).toEqual([]);
      const lines = stdout
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as RecordLine);
      const wanted = expected(databases, Date.parse(at), HELD.email).verdicts;
      for (const policy of POLICIES) {
        const decided = lines.filter((line) => line.policy === policy);
        const goes = decided.filter((line) => line.verdict === 'erase').map((line) => line.key.at(-1)!);
        if (at === DEMO_AS_OF) planned.set(policy, new Set(goes));
        expect(decided.filter((line) => String(line.why).length < 5)).toEqual([]);
        const wrong = decided.filter((line) => wanted.get(policy)!.get(line.key.at(-1)!) !== line.verdict);
        expect(wrong.slice(0, 5)).toEqual([]);
        const { size } = wanted.get(policy)!;
        expect([decided.length, new Set(decided.map((line) => line.key.at(-1))).size]).toEqual([size, size]);
      }
    },
  );

  it('neither check nor plan has touched a row', async () => {
    expect(firstFew(await allDifferences((name) => seeded.get(name)!))).toEqual([]);
  });

  it('the first run is stopped by the guards and erases nothing', async () => {
    const run = await json(['run', ...ON_THE_DAY]);
    documents.set('run', run);
    expect(run.exit).toBe(3);
    expect(run.statuses).toEqual([3, 5]);
    for (const report of run.policies!)
      expect(report).toMatchObject({
        status: 'waiting',
        guard: { name: expect.stringMatching(/^first-run-/) },
      });
    expect(firstFew(await allDifferences((name) => seeded.get(name)!))).toEqual([]);
  });

  it('has planned what the dry run planned', () => {
    const ids = (name: string): readonly unknown[] =>
      documents.get(name)!.policies!.map((one) => [one.policy, one.plan]);
    expect(ids('run')).toEqual(ids('plan'));
  });

  it('status names the plans that wait, and a plan that nobody made cannot be approved', async () => {
    const status = await frist(['status']);
    expect(status.status).toBe(3);
    for (const report of documents.get('run')!.policies!) expect(status.stdout).toContain(report.plan);
    const unknown = await frist([
      'approve',
      'plan-000000000000000000000000',
      '--why',
      'a guess',
      ...ON_THE_DAY,
    ]);
    expect([unknown.status, unknown.stderr]).toEqual([1, expect.stringContaining('PLAN_UNKNOWN')]);
  });

  it('an approved plan erases exactly what was due', async () => {
    for (const { policy, plan } of documents.get('run')!.policies!) {
      const approved = await json([
        'approve',
        plan!,
        '--why',
        'Looked at by the data-protection officer',
        ...ON_THE_DAY,
      ]);
      const erased = keysWith(policy as Policy, 'erase').length;
      expect(approved).toMatchObject({
        exit: 0,
        policies: [{ policy, status: 'done', outcomes: { erased } }],
      });
    }
    expect(firstFew(await allDifferences((name) => after.tables.get(name)!))).toEqual([]);
  });

  it('what went is what the dry run said would go', async () => {
    for (const policy of POLICIES) {
      const before = seeded.get(`${DATABASE_OF[policy]}.${ROOT_OF[policy]}`)!;
      const now = await tableNow(DATABASE_OF[policy], ROOT_OF[policy]);
      const left = new Set(now.map((row) => JSON.stringify(row)));
      const touched = before.filter((row) => !left.has(JSON.stringify(row))).map((row) => row['id']!);
      expect(touched.length).toBe(planned.get(policy)!.size);
      expect(touched.filter((key) => !planned.get(policy)!.has(key))).toEqual([]);
    }
  });

  it('an approved plan cannot be approved again', async () => {
    const { plan } = documents.get('run')!.policies![0]!;
    const again = await frist(['approve', plan!, '--why', 'twice', ...ON_THE_DAY]);
    expect([again.status, again.stderr]).toEqual([1, expect.stringContaining('PLAN_NOT_WAITING')]);
  });

  it('a second run finds nothing more to do, and changes nothing', async () => {
    const run = await json(['run', ...ON_THE_DAY]);
    expect(run.exit).toBe(0);
    for (const report of run.policies!) {
      expect(report.status).toBe('done');
      expect(report.found!.by['erase'] ?? 0).toBe(0);
    }
    expect(firstFew(await allDifferences((name) => after.tables.get(name)!))).toEqual([]);
    const status = await frist(['status']);
    expect(status.status).toBe(0);
  });

  it('when the hold is released, what it kept goes, and nothing else', async () => {
    const [hold = ''] =
      /hold-\w+/.exec((await world.installation.frist(['hold', 'list', '--json'])).stdout) ?? [];
    expect((await frist(['hold', 'release', hold, '--why', 'Case 17-2026 is closed'])).status).toBe(0);
    const run = await json(['run', ...ON_THE_DAY]);
    expect(run.exit).toBe(0);
    expect(firstFew(await allDifferences((name) => inTheEnd.tables.get(name)!))).toEqual([]);
  });

  describe('the trail', () => {
    let entries: readonly TrailEntry[];
    const of = (type: string): readonly TrailEntry[] => entries.filter((entry) => entry['type'] === type);
    beforeAll(() => {
      entries = entriesOf(join(world.installation.folder, 'data/audit'));
    });

    it('verifies', async () => {
      const { origin } = headOf(join(world.installation.folder, 'data/audit'));
      const signer = await loadSigner(join(world.installation.folder, 'data/keys/signing'), origin);
      const store = await openFileStore(join(world.installation.folder, 'data/audit'));
      const found = await verifyTrail({ store, vkey: signer.vkey });
      expect(found.firstProblem).toBeUndefined();
      expect(found.size).toBe(entries.length);
    });

    it('says what happened, record by record, and no more', () => {
      expect(entries[0]!['type']).toBe('installation');
      expect(['hold-placed', 'hold-released'].map((type) => of(type).length)).toEqual([1, 1]);
      // Systems are looked at side by side: in which order is nobody's promise.
      for (const type of ['policy', 'guard-tripped', 'plan', 'approval'])
        expect(
          of(type)
            .map((entry) => entry['policy'])
            .sort(),
        ).toEqual([...POLICIES].sort());
      for (const policy of POLICIES) {
        const mine = of('record').filter((entry) => entry['policy'] === policy);
        const wanted = keysWith(policy, 'erase', inTheEnd).length;
        expect([policy, mine.length]).toEqual([policy, wanted]);
        expect(mine.every((entry) => entry['outcome'] === 'erased')).toBe(true);
        expect(new Set(mine.map((entry) => JSON.stringify(entry['commitments']))).size).toBe(wanted);
      }
    });

    it('has each batch opened before its records, and settled after', () => {
      const opened = of('batch-opened').map((entry) => entry['batch']);
      expect(new Set(of('batch-settled').map((entry) => entry['batch']))).toEqual(new Set(opened));
      const at = new Map(
        opened.map((batch) => [batch, entries.findIndex((entry) => entry['batch'] === batch)]),
      );
      entries.forEach((entry, i) => {
        if (entry['type'] !== 'record') return;
        expect(entries[at.get(entry['batch'])!]!['type']).toBe('batch-opened');
        expect(at.get(entry['batch'])!).toBeLessThan(i);
      });
      expect(of('batch-settled').every((entry) => entry['verification'] === 'verified')).toBe(true);
    });

    it('is told by the report in the same numbers', async () => {
      const days = ['--from', '2026-01-01', '--to', '2099-12-31'];
      const page = await frist(['audit', 'report', ...days]);
      expect([page.status, page.stdout.slice(0, 15)]).toEqual([0, '<!doctype html>']);
      const { findings } = JSON.parse((await frist(['audit', 'report', ...days, '--json'])).stdout) as Report;
      for (const { policy, period, end, wordings } of findings!.policies) {
        const erased = keysWith(policy as Policy, 'erase', inTheEnd).length;
        expect([policy, period]).toEqual([
          policy,
          expect.objectContaining({ due: erased, erased, seenGone: erased }),
        ]);
        expect(end).toMatchObject({ left: 0, overdue: 0, pendingProof: 0, open: { batches: 0 } });
        expect(wordings.map((one) => typeof one.promise)).toEqual(['string']);
      }
      expect(findings!.policies.map((one) => one.policy).sort()).toEqual([...POLICIES].sort());
      expect(findings!.holds).toMatchObject({ standing: 0, placed: [{}], released: [{}] });
    });

    it('dates the promise of an applicant rejected on 30 November to the end of February', () => {
      const promised = of('record').map((entry) => entry['promised']);
      expect(promised).toContain('2026-02-28');
    });
  });

  describe('people’s data', () => {
    it('would be found, were they there', async () => {
      const [subscriber] = await tableNow('newsletter', 'subscribers');
      expect(leaks.inText(`x${subscriber!['email']!}x`)).toEqual([subscriber!['email']]);
      expect(leaks.inText(`…${subscriber!['id']!}…`)).toEqual([subscriber!['id']]);
    });

    it('are in nothing that was printed or logged', () => {
      // A command line repeats what it was given; nothing else may.
      for (const { stdout, stderr } of world.printed) expect(leaks.inText(stdout + stderr)).toEqual([]);
    });

    it('are neither in the trail nor anywhere else but the address on hold in the state', () => {
      expect(leaks.inFolder(join(world.installation.folder, 'data/audit'))).toEqual([]);
      const withHold = new Leaks(databases, [HELD.email]);
      expect(withHold.inFolder(world.installation.folder)).toEqual([]);
    });
  });
});
