import { describe, expect, it } from '@jest/globals';
import type { StartTree } from '../../../src/policy/policy.ts';
import type { Missing, Moment, Value } from '../../../src/policy/time/raw.ts';
import { leavesOf, startOf, type Bound } from '../../../src/policy/time/start.ts';
import { zoneOf } from '../../../src/policy/time/zone.ts';

const copenhagen = zoneOf('Europe/Copenhagen');
const day = (text: string): Moment => ({ kind: 'day', day: Date.parse(`${text}T00:00:00Z`) / 86_400_000 });
const at = (early: string, late = early): Moment => ({
  kind: 'instant',
  early: Date.parse(early),
  late: Date.parse(late),
});
const NULL: Missing = { kind: 'unknown', why: 'null' };
const NOT_YET: Missing = { kind: 'not yet' };
const AHEAD: Missing = { kind: 'implausible', why: 'ahead' };

const of = (kind: 'latest of' | 'first known of', values: readonly Value[]): StartTree => ({
  kind,
  of: values.map((_, index) => ({ kind: 'column', index })),
});

const start = (
  kind: 'latest of' | 'first known of',
  values: readonly Value[],
  bound: Bound = 'upper',
): Value => startOf(of(kind, values), ({ index }) => values[index]!, bound, copenhagen);

describe('latest of', () => {
  const older = at('2024-01-01T00:00:00Z');
  const newer = at('2024-01-02T00:00:00Z');

  it('takes the latest, wherever it stands', () => {
    expect(start('latest of', [older, newer])).toBe(newer);
    expect(start('latest of', [newer, older])).toBe(newer);
  });

  it('skips what is unknown, unless all is', () => {
    expect(start('latest of', [NULL, older, NULL])).toBe(older);
    expect(start('latest of', [NULL, NULL]).kind).toBe('unknown');
  });

  it('is implausible or not yet as soon as one part is, implausible first', () => {
    expect(start('latest of', [older, NOT_YET]).kind).toBe('not yet');
    expect(start('latest of', [NOT_YET, older, AHEAD])).toBe(AHEAD);
  });

  it('reads a day at its beginning for an upper bound, at its end for a lower', () => {
    const noon = at('2024-01-02T11:00:00Z');
    expect(start('latest of', [day('2024-01-02'), noon], 'upper')).toBe(noon);
    expect(start('latest of', [noon, day('2024-01-02')], 'lower')).toEqual(day('2024-01-02'));
    // In Copenhagen the day ends at 23:00 UTC.
    const next = at('2024-01-02T23:00:01Z');
    expect(start('latest of', [day('2024-01-02'), next], 'lower')).toBe(next);
  });

  it('reads a time that the clock showed twice early for an upper bound, late for a lower', () => {
    const twice = at('2024-10-27T00:30:00Z', '2024-10-27T01:30:00Z');
    const between = at('2024-10-27T01:00:00Z');
    expect(start('latest of', [twice, between], 'upper')).toBe(between);
    expect(start('latest of', [between, twice], 'lower')).toBe(twice);
  });
});

describe('first known of', () => {
  const known = at('2024-01-01T00:00:00Z');
  const later = at('2024-01-02T00:00:00Z');

  it('takes the first that is known, in the order of the file', () => {
    expect(start('first known of', [NULL, NOT_YET, known, later])).toBe(known);
  });

  it('stops at what is implausible', () => {
    expect(start('first known of', [NULL, AHEAD, known])).toBe(AHEAD);
    expect(start('first known of', [known, AHEAD])).toBe(known);
  });

  it('is not yet where nothing is known and one part has not come', () => {
    expect(start('first known of', [NULL, NOT_YET, NULL]).kind).toBe('not yet');
    expect(start('first known of', [NULL, NULL]).kind).toBe('unknown');
  });
});

describe('nested starts', () => {
  const values = [NOT_YET, at('2024-01-01T00:00:00Z'), at('2024-01-03T00:00:00Z')];
  const tree: StartTree = {
    kind: 'latest of',
    of: [
      of('first known of', values.slice(0, 2)),
      { kind: 'column', index: 2 },
      { kind: 'column', index: 1 },
    ],
  };

  it('are read from the inside', () => {
    expect(startOf(tree, ({ index }) => values[index]!, 'upper', copenhagen)).toBe(values[2]);
  });

  it('have each leaf once', () => {
    expect(leavesOf(tree)).toEqual([0, 1, 2].map((index) => ({ kind: 'column', index })));
  });
});
