import type { Connector } from '../../connectors/connector.ts';
import { SourceFailure } from '../../connectors/connector.ts';
import { codedError } from '../../erasure/run/prepare.ts';
import { EXIT, FristError } from '../../errors.ts';
import { proposePolicies } from '../../policy/outline/propose.ts';
import type { Resolve } from '../../policy/parse/parse.ts';
import { printJson, type Io } from '../print/io.ts';

export interface InitOptions {
  /** A connection, or a reference to one: `${FRIST_CRM}`, `${file:/run/secrets/crm}`. */
  readonly from: string;
  /** Where the file goes; to stdout when undefined. */
  readonly out: string | undefined;
  readonly json: boolean;
  /** IANA zone of this machine. */
  readonly timezone: string;
  readonly resolve: Resolve;
  readonly connect: (connection: string) => Connector;
  readonly writeFile: (path: string, text: string) => void;
  readonly signal: AbortSignal;
}

/** `frist init`: a first policy file, from the names in a database's catalogue. Reads no row. Answers the exit status. */
export async function init(options: InitOptions, io: Io): Promise<number> {
  const connection = connectionOf(options);
  const source = sourceName(connection, options.from);
  const outline = await outlineOf(options.connect(connection), source, options.signal);
  const text = proposePolicies(outline, {
    source,
    kind: 'sql',
    connection: REFERENCE.test(options.from) ? options.from : `\${${variable(source)}}`,
    timezone: options.timezone,
  });
  if (text === undefined) throw new FristError('NOTHING_TO_PROPOSE', { count: outline.tables.length });
  if (options.out !== undefined) options.writeFile(options.out, text);
  if (options.json) {
    printJson(io, { file: options.out, tables: outline.tables.length, text, exit: EXIT.ok, statuses: [] });
  } else if (options.out === undefined) io.out(text);
  else io.out(`Proposed in ${options.out}. Correct every guess, then run \`frist check\`.\n`);
  if (!REFERENCE.test(options.from))
    io.err(`The file reads the connection from ${variable(source)}: set it in the environment.\n`);
  return EXIT.ok;
}

const REFERENCE = /^\$\{([^}]+)\}$/;
const variable = (source: string): string => `FRIST_${source.toUpperCase()}`;

function connectionOf({ from, resolve }: InitOptions): string {
  const reference = REFERENCE.exec(from)?.[1];
  const connection = reference === undefined ? from : resolve(reference);
  if (typeof connection === 'string') return connection;
  throw new FristError('USAGE', { what: `${from} ${connection?.why ?? 'is not set'}` });
}

/** The database's own name, as far as it can name a source and a variable. */
function sourceName(connection: string, from: string): string {
  const reference = /^\$\{(?:FRIST_)?([A-Za-z]\w*)\}$/.exec(from)?.[1];
  const last = /([^/:?]+?)(?:\.[a-z0-9]+)?(?:\?.*)?$/i.exec(connection)?.[1] ?? '';
  const name = (reference ?? last).toLowerCase().replaceAll(/[^a-z0-9]+/g, '_');
  return /^[a-z]/.test(name) ? name : 'database';
}

async function outlineOf(
  connector: Connector,
  source: string,
  signal: AbortSignal,
): ReturnType<Connector['outline']> {
  try {
    return await connector.outline(signal);
  } catch (error) {
    if (error instanceof SourceFailure) throw codedError(error, source);
    throw error;
  } finally {
    await connector.close();
  }
}
