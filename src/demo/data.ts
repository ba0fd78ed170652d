/**
 * The demo's data: a CRM, a newsletter list, an applicant tracking system and chat logs with a few thousand people who
 * do not exist, their dates spread around the demo's moment (moment.ts) so that each policy of
 * config/policies.example.yaml finds due, overdue, pending, exempt, undated and implausible records.
 */
import { ats } from './systems/ats.ts';
import { chat } from './systems/chat.ts';
import { crm } from './systems/crm.ts';
import { newsletter } from './systems/newsletter.ts';
import type { DemoDatabase, EdgeCase } from './types.ts';

export { DEMO_AS_OF } from './moment.ts';
export { HELD } from './people.ts';
export type { Cell, DatabaseName, DemoDatabase, EdgeCase, Row, Table } from './types.ts';

export const DEMO_SEED = 2026;

/** The four databases and what a sceptic would look at in them. The same seed gives the same data. */
export function demoData(seed = DEMO_SEED): {
  readonly databases: readonly DemoDatabase[];
  readonly edgeCases: readonly EdgeCase[];
} {
  const parts = [crm(seed), newsletter(seed + 1), ats(seed + 2), chat(seed + 3)];
  return {
    databases: parts.map(({ database, tables }) => ({ database, tables })),
    edgeCases: parts.flatMap((part) => part.edgeCases),
  };
}
