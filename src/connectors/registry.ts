/** The kinds of system that frist can erase in. A new kind is its own folder and one line here. */
import { FristError } from '../errors.ts';
import type { SourceLimits } from '../policy/policy.ts';
import { SourceFailure } from './connector.ts';
import type { Connector, ConnectorContext, ConnectorFactory, Pulse } from './connector.ts';
import { createFilesConnector } from './files/connector.ts';
import { createSqlConnector } from './sql/connector.ts';
import { createSqlPulse } from './sql/pulse.ts';
import { withTables } from './wrap/tables.ts';

/** What `kind:` of a source in the policy file can be, and who makes its connector. */
const KINDS: readonly (readonly [kind: string, factory: ConnectorFactory])[] = [
  ['sql', (context) => withTables(createSqlConnector(context))],
  ['files', createFilesConnector],
];

/** Kinds by name. A name given twice is a defect: one of the two would never be asked. */
export function registryOf(
  kinds: readonly (readonly [kind: string, factory: ConnectorFactory])[],
): ReadonlyMap<string, ConnectorFactory> {
  const registry = new Map<string, ConnectorFactory>();
  for (const [kind, factory] of kinds) {
    if (registry.has(kind)) throw new FristError('DEFECT', { what: `two connectors of kind ${kind}` });
    registry.set(kind, factory);
  }
  return registry;
}

const REGISTRY = registryOf(KINDS);

/** The pulse of one source, for the limits that its file sets. @throws SourceFailure where its kind has none. */
export function createPulse(kind: string, connection: string, limits: SourceLimits): Pulse {
  if (kind !== 'sql') throw new SourceFailure('fatal', 'NO_PULSE');
  return createSqlPulse(connection, limits);
}

/** The names of all kinds, for the parser of the policy file. */
export function connectorKinds(): string[] {
  return [...REGISTRY.keys()];
}

/** A connector for one source; it connects when it is first asked for something. The parser has checked the kind. */
export function createConnector(kind: string, context: ConnectorContext): Connector {
  const factory = REGISTRY.get(kind);
  if (factory === undefined) throw new FristError('DEFECT', { what: `no connector of kind ${kind}` });
  return factory(context);
}
