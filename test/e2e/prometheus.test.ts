// A real Prometheus over a real daemon: it takes what the daemon says, and the rules over it.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { install, TWO_SOURCES, type Installation, type Running } from '../support/bad-days/installation.ts';
import { makePeople, personalIn, type People } from '../support/bad-days/people.ts';
import { valueOf } from '../support/metrics.ts';
import { ask } from '../support/servers/ask.ts';
import { freshDatabase, type TestDatabase } from '../support/servers/index.ts';
import { freePort } from '../support/servers/server.ts';

const RULES = join(import.meta.dirname, '../../deploy/prometheus/alerts.yaml');
const program = await ask('prometheus');

interface Answer {
  readonly data: {
    readonly activeTargets: readonly { readonly health: string; readonly lastError: string }[];
    readonly groups: readonly {
      readonly rules: readonly { readonly name: string; readonly health: string }[];
    }[];
    readonly alerts: readonly { readonly labels: Readonly<Record<string, string>>; readonly state: string }[];
  };
}

const isDown = ({ labels }: Answer['data']['alerts'][number]): boolean => labels['alertname'] === 'FristDown';

describe('Prometheus', () => {
  if (program === undefined) {
    it('is left untried: it is not installed', () => undefined);
    return;
  }

  const folder = mkdtempSync(join(tmpdir(), 'frist-prometheus-'));
  let people: People;
  let empty: TestDatabase;
  let on: Installation;
  let daemon: Running;
  let prometheus: ChildProcess;
  let [own, port] = [0, 0];

  /** What it answers, once that is so. */
  async function until(path: string, isSo: (answer: Answer['data']) => boolean): Promise<Answer['data']> {
    for (;;) {
      const answer = await fetch(`http://127.0.0.1:${String(port)}/api/v1/${path}`).catch(() => undefined);
      const data = answer?.ok === true ? ((await answer.json()) as Answer).data : undefined;
      if (data !== undefined && isSo(data)) return data;
      await delay(200);
    }
  }

  beforeAll(async () => {
    [people, empty] = [await makePeople('sqlite', 30), await freshDatabase('sqlite')];
    [own, port] = [await freePort(), await freePort()];
    on = await install({
      env: { FRIST_CRM: people.db.url, FRIST_ATS: empty.url },
      policies: TWO_SOURCES,
      settings: { http: { port: own } },
    });
    // The tables of one policy are not there.
    expect((await on.frist('run')).status).toBe(1);
    daemon = on.start('serve');
    const config = {
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      scrape_configs: [{ job_name: 'frist', static_configs: [{ targets: [`127.0.0.1:${String(own)}`] }] }],
      rule_files: [RULES],
    };
    writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config));
    prometheus = spawn(
      program ?? '',
      [
        `--config.file=${join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${String(port)}`,
      ],
      { stdio: 'ignore' },
    );
  });
  afterAll(async () => {
    daemon.child.kill('SIGTERM');
    prometheus.kill('SIGTERM');
    await daemon.ended;
    on.remove();
    for (const db of [people.db, empty]) await db.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('scrapes the daemon without a fault', async () => {
    const { activeTargets } = await until('targets', (answer) => answer.activeTargets[0]?.health === 'up');
    expect(activeTargets).toMatchObject([{ lastError: '' }]);
    const answer = await fetch(`http://127.0.0.1:${String(own)}/metrics`);
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const text = await answer.text();
    expect(valueOf(text, 'frist_up')).toBe(1);
    expect(valueOf(text, 'frist_erased_records_total', { policy: 'contacts', action: 'delete' })).toBe(
      people.due.length,
    );
    expect(personalIn(text)).toEqual([]);
  });

  it('takes every rule, and sees the policy that failed, and nothing else that is wrong', async () => {
    const { groups } = await until(
      'rules',
      ({ groups: [group] }) => group?.rules.every(({ health }) => health === 'ok') === true,
    );
    expect(groups[0]?.rules.length).toBeGreaterThan(15);
    // Before the first answer of the daemon there was none.
    const { alerts } = await until(
      'alerts',
      (answer) => answer.alerts.length > 0 && !answer.alerts.some(isDown),
    );
    expect(alerts).toMatchObject([
      { labels: { alertname: 'FristRunFailed', policy: 'applicants' }, state: 'pending' },
    ]);
  });

  it('sees the daemon go', async () => {
    daemon.child.kill('SIGTERM');
    expect((await daemon.ended).status).toBe(0);
    const { activeTargets } = await until('targets', (answer) => answer.activeTargets[0]?.health === 'down');
    expect(activeTargets).toHaveLength(1);
    const { alerts } = await until('alerts', (answer) => answer.alerts.some(isDown));
    expect(alerts).toMatchObject([
      { labels: { alertname: 'FristDown', severity: 'critical' }, state: 'pending' },
    ]);
  });
});
