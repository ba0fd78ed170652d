/** Holds in words. */
import { isPastReview } from '../../erasure/holds/review.ts';
import type { Hold } from '../../state/state.ts';
import { isLost } from '../../policy/subject.ts';

/** What a hold is on, as its options were written; nothing of it is left of one that is forgotten. */
export function coversOf(hold: Hold): string {
  if (hold.released === undefined && isLost(hold)) return 'everything: whom it is on was lost';
  const { subjects, records = [], policies = [] } = hold;
  return [
    ...subjects.map(([kind, value]) => `${kind}=${value}`),
    ...records.map(({ source, record, key }) => `${source}.${record}=${key.join(',')}`),
    ...policies.map(({ controller, policy }) => `policy ${policy} (${controller})`),
  ].join(' ');
}

/** When it is looked at again, or how it ended. */
export function reviewOf(hold: Hold, now: string): string {
  const { released, until, review = '' } = hold;
  if (released === undefined) return isPastReview(hold, now) ? `${review}, past` : review;
  const grace = until !== undefined && until > now ? `, kept until ${until.slice(0, 10)}` : '';
  return `released ${released.slice(0, 10)}${grace}`;
}
