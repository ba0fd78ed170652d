/**
 * Guards look at a whole plan before the first write. A guard that trips stops the whole policy: finding more than one
 * expects and then erasing a part of it makes no sense. There is no force flag; a tripped plan waits for approval.
 */
import type { Guards } from '../policy/policy.ts';

/** Under this population a share means nothing, and is ignored, unless it is none. */
export const SMALL_POPULATION = 100;

/** A population that grew or shrank by more than this share since the last run is another table, or a broken one. */
export const POPULATION_MOVED_PERCENT = 50;

/** After a longer silence a clock that nobody can confirm is not believed without a person's word. */
export const CLOCK_GAP_HOURS = 48;

/** `approval` is no alarm: the policy itself wants a person's word. */
export type GuardName =
  | 'records'
  | 'percent'
  | 'first-run-records'
  | 'first-run-percent'
  | 'population-moved'
  | 'clock-gap'
  | 'approval';

const UNITS: Readonly<Record<GuardName, string>> = {
  records: '',
  'first-run-records': '',
  percent: ' %',
  'first-run-percent': ' %',
  'population-moved': ' %',
  'clock-gap': ' hours',
  approval: '',
};

/** What stands behind the numbers of a guard; nothing where they are records. `name`: as the state has it. */
export function unitOf(name: string): string {
  return Object.hasOwn(UNITS, name) ? UNITS[name as GuardName] : '';
}

export interface GuardInput {
  /** Records that the plan would erase. */
  readonly selected: number;
  /** Records of the type within its scope. */
  readonly population: number;
  readonly guards: Guards;
  readonly firstGuards: Guards;
  /** Whether this very policy has run to its end, or has been approved, before. */
  readonly trusted: boolean;
  /** Population at the last run that looked; undefined when there was none. */
  readonly lastPopulation: number | undefined;
  /** Hours for which nobody has borne witness to the clock; undefined where somebody does. */
  readonly unwitnessedHours: number | undefined;
  /** Above this number of records the policy wants a person's word; undefined: never. */
  readonly approveAbove: number | undefined;
}

/** Which guard stopped the plan, its limit, and what it saw (both in records, percent or hours). */
export interface Tripped {
  readonly name: GuardName;
  readonly limit: number;
  readonly observed: number;
}

/** The first guard that the plan trips, or undefined. A plan that selects nothing trips none. */
export function checkGuards(input: GuardInput): Tripped | undefined {
  if (input.selected === 0) return undefined;
  const gap = input.unwitnessedHours ?? 0;
  if (gap > CLOCK_GAP_HOURS) return { name: 'clock-gap', limit: CLOCK_GAP_HOURS, observed: gap };
  const moved = populationMoved(input);
  if (moved !== undefined) return moved;
  const limits = input.trusted ? input.guards : strictest(input.guards, input.firstGuards);
  const prefix = input.trusted ? '' : 'first-run-';
  if (input.selected > limits.maxRecords) {
    return { name: `${prefix}records`, limit: limits.maxRecords, observed: input.selected };
  }
  const percent = (100 * input.selected) / Math.max(input.population, input.selected);
  // None is none, of however few.
  const counts = input.population >= SMALL_POPULATION || limits.maxPercent === 0;
  if (counts && percent > limits.maxPercent) {
    return { name: `${prefix}percent`, limit: limits.maxPercent, observed: rounded(percent) };
  }
  const above = input.approveAbove;
  if (above === undefined || input.selected <= above) return undefined;
  return { name: 'approval', limit: above, observed: input.selected };
}

function strictest(a: Guards, b: Guards): Guards {
  return {
    maxRecords: Math.min(a.maxRecords, b.maxRecords),
    maxPercent: Math.min(a.maxPercent, b.maxPercent),
  };
}

function populationMoved(input: GuardInput): Tripped | undefined {
  const last = input.lastPopulation;
  if (last === undefined || Math.max(last, input.population) < SMALL_POPULATION) return undefined;
  const percent = last === 0 ? 100 : (100 * Math.abs(input.population - last)) / last;
  if (percent <= POPULATION_MOVED_PERCENT) return undefined;
  return { name: 'population-moved', limit: POPULATION_MOVED_PERCENT, observed: rounded(percent) };
}

/** Whole percent (the trail holds integers), never rounded down to the limit it exceeded. */
function rounded(percent: number): number {
  return Math.ceil(percent);
}
