/** What goes for the holds of a file. */
import type { HoldRules } from '../../policy.ts';
import type { Path } from '../position.ts';
import type { Report } from '../report.ts';
import type { HoldsText } from '../schema/file.ts';
import { readSpan } from './rule.ts';

const GRACE_HOURS = 7 * 24;

/** Reads `holds:` of the file. */
export function readHolds(text: HoldsText | undefined, path: Path, report: Report): HoldRules {
  const { grace, review } = text ?? {};
  const hours = grace === undefined ? GRACE_HOURS : readSpan(grace, [...path, 'grace'], report);
  return { graceHours: hours ?? GRACE_HOURS, reviewRequired: review !== undefined };
}
