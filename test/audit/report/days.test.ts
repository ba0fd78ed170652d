import { describe, expect, it } from '@jest/globals';
import { calendarOf, gaps, monthsOf, nextDay } from '../../../src/audit/report/days.ts';
import { chart } from '../../../src/audit/report/html/chart.ts';

describe('months of a period', () => {
  it.each([
    ['2026-06-30', '2026-06-30', ['2026-06']],
    ['2026-11-30', '2027-02-01', ['2026-11', '2026-12', '2027-01', '2027-02']],
  ])('%s to %s', (from, to, months) => {
    expect(monthsOf({ from, to })).toEqual(months);
  });
});

describe('days on which nothing was written', () => {
  it('are told as stretches', () => {
    const days = new Set(['2024-02-28', '2024-03-02', '2024-03-03']);
    expect(gaps('2024-02-27', '2024-03-04', days)).toEqual([
      { from: '2024-02-27', to: '2024-02-27' },
      { from: '2024-02-29', to: '2024-03-01' },
      { from: '2024-03-04', to: '2024-03-04' },
    ]);
    expect(gaps('2024-03-02', '2024-03-03', days)).toEqual([]);
    expect(gaps('2024-03-05', '2024-03-04', days)).toEqual([]);
  });

  it('follow the calendar', () => {
    expect(['2023-02-28', '2024-02-28', '2026-12-31'].map(nextDay)).toEqual([
      '2023-03-01',
      '2024-02-29',
      '2027-01-01',
    ]);
  });
});

describe('the day of an instant', () => {
  it.each([
    ['Europe/Copenhagen', '2026-06-10T21:59:59.000Z', '2026-06-10'],
    ['Europe/Copenhagen', '2026-06-10T22:00:00.000Z', '2026-06-11'],
    ['Europe/Copenhagen', '2026-12-31T22:59:59.000Z', '2026-12-31'],
    ['Europe/Copenhagen', '2026-12-31T23:00:00.000Z', '2027-01-01'],
    ['America/New_York', '2026-06-10T03:59:59.000Z', '2026-06-09'],
    ['Asia/Kathmandu', '2026-06-10T18:15:00.000Z', '2026-06-11'],
    [undefined, '2026-06-10T23:59:59.000Z', '2026-06-10'],
    ['Not/AZone', '2026-06-10T23:59:59.000Z', '2026-06-10'],
  ])('in %s, %s', (zone, at, day) => {
    const calendar = calendarOf(zone);
    expect([calendar(at), calendar(at)]).toEqual([day, day]);
  });
});

describe('the chart', () => {
  const month = (n: number): Parameters<typeof chart>[0][number] => ({
    month: '2026-06',
    inTime: n,
    late: n * 2,
    undated: n % 3,
    foundGone: 0,
    failed: 0,
  });

  it.each([1, 2, 3, 7, 10, 99, 12_345, 9_999_999])('has a scale for %d', (n) => {
    const { text } = chart([month(n), month(0)]);
    expect(text).not.toMatch(/NaN|Infinity|undefined/);
    const heights = [...text.matchAll(/height="([\d.]+)"/g)].map(([, height]) => Number(height));
    expect(Math.max(...heights)).toBeLessThanOrEqual(190);
    expect(text.match(/<line/g)?.length).toBeLessThanOrEqual(6);
  });

  it('takes a hundred years, and says when there is nothing to show', () => {
    expect(chart(Array.from({ length: 1200 }, () => month(1))).text.match(/<text/g)!.length).toBeLessThan(40);
    expect(chart([month(0)]).text).toContain('Nothing was erased');
  });
});
