// The list shows what stands in the trail, all of it and in its order, and leaves out only what was not asked for.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { formatEntry } from '../../../src/audit/entry.ts';
import { readSpan } from '../../../src/audit/lookup/range.ts';
import { openReader } from '../../../src/audit/lookup/reader.ts';
import { auditList, type ListOptions } from '../../../src/cli/audit/list.ts';
import { watched } from '../../audit/lookup/support.ts';
import { newId } from '../../audit/lookup/support.ts';
import { codeOf, collect } from '../../state/support.ts';
import { logOf, SIGNER } from '../../support/trail.ts';
import { capture, openDesk, type Desk } from './support.ts';

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
  kind: undefined,
  from: undefined,
  to: undefined,
  limit: undefined,
  format: undefined,
  json: false,
};

async function list(options: Partial<ListOptions>): Promise<string> {
  const { io, all } = capture();
  expect(await auditList(desk.reader, { ...EVERYTHING, ...options }, io)).toBe(0);
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
    expect(lines).toHaveLength(14);
    const document = JSON.parse(await list({ json: true })) as { readonly entries: readonly Line[] };
    expect(document).toMatchObject({ size: 14, root: desk.reader.head.root, exit: 0, statuses: [] });
    expect(document.entries).toEqual(lines.map((line) => JSON.parse(line) as Line));
  });

  it('leaves out what was not asked for', async () => {
    expect(await numbers({ kind: 'record' })).toEqual([3, 4, 9, 12]);
    expect(await numbers({ policy: 'contacts', kind: 'policy' })).toEqual([1]);
    expect(await numbers({ batch: 'batch-2026-11-06' })).toEqual([8, 9, 10]);
    expect(await numbers({ from: '2026-11-03', to: '2026-11-05' })).toEqual([6, 7]);
    expect(await numbers({ from: '2026-11-06', limit: '2' })).toEqual([8, 9]);
    expect(await numbers({ to: '2026-10-31' })).toEqual([]);
    expect(await numbers({ policy: 'no such policy' })).toEqual([]);
  });

  it('counts what happened in a batch to the run, the source and the policy that it was opened for', async () => {
    expect(await numbers({ run: 'run-2' })).toEqual([8, 9, 10]);
    expect(await numbers({ run: 'run-1', kind: 'record' })).toEqual([3, 4]);
    expect(await numbers({ run: 'run-3', from: '2026-11-21' })).toEqual([11, 12, 13]);
    expect(await numbers({ source: ['crm', 'ats'] })).toEqual([2, 3, 4, 5, 8, 9, 10, 11, 12, 13]);
    expect(await numbers({ policy: 'contacts' })).toEqual([1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13]);
  });

  it('is columns for people, and CSV for tables', async () => {
    expect(await list({ limit: '6', kind: 'record' })).toMatch(
      /^ {4}entry {2}time \(UTC\) {11}kind {12}policy {12}place {17}more\n {8}3 {2}2026-11-02 03:40:00 {2}record {10}contacts {10}crm\.contact {11}action=delete age=<2y batch=/,
    );
    const csv = await list({ format: 'csv', kind: 'record', limit: '1' });
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
    { kind: 'records' },
    { format: 'xml' },
    { limit: '0' },
    { limit: '1e3' },
  ])('refuses %j', async (options) => {
    expect(await codeOf(list(options))).toBe('USAGE');
  });
});

describe('a span of a long trail', () => {
  const HOUR = 3_600_000;
  const START = Date.UTC(2026, 0, 1);
  /** An entry a minute, written by two machines whose clocks are 5 minutes apart. */
  const at = (i: number): number => START + i * 60_000 + (i % 7 === 0 ? 300_000 : 0);
  const texts = Array.from({ length: 20_000 }, (_, i) =>
    formatEntry({ v: 1, type: 'heartbeat', eid: newId(), at: new Date(at(i)).toISOString() }),
  );

  it('is found by its ends, whole, and without reading the rest', async () => {
    const { store } = await logOf(texts);
    const { store: seen, reads } = watched(store);
    for (const [from, to] of [
      [START - HOUR, START],
      [START + 100 * HOUR, START + 124 * HOUR],
      [START + 300 * HOUR, START + 999 * HOUR],
      [START + 999 * HOUR, START + 1000 * HOUR],
    ] as const) {
      const reader = await openReader({ store: seen, vkey: SIGNER.vkey });
      reads.length = 0;
      const span = await collect(readSpan(reader, { from, to }));
      const inside = span.map(({ index }) => index).filter((i) => at(i) >= from && at(i) <= to);
      expect(inside).toEqual(texts.flatMap((_, i) => (at(i) >= from && at(i) <= to ? [i] : [])));
      // Eight to find the beginning, and the bundles of the span with an hour on both sides.
      expect(reads.length).toBeLessThanOrEqual(8 + 4 + inside.length / 256);
    }
  });
});
