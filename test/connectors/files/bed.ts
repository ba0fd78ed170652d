/** A folder with files whose rows are records, and ways to look at it. */
import { mkdir, mkdtemp, readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Batch, BatchResult, Connector } from '../../../src/connectors/connector.ts';
import { createFilesConnector } from '../../../src/connectors/files/connector.ts';
import { parsePolicies } from '../../../src/policy/parse/parse.ts';
import type { Facts, Key, View } from '../../../src/policy/policy.ts';
import { compileViews } from '../../../src/policy/view.ts';
import { ON, batchOf } from '../conformance/support.ts';
import { MEANING } from '../memory-harness.ts';

/** Long ago, so that nobody is writing any more. */
export const LONG_AGO = new Date('2024-03-01T12:00:00Z');

export interface Bed {
  readonly root: string;
  connect(pageSize?: number): Connector;
  /** Writes a file that was last written to long ago. */
  put(path: string, text: string | Buffer, written?: Date): Promise<void>;
  text(path: string): Promise<string>;
  /** Names in a folder, our own locks left out. */
  names(folder?: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

export async function makeBed(): Promise<Bed> {
  const root = await mkdtemp(join(tmpdir(), 'frist-rows-'));
  const connectors: Connector[] = [];
  return {
    root,
    connect: (pageSize = 100) => {
      const connector = createFilesConnector({ source: 'chats', connection: `file:${root}`, pageSize, meaning: MEANING }); // prettier-ignore
      connectors.push(connector);
      return connector;
    },
    put: async (path, text, written = LONG_AGO) => {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
      await utimes(join(root, path), written, written);
    },
    text: async (path) => await readFile(join(root, path), 'utf8'),
    names: async (folder = '') =>
      (await readdir(join(root, folder))).filter((name) => !name.startsWith('.frist-lock-')).sort(),
    close: async () => {
      for (const connector of connectors) await connector.close();
      await rm(root, { recursive: true });
    },
  };
}

/** A view over `record` (in YAML) with the policy's own lines. */
export function viewOf(record: string, policy: string): View {
  const text = `
frist: 1
controller: { name: Eksempel A/S, timezone: Europe/Copenhagen }
sources:
  chats:
    kind: files
    connection: file:/srv/chats
    records:
      line: ${record}
policies:
  chats: { records: chats.line, within: 12 months, ${policy} }
`;
  const options = { file: 'x.yaml', resolve: () => undefined, kinds: ['files'] };
  return compileViews(parsePolicies(text, options).file)[0]!.view;
}

/** One batch in a session of its own. */
export async function eraseKeys(
  connector: Connector,
  view: View,
  keys: readonly Key[],
  more: Partial<Batch> = {},
): Promise<BatchResult> {
  const session = await connector.erasing(view, ON);
  try {
    return await session.erase({ ...batchOf(view, keys), ...more }, ON);
  } finally {
    await session.release();
  }
}

export const keysOf = (facts: readonly Facts[]): readonly Key[] => facts.map((one) => one.key);
