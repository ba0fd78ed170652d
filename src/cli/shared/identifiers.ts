/** People and records as the command line names them. */
import { FristError } from '../../errors.ts';
import type { PolicyFile, RecordType } from '../../policy/policy.ts';

function usage(what: string): never {
  throw new FristError('USAGE', { what });
}

function recordTypes(files: readonly PolicyFile[]): readonly RecordType[] {
  return files.flatMap((file) => file.sources.flatMap((source) => source.records));
}

/** Reads `kind=value` of --subject. */
export function identifierOf(text: string): readonly [kind: string, value: string] {
  const at = text.indexOf('=');
  if (at < 1 || at === text.length - 1) usage('--subject must be kind=value, e.g. email=jens@example.dk');
  return [text.slice(0, at), text.slice(at + 1)];
}

/** Refuses a kind that no record type declares: it can be compared with nothing, and a hold on it would keep everything. */
export function refuseUnknownKinds(
  files: readonly PolicyFile[],
  subjects: readonly (readonly [string, string])[],
): void {
  const kinds = new Set(recordTypes(files).flatMap((record) => record.subjects.map(({ kind }) => kind)));
  const unknown = subjects.find(([kind]) => !kinds.has(kind));
  if (unknown === undefined) return;
  const known = [...kinds].sort().join(', ');
  usage(`no record type has a subject of the kind ${unknown[0]}; there are: ${known}`);
}
