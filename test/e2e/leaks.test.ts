// No sink shows a value of a row, whatever fails: what verbs and the daemon print and log at level debug, the trail and its
// copies, reports, metrics, and alerts. Databases answer with errors that quote rows (test/support/marked.ts).
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openReceiver, type Receiver } from '../support/alerts/receiver.ts';
import { startFrist } from '../support/bad-days/installation.ts';
import { listen, runHere, type Ended } from '../support/here.ts';
import { makeMarked, MARK, MARKED_POLICIES } from '../support/marked.ts';
import { engines, freshDatabase, type TestDatabase } from '../support/servers/index.ts';
import { filesBelow } from './leaks.ts';

const servers = (await engines()).filter((engine) => engine !== 'sqlite');
const LONG_AGO = new Date('2020-01-01T10:00:00Z');

/** The neighbourhood of the mark, so that a failure says where it stands. */
const marksIn = (text: string): readonly string[] =>
  [...text.matchAll(new RegExp(`.{0,60}${MARK}.{0,20}`, 'gis'))].map(([found]) => found);

async function until<T>(look: () => T | undefined): Promise<T> {
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    await delay(50);
  }
}

it('is tried on the servers that there are', () => {
  expect(servers.length).toBeLessThan(3);
});

for (const engine of servers)
  describe(`on ${engine}`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'frist-leaks-'));
    const logs = listen();
    let db: TestDatabase;
    let receiver: Receiver;
    let environment: Record<string, string>;
    /** What each command printed. */
    const said: { readonly words: readonly string[]; readonly ended: Ended }[] = [];

    const files = ['--policies', join(folder, 'policies.yaml'), '--settings', join(folder, 'settings.json')];
    const frist = async (...words: readonly string[]): Promise<Ended> => {
      const ended = await runHere([...words, ...files], {
        environment,
        now: Date.now,
        logs: logs.stream,
        // The pauses between retries are shorter; leases are renewed in pauses, too.
        sleep: (milliseconds) => delay(Math.min(milliseconds, 200)),
      });
      said.push({ words, ended });
      return ended;
    };
    const ok = async (...words: readonly string[]): Promise<Ended> => {
      const ended = await frist(...words);
      expect([words, ended.status, ended.err]).toEqual([words, 0, '']);
      return ended;
    };

    beforeAll(async () => {
      db = await freshDatabase(engine);
      await makeMarked(db);
      receiver = await openReceiver();
      const exports = join(folder, 'exports');
      mkdirSync(exports);
      for (const i of [1, 2]) {
        const file = join(exports, `${MARK}.${String(i)}@example.dk.txt`);
        writeFileSync(file, `from ${MARK}`);
        utimesSync(file, LONG_AGO, LONG_AGO);
      }
      writeFileSync(join(folder, 'policies.yaml'), MARKED_POLICIES);
      const settings = {
        data: { folder: join(folder, 'data') },
        audit: { heads: { store: join(folder, 'heads') } },
        log: { level: 'debug', format: 'json' },
        http: { port: 0 },
        alerts: { webhook: { url: `${receiver.url}/hook`, secret: `a long secret of ${MARK}` } },
      };
      writeFileSync(join(folder, 'settings.json'), JSON.stringify(settings));
      environment = {
        FRIST_CRM: db.url,
        FRIST_EXPORTS: `file:${exports}`,
        FRIST_GONE: `mysql://frist:${MARK}@127.0.0.1:1/${MARK}`,
      };
    });
    afterAll(async () => {
      await receiver.close();
      await db.drop();
      rmSync(folder, { recursive: true });
    });

    it('runs where much fails', async () => {
      await ok('state', 'init');
      await frist('check');
      await frist('check', '--json');
      await frist('check', '--grants');
      await frist('plan');
      await frist('plan', '--json');
      const done = await frist('run', '--json');
      expect(done.err).toBe('');
      const run = JSON.parse(done.out) as {
        readonly policies: readonly { readonly policy: string; readonly status: string; readonly error?: { readonly code: string } }[]; // prettier-ignore
      };
      expect(run.policies.map((one) => [one.policy, one.status, one.error?.code ?? ''])).toEqual([
        ['goes', 'done', ''],
        ['raises', 'failed', 'RECORD_FAILED'],
        ['copied', 'failed', 'RECORD_FAILED'],
        ['counted', 'failed', expect.stringMatching(/RECORD_FAILED|SOURCE_REFUSED/)],
        ['referred', 'failed', 'RECORD_FAILED'],
        ['waits', 'waiting', ''],
        ['renamed', 'failed', 'RECORD_FAILED'],
        ['people', 'failed', 'SOURCE_UNREACHABLE'],
        ['transcripts', 'done', ''],
      ]);
      await frist('run');
    });

    it('has people decide', async () => {
      const status = JSON.parse((await frist('status', '--json')).out) as {
        readonly policies: readonly { readonly waiting: readonly { readonly id: string }[] }[];
      };
      await frist('status');
      const [plan] = status.policies.flatMap((one) => one.waiting);
      await ok('plan', plan!.id);
      await ok('plan', plan!.id, '--json');
      await frist(
        'hold',
        'add',
        '--subject',
        `email=${MARK}.0@example.dk`,
        '--source',
        'crm',
        '--why',
        'Case 17',
      );
      await frist('hold', 'add', '--record', `crm.waits=waits-${MARK}-1`, '--why', 'Case 18');
      const holds = JSON.parse((await ok('hold', 'list', '--json')).out) as { readonly holds: readonly { readonly id: string }[] }; // prettier-ignore
      expect(holds.holds).toHaveLength(2);
      await frist('hold', 'list');
      await frist('approve', plan!.id, '--why', 'Backlog', '--json');
      await frist('run');
      for (const { id } of holds.holds) await ok('hold', 'release', id, '--why', 'Settled');
      await ok('pause', '--why', 'Slow');
      await frist('run');
      await ok('resume', '--why', 'Fast');
    });

    it('answers about the trail, and about a backup', async () => {
      await frist('audit', 'verify');
      await ok('audit', 'list');
      await ok('audit', 'list', '--format', 'ndjson');
      await ok('audit', 'find', '--record', `crm.goes=goes-${MARK}-0`);
      const days = ['--from', '2020-01-01', '--to', '2099-12-31'];
      await ok('audit', 'report', ...days);
      await ok('audit', 'report', ...days, '--json');
      await ok(
        'audit',
        'prove',
        '--record',
        `crm.goes=goes-${MARK}-0`,
        '--out',
        join(folder, 'receipt.json'),
      );
      await frist('replay', '--source', 'crm', '--dry-run', '--json');
      await frist('replay', '--source', 'crm');
    });

    it('serves, and calls for help', async () => {
      const daemon = startFrist(['serve', ...files], environment);
      const port = await until(() => /"port":(\d+)/.exec(daemon.errors())?.[1]);
      const get = async (path: string): Promise<string> =>
        await (await fetch(`http://127.0.0.1:${port}${path}`)).text();
      await until(() => (receiver.received.length > 0 ? true : undefined));
      for (const path of ['/metrics', '/healthz', '/readyz'])
        expect([path, marksIn(await get(path))]).toEqual([path, []]);
      expect(await get('/metrics')).toContain('frist_last_run_result');
      daemon.child.kill('SIGTERM');
      const ended = await daemon.ended;
      expect([ended.status, marksIn(ended.stdout + ended.stderr)]).toEqual([0, []]);
      for (const { path, body, headers } of receiver.received)
        expect([path, marksIn(body + JSON.stringify(headers))]).toEqual([path, []]);
    });

    it('shows nobody where nobody was asked for', () => {
      for (const { words, ended } of said) {
        // To who asks for it: whom a hold is about, and which approved records stay.
        if (['hold list', 'approve'].includes(words.slice(0, words[0] === 'hold' ? 2 : 1).join(' ')))
          continue;
        // A command line may repeat what it was given; nothing else.
        const given = words.filter((word) => word.includes(MARK)).map((word) => word.replace(/^.*?=/, ''));
        const printed = given.reduce((text, one) => text.replaceAll(one, ''), ended.out + ended.err);
        expect([words, marksIn(printed)]).toEqual([words, []]);
      }
      expect(logs.text()).toContain('guard tripped');
      expect(marksIn(logs.text())).toEqual([]);
      // The state has the keys of plans and the people of holds; receipts and this test's own files are for who asked.
      const others = filesBelow(folder).filter(
        (file) => !/state\.db|policies\.yaml|settings\.json|receipt\.json/.test(file),
      );
      expect(others.length).toBeGreaterThan(10);
      for (const file of others)
        expect([file, marksIn(readFileSync(join(folder, file), 'latin1'))]).toEqual([file, []]);
    });

    it('shows them where keys are asked for, so that a leak would be seen', async () => {
      const { out, err } = await frist('plan', '--records');
      expect(marksIn(out).length).toBeGreaterThan(5);
      expect(marksIn(err)).toEqual([]);
    });
  });
