// The alert rules, by Prometheus' own tool: over the cases that are shipped with them, and over what a real daemon said
// on a good day and on a bad one.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { formatEntry } from '../../src/audit/entry.ts';
import { VERIFICATION } from '../../src/audit/watch/inspect.ts';
import { monitorAll } from '../../src/cli/shared/monitor.ts';
import { FIXED } from '../../src/metrics/metrics.ts';
import { INSTALLATION_METRICS, POLICY_METRICS } from '../../src/metrics/table.ts';
import { openDaemon, type Daemon } from '../support/bad-days/daemon.ts';
import { CONTROLLER, install, TWO_SOURCES, type Installation } from '../support/bad-days/installation.ts';
import { makePeople, type People } from '../support/bad-days/people.ts';
import { proofDue, strayBatch } from '../support/left-open.ts';
import { samplesOf, type Sample } from '../support/metrics.ts';
import { ask } from '../support/servers/ask.ts';

const FOLDER = join(import.meta.dirname, '../../deploy/prometheus');
const RULES = join(FOLDER, 'alerts.yaml');
const CASES = join(FOLDER, 'alerts.test.yaml');

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}
interface Case {
  readonly alert_rule_test: readonly {
    readonly alertname: string;
    readonly exp_alerts: readonly unknown[];
  }[];
}
const { groups } = parse(readFileSync(RULES, 'utf8')) as {
  readonly groups: readonly { readonly rules: readonly Rule[] }[];
};
const rules = groups.flatMap((group) => group.rules);
const names = rules.map((rule) => rule.alert);
const { tests: cases } = parse(readFileSync(CASES, 'utf8')) as { readonly tests: readonly Case[] };

const program = await ask('promtool');

/** Tests that need promtool. */
function withTool(name: string, tests: () => void): void {
  describe(name, () => {
    if (program === undefined) it('is left untried: promtool is not installed', () => undefined);
    else tests();
  });
}

/** Runs promtool; what it says, and whether it was content. */
async function promtool(
  words: readonly string[],
  input = '',
): Promise<{ readonly ok: boolean; readonly said: string }> {
  return await new Promise((resolve) => {
    const child = execFile(program ?? '', words, (error, stdout, stderr) => {
      resolve({ ok: error === null, said: stdout + stderr });
    });
    child.stdin?.end(input);
  });
}

describe('the alert rules', () => {
  it('have a name, a severity, words, and a heading in the runbook each', () => {
    expect(new Set(names).size).toBe(names.length);
    for (const { alert, labels, annotations } of rules) {
      expect(alert).toMatch(/^Frist[A-Z]/);
      expect(labels['severity']).toMatch(/^(?:critical|warning)$/);
      expect(annotations['summary']).toMatch(/\.$/);
      expect(annotations['runbook']).toBe(`deploy/RUNBOOK.md#${alert.toLowerCase()}`);
    }
  });

  it('are each tested with a case that fires and one that is silent', () => {
    const tests = cases.flatMap((one) => one.alert_rule_test);
    for (const fires of [true, false])
      expect([
        ...new Set(tests.filter((one) => one.exp_alerts.length > 0 === fires).map((one) => one.alertname)),
      ]).toEqual(names);
  });
});

withTool('promtool', () => {
  it('takes the rules', async () => {
    expect(await promtool(['check', 'rules', RULES])).toMatchObject({ ok: true });
  });

  it('finds that each fires when it should, and not before', async () => {
    expect(await promtool(['test', 'rules', CASES])).toMatchObject({ ok: true });
  });
});

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

