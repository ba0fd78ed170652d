// The list shows what stands in the trail, all of it and in its order, and leaves out only what was not asked for.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { formatEntry } from '../../../src/audit/entry.ts';
import { readSpan } from '../../../src/audit/lookup/range.ts';
import { openReader } from '../../../src/audit/lookup/reader.ts';
import { auditList, type ListOptions } from '../../../src/cli/audit/list.ts';
import { newId, watched } from '../../audit/lookup/support.ts';
import { codeOf, collect } from '../../state/support.ts';
import { logOf, SIGNER } from '../../support/trail.ts';
import { capture, openDesk, recordOn, type Desk } from './support.ts';

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk.close());

const EVERYTHING: ListOptions = {
  policy: undefined,
  source: [],
  run: undefined,
  batch: undefined,
  kind: [],
  from: undefined,
  to: undefined,
  limit: undefined,
  format: undefined,
  json: false,
};

async function list(options: Partial<ListOptions>): Promise<string> {
  const { io, all } = capture();
  const hints = capture();
  const streams = { out: io.out, err: hints.io.err };
  expect(await auditList(desk.reader, { ...EVERYTHING, ...options }, streams)).toBe(0);
  expect(hints.all()).toBe(/\d{4}-\d\d-\d\d/.test(all()) ? '' : 'No entry fits.\n');
  return all();
}

interface Line {
  readonly index: number;
  readonly entry: Readonly<Record<string, unknown>>;
}

async function numbers(options: Partial<ListOptions>): Promise<number[]> {
  const text = await list({ ...options, format: 'ndjson' });
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as Line).index);
}

describe('audit list', () => {
  it('shows every entry verbatim', async () => {
    const lines = (await list({ format: 'ndjson' })).split('\n').slice(0, -1);
    const texts = await Promise.all(lines.map((_, i) => desk.reader.entry(i)));
    expect(lines).toEqual(texts.map((text, i) => `{"index":${i},"entry":${text}}`));
    expect(lines).toHaveLength(15);
    const document = JSON.parse(await list({ json: true })) as { readonly entries: readonly Line[] };
    expect(document).toMatchObject({ size: 15, root: desk.reader.head.root, exit: 0, statuses: [] });
    expect(document.entries).toEqual(lines.map((line) => JSON.parse(line) as Line));
  });

  it('leaves out what was not asked for', async () => {
    expect(await numbers({ kind: ['record'] })).toEqual([3, 4, 9, 12]);
    expect(await numbers({ policy: 'contacts', kind: ['policy'] })).toEqual([1, 14]);
    expect(await numbers({ kind: ['policy', 'record'] })).toEqual([1, 3, 4, 9, 12, 14]);
    expect(await numbers({ batch: 'batch-2026-11-06' })).toEqual([8, 9, 10]);
    expect(await numbers({ from: '2026-11-03', to: '2026-11-05' })).toEqual([6, 7]);
    expect(await numbers({ from: '2026-11-06', limit: '2' })).toEqual([8, 9]);
    expect(await numbers({ to: '2026-10-31' })).toEqual([]);
    expect(await numbers({ policy: 'no such policy' })).toEqual([]);
  });

  it('counts what happened in a batch to the run, the source and the policy that it was opened for', async () => {
    expect(await numbers({ run: 'run-2' })).toEqual([8, 9, 10]);
    expect(await numbers({ run: 'run-1', kind: ['record'] })).toEqual([3, 4]);
    expect(await numbers({ run: 'run-3', from: '2026-11-21' })).toEqual([11, 12, 13]);
    expect(await numbers({ source: ['crm', 'ats'] })).toEqual([2, 3, 4, 5, 8, 9, 10, 11, 12, 13]);
    expect(await numbers({ policy: 'contacts' })).toEqual([1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13, 14]);
  });

  it('refuses a span that ends before it begins', async () => {
    await expect(list({ from: '2026-11-06', to: '2026-11-05' })).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('steers no terminal and runs no formula, whatever stands in a trail', async () => {
    const evil = ['=cmd()', '@SUM(1)', '+1', '-1', 'a\u202eb', 'a\u2028b', 'a\u200bb'];
    const texts = evil.map((policy) => {
      const at = '2026-11-06T00:00:00.000Z';
      return formatEntry({ v: 1, type: 'policy-failed', eid: newId(), at, policy, code: 'X' });
    });
    texts.push(
      `{"at":"2026-11-06T00:00:00.000Z","eid":"${newId()}","policy":"\\u001b[2J\x7f","type":"later","v":1}`,
    );
    const { store } = await logOf(texts);
    const reader = await openReader({ store, vkey: SIGNER.vkey });
    const shown = async (format?: string): Promise<string> => {
      const { io, all } = capture();
      await auditList(reader, { ...EVERYTHING, format }, io);
      return all();
    };
    expect(await shown()).not.toMatch(/[^\P{C}\n]|[\p{Zl}\p{Zp}]/u);
    const rows = (await shown('csv')).split('\n').slice(1, 5);
    expect(rows.map((row) => row.split(',')[3])).toEqual(["'=cmd()", "'@SUM(1)", "'+1", "'-1"]);
  });

  it('does not take for an entry what has not the form of one', async () => {
    for (const text of ['{"v":1}', '{"at":"2026-11-06T00:00:00.000Z",\n"index":0,"entry":{}}', '[]']) {
      const { store } = await logOf([text]);
      const reader = await openReader({ store, vkey: SIGNER.vkey });
      const listed = auditList(reader, { ...EVERYTHING, format: 'ndjson' }, capture().io);
      await expect(listed).rejects.toMatchObject({ code: 'AUDIT_CORRUPT', params: { where: 'entry 0' } });
    }
  });

  it('is columns for people, and CSV for tables', async () => {
    expect(await list({ limit: '6', kind: ['record'] })).toMatch(
      /^ {4}entry {2}time \(UTC\) {11}kind {12}policy {12}place {17}more\n {8}3 {2}2026-11-02 03:40:00 {2}record {10}contacts {10}crm\.contact {11}action=delete age=<2y batch=/,
    );
    const csv = await list({ format: 'csv', kind: ['record'], limit: '1' });
    const [head, line = ''] = csv.split('\n');
    expect(head).toBe('index,at,type,policy,source,record,run,batch,action,outcome,promised,age,entry');
    expect(line.startsWith('3,2026-11-02T03:40:00.000Z,record,contacts,crm,contact,,batch-2026-11-02,')).toBe(
      true,
    );
    const cell = /"((?:[^"]|"")*)"$/.exec(line)?.[1]?.replaceAll('""', '"');
    expect(cell).toBe(await desk.reader.entry(3));
  });

  it.each<Partial<ListOptions>>([
    { from: '2026-02-30' },
    { to: 'today' },
    { kind: ['records'] },
    { format: 'xml' },
    { limit: '0' },
    { limit: '1e3' },
  ])('refuses %j', async (options) => {
    expect(await codeOf(list(options))).toBe('USAGE');
  });
});

