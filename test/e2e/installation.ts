// An installation of frist in a folder of its own, driven through the real command.
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEMO_AS_OF } from '../../src/demo/data.ts';

const ROOT = join(import.meta.dirname, '../..');

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Installation {
  readonly folder: string;
  /** Runs `frist <words>` with this installation's policies, settings and sources. */
  frist(words: readonly string[]): Promise<Ended>;
  /** The same with `--json`; answers the document. */
  json(words: readonly string[]): Promise<Ended & { readonly document: Document }>;
  remove(): Promise<void>;
}

/** What `plan`, `run` and `approve` print with `--json`, as far as the tests look at it. */
export interface Document {
  readonly policies?: readonly PolicyDocument[];
  readonly exit: number;
  readonly statuses: readonly number[];
}

export interface PolicyDocument {
  readonly policy: string;
  readonly status: string;
  readonly plan?: string;
  readonly found?: {
    readonly population: number;
    readonly matching: number;
    readonly by: Readonly<Record<string, number>>;
    readonly overdue: number;
    readonly exemptBy: Readonly<Record<string, number>>;
    readonly dependents: Readonly<Record<string, number>>;
  };
  readonly guard?: { readonly name: string; readonly limit: number; readonly observed: number };
  readonly outcomes?: Readonly<Record<string, number>>;
  readonly dependents?: Readonly<Record<string, number>>;
  readonly error?: { readonly code: string };
}

function run(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(ROOT, 'bin/frist'), ...args], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, stdout, stderr }));
  });
}

/** Everything inside the folder. The clock may be set: the demo plays on a fixed day. */
function settings(folder: string): string {
  return JSON.stringify({ data: { folder: join(folder, 'data') }, clock: { settable: true } });
}

/**
 * A new installation without a state; `sources` are the values of FRIST_CRM and so on. `policies` are the texts of policy
 * files; left out: the example's.
 */
export async function install(
  sources: Readonly<Record<string, string>>,
  policies?: readonly string[],
): Promise<Installation> {
  const folder = await mkdtemp(join(tmpdir(), 'frist-e2e-'));
  const file = join(folder, 'settings.json');
  await writeFile(file, settings(folder));
  const files = policies?.map((_, i) => join(folder, `policies-${String(i)}.yaml`));
  for (const [i, text] of (policies ?? []).entries()) await writeFile(files?.[i] ?? '', text);
  const common = [
    '--policies',
    ...(files ?? [join(ROOT, 'config/policies.example.yaml')]),
    '--settings',
    file,
  ];
  const frist = (words: readonly string[]): Promise<Ended> =>
    run([...words, ...common], { ...process.env, ...sources, NODE_OPTIONS: '' });
  return {
    folder,
    frist,
    json: async (words) => {
      const ended = await frist([...words, '--json']);
      if (ended.stdout === '') throw new Error(`${words.join(' ')}: no document; ${ended.stderr}`);
      return { ...ended, document: JSON.parse(ended.stdout) as Document };
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Options of a command that plays on the demo's day. */
export const ON_THE_DAY = ['--as-of', DEMO_AS_OF] as const;
