/**
 * The whole of a report against golden/: what a made-up trail says, as data and as the page. To look at what has
 * changed: SHOW_REPORT=1 writes both anew, and git shows the difference.
 */
import { describe, expect, it } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { parseEntry } from '../../../src/audit/entry.ts';
import { KINDS } from '../../../src/audit/format/kinds.ts';
import { openLog } from '../../../src/audit/log.ts';
import { renderReport } from '../../../src/audit/report/html/page.ts';
import { readFindings } from '../../../src/audit/report/read.ts';
import type { Report } from '../../../src/audit/report/report.ts';
import { createMemoryStore } from '../../../src/audit/store/memory.ts';
import { verifyTrail } from '../../../src/audit/verify.ts';
import { SIGNER } from '../../support/trail.ts';
import { HOSTILE, madeUpTrail, REASON } from './made-up.ts';

const PERIOD = { from: '2026-06-01', to: '2026-07-31' };
const MADE = '2026-07-10T12:00:00.000Z';

async function madeUp(): Promise<{ readonly report: Report; readonly texts: readonly string[] }> {
  const store = createMemoryStore();
  const texts = await madeUpTrail(store);
  await (await openLog({ store, signer: SIGNER })).append(texts);
  const { size, root, note } = await verifyTrail({ store, vkey: SIGNER.vkey });
  const trail = {
    size,
    root,
    key: SIGNER.vkey,
    heads: [{ size: 3, root: 'AAAA' }],
    held: [
      { where: 'given', heads: 1 },
      { where: 'seen by the state', heads: 1 },
    ],
    hidden: ['tile/0/000'],
    checkpoint: note!,
  };
  const findings = await readFindings(store, size, PERIOD, MADE);
  return { report: { report: 1, frist: '0.2.0', made: MADE, period: PERIOD, trail, findings }, texts };
}

const { report, texts } = await madeUp();
const page = renderReport(report);

function golden(name: string, text: string): void {
  const file = new URL(`golden/${name}`, import.meta.url);
  if (process.env['SHOW_REPORT'] !== undefined) writeFileSync(file, text);
  expect(text).toBe(readFileSync(file, 'utf8'));
}

describe('the report on a made-up trail', () => {
  it('is made from every kind of entry', () => {
    const kinds = texts.map((text) => (JSON.parse(text) as { type: string }).type);
    expect(new Set(kinds)).toEqual(new Set([...Object.keys(KINDS), 'of-a-later-day']));
    expect(() => parseEntry(texts.find((text) => text.includes('of-a-later-day')) ?? '')).toThrow();
  });

  it('has these data', () => {
    golden('report.json', `${JSON.stringify(report, undefined, 2)}\n`);
  });

  it('has this page', () => {
    golden('report.html', page);
  });

  it('is the same data after a round through JSON', () => {
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
    expect(renderReport(JSON.parse(JSON.stringify(report)) as Report)).toBe(page);
  });
});

/** Tags of the page, in order: `p`, `/p`. */
function tags(text: string): string[] {
  return [...text.matchAll(/<(\/?[a-z0-9!]+)/gi)].map(([, tag]) => (tag ?? '').toLowerCase());
}

describe('the page', () => {
  it('has nothing in it that runs or comes from elsewhere', () => {
    const known =
      'html head meta title style body header main nav section footer h1 h2 h3 p ol ul li a dl dt dd div table caption thead tbody tr th td code pre span blockquote figure figcaption svg defs pattern rect line text';
    const allowed = new Set(['!doctype', ...known.split(' ')]);
    expect(tags(page).filter((tag) => !allowed.has(tag.replace('/', '')))).toEqual([]);
    expect(page).not.toMatch(/\bon[a-z]+\s*=|\bsrc\s*=|https?:|@import|javascript:/i);
    expect([...page.matchAll(/href="([^"]*)"/g)].every(([, to]) => to?.startsWith('#') === true)).toBe(true);
    expect([...page.matchAll(/url\(([^)]*)\)/g)].map(([, to]) => to)).toEqual(
      expect.arrayContaining(['#late']),
    );
  });

  it('closes what it opens', () => {
    const open: string[] = [];
    for (const [whole, name = ''] of page.matchAll(/<(\/?[a-z0-9]+)(?:"[^"]*"|[^">])*>/g)) {
      if (whole.endsWith('/>') || name === 'meta') continue;
      if (name.startsWith('/')) expect(open.pop()).toBe(name.slice(1));
      else open.push(name);
    }
    expect(open).toEqual([]);
  });

  it('shows a hostile name as what it is', () => {
    expect(page).not.toContain(HOSTILE);
    expect(page).toContain('&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;&#39;\ufffd');
  });

  it('has headings in order, and tables that say what their cells are', () => {
    const levels = [...page.matchAll(/<h(\d)/g)].map(([, level]) => Number(level));
    expect(levels[0]).toBe(1);
    levels.forEach((level, i) => expect(level - (levels[i - 1] ?? 0)).toBeLessThanOrEqual(1));
    const cells = [...page.matchAll(/<th\b[^>]*>/g)].map(([tag]) => tag);
    expect(cells.every((tag) => /scope="(?:row|col)"/.test(tag))).toBe(true);
    expect(page.match(/<table>/g)?.length).toBe(page.match(/<caption>/g)?.length);
  });

  it('links to sections that are there', () => {
    for (const [, id] of page.matchAll(/href="#([^"]*)"/g)) expect(page).toContain(`id="${id}"`);
  });
});

describe('the page on a time before the trail', () => {
  const entries = { byKind: {}, unknown: 0, began: '2026-08-01', silent: [] };
  const text = renderReport({ ...report, findings: { ...report.findings!, entries } });

  it('says from when on the trail speaks, and claims no day', () => {
    expect(text).toContain('The trail began on 2026-08-01');
    expect(text).not.toContain('silent');
    expect(page).not.toContain('The trail began on');
  });
});

describe('free text of people', () => {
  it('is in neither form', () => {
    expect(JSON.stringify(report)).not.toContain(REASON);
    expect(page).not.toContain(REASON);
  });
});

describe('the report on a trail that does not verify', () => {
  const { findings: _, ...rest } = report;
  const problem = { code: 'AUDIT_FORK', where: 'checkpoint', what: 'its first 3 entries are others' };
  const text = renderReport({ ...rest, trail: { ...report.trail, problem } });

  it('says so, and nothing else', () => {
    expect(text).toContain('The trail does not verify: AUDIT_FORK at checkpoint');
    expect(text).not.toContain('The trail verifies');
    expect(tags(text).filter((tag) => tag === 'h2')).toHaveLength(1);
  });
});
