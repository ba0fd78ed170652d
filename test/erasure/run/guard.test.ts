import { describe, expect, it } from '@jest/globals';
import { checkGuards, type GuardInput } from '../../../src/erasure/guard.ts';

const input = (change: Partial<GuardInput>): GuardInput => ({
  selected: 1,
  population: 1_000_000,
  guards: { maxRecords: 10_000, maxPercent: 10 },
  firstGuards: { maxRecords: 100, maxPercent: 1 },
  trusted: true,
  lastPopulation: undefined,
  unwitnessedHours: undefined,
  approveAbove: undefined,
  ...change,
});

describe('guards', () => {
  it.each([
    ['at the limit of records', { selected: 10_000 }, undefined],
    [
      'one over the limit of records',
      { selected: 10_001 },
      { name: 'records', limit: 10_000, observed: 10_001 },
    ],
    ['at the limit of the share', { selected: 100, population: 1000 }, undefined],
    ['one over the share', { selected: 101, population: 1000 }, { name: 'percent', limit: 10, observed: 11 }],
    ['the share of a small population', { selected: 99, population: 99 }, undefined],
    [
      'the share of a population of 100',
      { selected: 11, population: 100 },
      { name: 'percent', limit: 10, observed: 11 },
    ],
    ['nothing selected', { selected: 0, guards: { maxRecords: 0, maxPercent: 0 } }, undefined],
    [
      'zero means zero, not unlimited',
      { selected: 1, guards: { maxRecords: 0, maxPercent: 10 } },
      { name: 'records', limit: 0, observed: 1 },
    ],
    [
      'a share of zero means zero',
      { selected: 1, guards: { maxRecords: 10, maxPercent: 0 } },
      { name: 'percent', limit: 0, observed: 1 },
    ],
    [
      'a share of zero means zero of few as well',
      { selected: 1, population: 2, guards: { maxRecords: 10, maxPercent: 0 } },
      { name: 'percent', limit: 0, observed: 50 },
    ],
    [
      'a share of zero of records that came while they were counted',
      { selected: 1, population: 0, guards: { maxRecords: 10, maxPercent: 0 } },
      { name: 'percent', limit: 0, observed: 100 },
    ],
    ['a new policy at its limit', { selected: 100, trusted: false }, undefined],
    [
      'a new policy over its limit',
      { selected: 101, trusted: false },
      { name: 'first-run-records', limit: 100, observed: 101 },
    ],
    [
      'a new policy over its share',
      { selected: 3, population: 200, trusted: false },
      { name: 'first-run-percent', limit: 1, observed: 2 },
    ],
    [
      'a new policy never gets more room than an old one',
      { selected: 6, trusted: false, guards: { maxRecords: 5, maxPercent: 10 } },
      { name: 'first-run-records', limit: 5, observed: 6 },
    ],
    ['a population that halved', { population: 500, lastPopulation: 1000 }, undefined],
    [
      'a population that more than halved',
      { population: 499, lastPopulation: 1000 },
      { name: 'population-moved', limit: 50, observed: 51 },
    ],
    [
      'a population that grew out of nothing',
      { population: 5000, lastPopulation: 0 },
      { name: 'population-moved', limit: 50, observed: 100 },
    ],
    ['two days of silence', { unwitnessedHours: 48 }, undefined],
    [
      'a longer silence with no second clock',
      { unwitnessedHours: 49 },
      { name: 'clock-gap', limit: 48, observed: 49 },
    ],
    ['a policy that wants a person always', { approveAbove: 0 }, { name: 'approval', limit: 0, observed: 1 }],
    ['a policy that wants a person, and nothing selected', { selected: 0, approveAbove: 0 }, undefined],
    ['at the number that goes without a person', { selected: 50, approveAbove: 50 }, undefined],
    ['one over it', { selected: 51, approveAbove: 50 }, { name: 'approval', limit: 50, observed: 51 }],
    [
      'a guard, which is named before the wish for a person',
      { selected: 10_001, approveAbove: 0 },
      { name: 'records', limit: 10_000, observed: 10_001 },
    ],
    ['a small population that doubled', { population: 99, lastPopulation: 40 }, undefined],
  ])('%s', (_, change, expected) => {
    expect(checkGuards(input(change))).toEqual(expected);
  });
});
