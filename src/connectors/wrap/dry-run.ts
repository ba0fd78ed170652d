/** The one place that knows of dry runs: a connector that can be asked everything and erases nothing. */
import type { Connector } from '../connector.ts';
import { SourceFailure } from '../connector.ts';

/** The same connector, but `erasing` fails with code `DRY_RUN`: without a session there is no way to erase. */
export function dryRunOf(connector: Connector): Connector {
  return {
    kind: connector.kind,
    capabilities: connector.capabilities,
    check: (views, signal) => connector.check(views, signal),
    advise: (views, signal) => connector.advise(views, signal),
    tablesLike: (pattern, signal) => connector.tablesLike(pattern, signal),
    now: () => connector.now(),
    count: (view, signal) => connector.count(view, signal),
    scan: (view, windows, signal, cursor) => connector.scan(view, windows, signal, cursor),
    read: (view, keys, signal) => connector.read(view, keys, signal),
    dependents: (view, stage, keys, signal) => connector.dependents(view, stage, keys, signal),
    erasing: () => Promise.reject(new SourceFailure('fatal', 'DRY_RUN')),
    verify: (view, stage, keys, signal) => connector.verify(view, stage, keys, signal),
    grants: (...asked) => connector.grants(...asked),
    outline: (signal) => connector.outline(signal),
    lookup: (view, subject, values, signal) => connector.lookup(view, subject, values, signal),
    find: (record, kind, value) => connector.find(record, kind, value),
    close: () => connector.close(),
  };
}
