/** People and records as the command line names them. */
import { FristError } from '../../errors.ts';
import type { PolicyFile, RecordType } from '../../policy/policy.ts';
import { isTablePattern } from '../../policy/table-name.ts';

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

/** A record as --record names it: as many as there are controllers with a record type of this name. */
export interface NamedRecord {
  readonly controller: string;
  readonly source: string;
  readonly record: RecordType;
  readonly key: readonly string[];
}

const RECORD = /^([^.=]+)\.([^=]+)=(.+)$/s;

/**
 * Reads `source.record=key` of --record.
 * @throws USAGE
 */
export function recordsNamed(files: readonly PolicyFile[], text: string): readonly NamedRecord[] {
  const [, source = '', name = '', key = ''] =
    RECORD.exec(text) ?? usage('--record must be source.record=key, e.g. crm.contact=42');
  const types = files.flatMap((file) =>
    file.sources
      .filter((one) => one.name === source)
      .flatMap((one) => one.records.filter((record) => record.name === name))
      .map((record) => ({ controller: file.controller.name, record })),
  );
  if (types.length === 0) usage(`there is no record type ${source}.${name}`);
  return types.map(({ controller, record }) => {
    // Where a pattern names the table, a key begins with what stands in the place of the `*`, or of the `#`s.
    const length = record.key.length + (record.files !== true && isTablePattern(record.table) ? 1 : 0);
    return { controller, source, record, key: keyOf(key, length) };
  });
}

/** The parts of a key: its text, or with several parts a JSON array of texts, or the texts with commas between. */
function keyOf(text: string, length: number): readonly string[] {
  if (length === 1) return [text];
  const parts = text.startsWith('[') ? jsonTexts(text) : text.split(',');
  if (parts?.length !== length)
    usage(`the key of this record type has ${length} parts: write them as ["7","12"] or 7,12`);
  return parts;
}

function jsonTexts(text: string): readonly string[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every((one) => typeof one === 'string') ? value : undefined;
  } catch {
    return undefined;
  }
}
