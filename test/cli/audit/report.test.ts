// The report is about a trail that was verified for it, or says that it does not verify.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLog } from '../../../src/audit/log.ts';
import type { Report } from '../../../src/audit/report/report.ts';
import { openFileStore } from '../../../src/audit/store/file.ts';
import { auditReport, type AuditReportOptions } from '../../../src/cli/audit/report.ts';
import { readText, writeNew } from '../../../src/cli/shared/files.ts';
import { verified } from '../../../src/cli/shared/verified.ts';
import { loadSettings } from '../../../src/config.ts';
import { createLogger } from '../../../src/logger.ts';
import type { World } from '../../../src/installation/wiring.ts';
import { madeUpTrail } from '../../audit/report/made-up.ts';
import { codeOf } from '../../state/support.ts';
import { SIGNER } from '../../support/trail.ts';
import { capture } from './support.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'frist-report-'));
});
afterAll(() => rm(folder, { recursive: true }));

const { settings } = loadSettings({ env: {}, file: undefined, readFile: () => '' });
const now = (): number => Date.parse('2026-08-05T12:00:00Z');
const world: World = {
  now,
  random: () => 0,
  randomBytes: (n) => Buffer.alloc(n, 1),
  sleep: () => Promise.resolve(),
  logger: createLogger({ level: 'error', format: 'json', stream: process.stderr, now }),
  version: '0.2.0',
};

/** A trail in a folder of its own, and how the command line names it. */
async function aTrail(name: string): Promise<AuditReportOptions> {
  const trail = join(folder, name);
  const store = await openFileStore(trail, { create: true });
  await (await openLog({ store, signer: SIGNER })).append(await madeUpTrail(store));
  return {
    trail,
    key: SIGNER.vkey,
    head: [],
    from: '2026-06-01',
    to: '2026-07-31',
    out: undefined,
    json: false,
    readFile: readText,
    writeFile: writeNew,
  };
}

async function report(
  options: AuditReportOptions,
): Promise<{ readonly exit: number; readonly text: string }> {
  const { io, all } = capture();
  return { exit: await auditReport(settings, world, options, io), text: all() };
}

describe('frist audit report', () => {
  it('prints the page', async () => {
    const { exit, text } = await report(await aTrail('page'));
    expect(exit).toBe(0);
    expect(text).toMatch(/^<!doctype html>[\s\S]*<\/html>\n$/);
  });

  it('writes the page to a file, and prints the same data as JSON', async () => {
    const out = join(folder, 'page.html');
    const { exit, text } = await report({ ...(await aTrail('both')), out, json: true });
    const document = JSON.parse(text) as Report & { readonly exit: number; readonly statuses: number[] };
    expect([exit, document.exit, document.statuses]).toEqual([0, 0, []]);
    expect(document.findings?.policies).toHaveLength(3);
    const page = await readFile(out, 'utf8');
    expect(page).toContain(`<code>${document.trail.root}</code>`);
    expect(page).not.toContain('had not ended');
  });

  it('writes the data to a file of that name', async () => {
    const out = join(folder, 'data.json');
    const options = await aTrail('data');
    const { text } = await report({ ...options, out, json: true });
    expect(await readFile(out, 'utf8')).toBe(text);
    expect((await report({ ...options, out: join(folder, 'more.json') })).text).toMatch(/^The report on /);
  });

  it('gives every reader a head to hold the trail against', async () => {
    const options = await aTrail('head');
    const { text } = await report({ ...options, json: true });
    const head = join(folder, 'head.txt');
    await writeFile(head, (JSON.parse(text) as Report).trail.checkpoint ?? '');
    const { heads, verification } = await verified(settings, world, { ...options, head: [head] });
    expect(heads).toHaveLength(1);
    expect(verification.firstProblem).toBeUndefined();
  });

  it('says that a trail does not verify, gives no numbers, and answers 4', async () => {
    const options = await aTrail('changed');
    const file = join(options.trail ?? '', 'checkpoint');
    await writeFile(file, (await readFile(file, 'utf8')).replace(/\n\d+\n/, '\n1\n'));
    const out = join(folder, 'changed.html');
    const { exit, text } = await report({ ...options, out, json: true });
    expect(exit).toBe(4);
    const document = text.slice(0, text.lastIndexOf('}') + 1);
    expect(JSON.parse(document)).toMatchObject({ exit: 4, trail: { problem: { where: 'checkpoint' } } });
    expect(document).not.toContain('findings');
    expect(await readFile(out, 'utf8')).toContain('The trail does not verify');
  });

  it('writes over nothing', async () => {
    const out = join(folder, 'mine.html');
    await writeFile(out, 'mine');
    expect(await codeOf(report({ ...(await aTrail('over')), out }))).toBe('FILE_UNWRITABLE');
    expect(await readFile(out, 'utf8')).toBe('mine');
  });

  it.each([
    ['no day', { from: '2026-02-30' }],
    ['no first day', { from: undefined }],
    ['an end before the beginning', { to: '2026-05-31' }],
  ])('refuses %s', async (_, other) => {
    const options = await aTrail(JSON.stringify(other).replace(/\W/g, ''));
    expect(await codeOf(report({ ...options, ...other }))).toBe('USAGE');
  });
});