withTool('what a real daemon says', () => {
  let people: People;
  let applicants: People;
  let on: Installation;
  let daemon: Daemon;
  let folder: string;
  let now = Date.now();

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'frist-prometheus-'));
    [people, applicants] = [await makePeople('sqlite', 30), await makePeople('sqlite', 30)];
    on = await install({
      env: { FRIST_CRM: people.db.url, FRIST_ATS: applicants.db.url },
      policies: TWO_SOURCES,
      settings: { schedule: '* * * * *' },
    });
    daemon = await openDaemon(on, () => now);
    now += MINUTE;
    await daemon.tick();
  });
  afterAll(async () => {
    await daemon.end().catch(() => undefined);
    on.remove();
    for (const db of [people.db, applicants.db]) await db.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** `alert` or `alert: policy` of those that fire when a daemon has said this for 70 minutes. */
  async function firing(text: string): Promise<readonly string[]> {
    const file = join(folder, 'world.yaml');
    const expr = 'count by (alertname, policy, daemon_job, channel) (ALERTS{alertstate="firing"})';
    const test = {
      interval: '1m',
      input_series: samplesOf(text).map(series),
      promql_expr_test: [{ expr, eval_time: '70m', exp_samples: [] }],
    };
    writeFileSync(file, JSON.stringify({ rule_files: [RULES], evaluation_interval: '1m', tests: [test] }));
    const { said } = await promtool(['test', 'rules', file]);
    const got = said.matchAll(/\{alertname="(\w+)"(?:, \w+="([^"]*)")?\}/g);
    return [...got].map(([, alert = '', of]) => (of === undefined ? alert : `${alert}: ${of}`)).sort();
  }

  /** The tool's clock begins at 0, so moments are told from now; a scheduler that looked in time goes on looking. */
  function series({ name, labels, value }: Sample): { readonly series: string; readonly values: string } {
    const pairs = Object.entries({ ...labels, instance: 'a:8080', job: 'frist' });
    const shifted = name.endsWith('_timestamp_seconds') ? value - now / 1000 : value;
    const grows = name === 'frist_last_tick_timestamp_seconds' && shifted > -120;
    return {
      series: `${name}{${pairs.map(([label, of]) => `${label}=${JSON.stringify(of)}`).join(', ')}}`,
      values: `${shifted.toFixed(3)}${grows ? '+60' : ''}x100`,
    };
  }

  it('is in the format that Prometheus reads, and of good names', async () => {
    expect(await promtool(['check', 'metrics'], await daemon.metrics())).toEqual({ ok: true, said: '' });
  });

  it('has every metric that the rules ask for, or could have', async () => {
    const asked = rules.flatMap(({ expr }) => expr.match(/frist_[a-z_]+/g) ?? []);
    const known = [...POLICY_METRICS, ...INSTALLATION_METRICS, ...Object.values(FIXED)].map(
      (one) => one.name,
    );
    expect(asked.filter((name) => !known.includes(name))).toEqual([]);
  });

  it('fires nothing on a good day', async () => {
    expect(await firing(await daemon.metrics())).toEqual([]);
  });

  it('fires each alert on a bad day', async () => {
    const iso = (age: number): string => new Date(now - age).toISOString();
    await grow(people, 12);
    await applicants.db.query('alter table notes rename to elsewhere');
    on.write(
      'policies.yaml',
      TWO_SOURCES.replace(/first run guards: .*/, 'first run guards: { records: 5, percent: 100 }'),
    );
    await daemon.end();
    now += MINUTE;
    daemon = await openDaemon(on, () => now);
    now += MINUTE;
    await daemon.tick();
    // What would take days.
    renameSync(on.at('data/audit'), on.at('data/away'));
    const batch = strayBatch(CONTROLLER, iso(0), iso(2 * HOUR));
    const proof = proofDue(CONTROLLER, iso(HOUR));
    await daemon.app.state.transaction(async (t) => {
      await t.openBatch(batch);
      await t.addProof(proof);
      await t.addHold({
        id: 'h',
        kind: 'hold',
        subjects: [],
        placed: iso(0),
        by: 'dpo',
        review: '2026-01-01',
      });
      await t.setPause({ since: iso(0), by: 'dpo' });
      await t.endJob('keys', iso(DAY));
      await t.endJob(VERIFICATION, iso(8 * DAY), JSON.stringify({ verified: false }));
      await t.emit([formatEntry({ v: 1, type: 'heartbeat', eid: daemon.app.newId(), at: iso(0) })]);
    });
    const alarm = { channel: 'email', alarm: 'a', occurrence: 'o', event: 'raised', told: iso(0) } as const;
    const put = [{ ...alarm, message: '{}', pending: true, attempts: 1, next: now, gone: 0 }];
    await daemon.app.state.alarms.change(() => ({ put, drop: [] }));
    now += 3 * DAY;
    // What is done daily was never done; of the others it depends on the hour and the day of today.
    for (const job of ['evidence', 'lookup'])
      await daemon.app.state.transaction((t) => t.endJob(job, iso(0)));
    expect(await firing(await daemon.metrics())).toEqual([
      'FristAlertUndelivered: email',
      'FristBatchAstray',
      'FristBatchOpen',
      'FristHoldPastReview',
      'FristJobBehind: heads',
      'FristJobBehind: keys',
      'FristNoSuccess: applicants',
      'FristNoSuccess: contacts',
      'FristOverdueRecords: contacts',
      'FristPaused',
      'FristPlanWaiting: contacts',
      'FristProofOverdue',
      'FristRunFailed: applicants',
      'FristStalled',
      'FristTrailBehind',
      'FristTrailSilent',
      'FristTrailUnverified',
      'FristVerificationMissing',
    ]);
  });

  it('fires where the state cannot be asked, where a controller cannot be opened, and where nobody answers', async () => {
    renameSync(on.at('data/away'), on.at('data/audit'));
    await daemon.end();
    expect(await firing(await daemon.metrics())).toEqual(['FristStalled', 'FristStateUnreachable']);
    const options = { version: 'test', now: () => now, monitored: () => [], down: () => ['Broken A/S'] };
    expect(await firing((await monitorAll(options)()).text)).toEqual(['FristControllerDown']);
    expect(await firing('')).toEqual(['FristDown']);
  });
});

/** Some who are kept have become due. */
async function grow({ db, kept }: People, many: number): Promise<void> {
  const keys = kept.slice(0, many).join();
  await db.query(`update contacts set last_contact = '2024-01-01 12:00:00' where id in (${keys})`);
}
