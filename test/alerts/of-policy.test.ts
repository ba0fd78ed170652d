// What an alarm says of a policy.
import { describe, expect, it } from '@jest/globals';
import type { Facts } from '../../src/alerts/facts.ts';
import { ofPolicy } from '../../src/alerts/of-policy.ts';
import type { PolicyStanding } from '../../src/standing/standing.ts';
import type { Plan } from '../../src/state/state.ts';

const AT = '2026-01-31T03:15:00.000Z';
const FACTS = { behind: { slotOf: () => undefined }, standing: {} } as unknown as Facts;

/** The text about a plan that this guard stopped. */
function waits(name: string, observed: number, limit: number): string | undefined {
  const plan = { id: 'p', count: 21, guard: { name, observed, limit }, expires: AT } as unknown as Plan;
  const standing = { controller: 'c', policy: 'a', waiting: [plan] } as unknown as PolicyStanding;
  return ofPolicy(standing, FACTS).find(({ cause }) => cause === 'FristPlanWaiting')?.text;
}

describe('a plan that waits', () => {
  it.each([
    ['percent', '(guard percent: 21 %, the limit is 10 %)'],
    ['first-run-percent', '(guard first-run-percent: 21 %, the limit is 10 %)'],
    ['population-moved', '(guard population-moved: 21 %, the limit is 10 %)'],
    ['clock-gap', '(guard clock-gap: 21 hours, the limit is 10 hours)'],
    ['records', '(guard records: 21, the limit is 10)'],
    ['approval', '(its policy wants a person to approve)'],
  ])('is told with what stopped it: %s', (name, why) => {
    expect(waits(name, 21, 10)).toContain(`waits for approval ${why}.`);
  });
});
