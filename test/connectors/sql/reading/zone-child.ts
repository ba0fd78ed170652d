/**
 * Run by zones.test.ts in a process of its own, because a process has one time zone from its start (TZ).
 * Argument: JSON {url, view, windows}. Prints the facts of a scan as JSON.
 */
import { createSqlConnector } from '../../../../src/connectors/sql/connector.ts';
import type { Facts, View, Window } from '../../../../src/policy/policy.ts';

interface Task {
  readonly url: string;
  readonly view: View;
  readonly windows: readonly Window[];
}

const { url, view, windows } = JSON.parse(process.argv[2] ?? '') as Task;
const connector = createSqlConnector({ source: 'bed', connection: url, pageSize: 2 });
const found: Facts[] = [];
const on = new AbortController().signal;
for await (const page of connector.scan(view, windows, on)) found.push(...page.facts);
const now = await connector.now();
await connector.close();
process.stdout.write(
  JSON.stringify({
    found,
    apart: now === undefined ? 0 : Math.abs(now - Date.now()),
    zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  }),
);