describe('a span of a long trail', () => {
  const MINUTE = 60_000;
  const START = Date.UTC(2026, 0, 1);
  const iso = (time: number): string => new Date(time).toISOString();
  const heartbeat = (time: number): string =>
    formatEntry({ v: 1, type: 'heartbeat', eid: newId(), at: iso(time) });

  it('is found by its ends, whole, and without reading the rest', async () => {
    // An entry a minute; the clock of every seventh writer is far from the others'.
    const at = (i: number): number => START + i * MINUTE + (i % 7 === 0 ? 50 * MINUTE : 0);
    const all = Array.from({ length: 20_000 }, (_, i) => i);
    const { store } = await logOf(all.map((i) => heartbeat(at(i))));
    const { store: seen, reads } = watched(store);
    const reader = await openReader({ store, vkey: SIGNER.vkey });
    const spans = Array.from({ length: 60 }, (_, i) => START + (1700 + i * 17) * MINUTE);
    for (const from of [START - MINUTE, ...spans, START + 19_990 * MINUTE, START + 99_999 * MINUTE]) {
      const to = from + 30 * MINUTE;
      reads.length = 0;
      const span = await collect(readSpan({ ...reader, store: seen }, { from, to }));
      const inside = (i: number): boolean => at(i) >= from && at(i) <= to;
      expect(span.map(({ index }) => index).filter(inside)).toEqual(all.filter(inside));
      // Seven to find the beginning, and the bundles of the span with an hour on both sides.
      expect(reads.length).toBeLessThanOrEqual(7 + 4);
    }
  });

  it('has the records of a run whose batch was opened long before it', async () => {
    const day = START + 9 * 86_400_000;
    const opened = {
      v: 1,
      type: 'batch-opened',
      batch: 'batch-1',
      policy: 'contacts',
      source: 'crm',
    } as const;
    const first = formatEntry({
      ...opened,
      ...{ eid: newId(), at: iso(START), run: 'run-1', count: 1, digest: '0'.repeat(64), epoch: 'e' },
    });
    const between = Array.from({ length: 2000 }, (_, i) => heartbeat(START + i * MINUTE));
    const late = recordOn('2026-01-10', 'new', { key: ['1'], email: 'a@b.dk', batch: 'batch-1' });
    const { store } = await logOf([first, ...between, heartbeat(day), late]);
    const reader = await openReader({ store, vkey: SIGNER.vkey });
    for (const asked of [{ run: 'run-1' }, { source: ['crm'] }, { batch: 'batch-1' }]) {
      const { io, all } = capture();
      await auditList(reader, { ...EVERYTHING, ...asked, from: '2026-01-10', format: 'ndjson' }, io);
      expect([asked, all()]).toEqual([asked, `{"index":2002,"entry":${late}}\n`]);
    }
  });
});
