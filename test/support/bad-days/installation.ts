// An installation of frist in a folder of its own, driven through the real command as a child process that can be
// watched, stopped and killed.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openMariadb, openPostgres, openSqlite, type Client } from '../servers/clients.ts';
import { MARK, personalIn } from './people.ts';

const ROOT = join(import.meta.dirname, '../../..');

export const CONTROLLER = 'Bad Days A/S';

/** Contacts with notes in `crm`; the same in `ats`, under another name. Guards as wide as they can be. */
export const POLICIES = `
frist: 1
controller: { name: ${CONTROLLER}, timezone: UTC }
guards: { records: 1000000, percent: 100 }
first run guards: { records: 1000000, percent: 100 }
sources:
  crm:
    kind: sql
    connection: \${FRIST_CRM}
    datetimes in: UTC
    records:
      contact:
        table: contacts
        key: id
        subject: { email: email }
        related:
          notes: { table: notes, match: { contact_id: id } }
policies:
  contacts:
    records: crm.contact
    start: { column: last_contact, as: local, null: unknown }
    within: 12 months
    action: delete
    dependents:
      - delete: notes
`;

/** A second source with a policy of its own, to put behind the first. */
export const SECOND = {
  source: `
  ats:
    kind: sql
    connection: \${FRIST_ATS}
    datetimes in: UTC
    records:
      application:
        table: contacts
        key: id
        subject: { email: email }
        related:
          notes: { table: notes, match: { contact_id: id } }
policies:`,
  policy: `
  applicants:
    records: ats.application
    start: { column: last_contact, as: local, null: unknown }
    within: 12 months
    action: delete
    dependents:
      - delete: notes
`,
};

/** Both policies, each on a source of its own. */
export const TWO_SOURCES = `${POLICIES.replace('\npolicies:', SECOND.source)}${SECOND.policy.slice(1)}`;

export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** What stands on stderr so far. */
  readonly errors: () => string;
}

export interface PolicyDocument {
  readonly policy: string;
  readonly status: string;
  readonly plan?: string;
  readonly found?: { readonly by: Readonly<Record<string, number>>; readonly overdue: number };
  readonly outcomes?: Readonly<Record<string, number>>;
  readonly dependents?: Readonly<Record<string, number>>;
  readonly error?: { readonly code: string; readonly message: string; readonly remedy: string };
}

/** What a command prints with `--json`, as far as the tests look at it. */
export interface Document {
  readonly policies?: readonly PolicyDocument[];
  readonly error?: { readonly code: string; readonly message: string; readonly remedy: string };
  readonly exit: number;
  readonly statuses: readonly number[];
}

export interface InstallOptions {
  /** Values of FRIST_CRM and so on. */
  readonly env: Readonly<Record<string, string>>;
  readonly policies?: string;
  readonly settings?: Readonly<Record<string, unknown>>;
}

/**
 * What a child process may know of the tests' environment: no setting of frist, no option of node. What it compiles, the
 * next one finds again: half the time of a start.
 */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(?:FRIST_|NODE_)/.test(name));
  return { ...Object.fromEntries(inherited), NODE_COMPILE_CACHE: join(tmpdir(), 'frist-compiled') };
}

/** Starts `frist` with these arguments and nothing else. */
export function startFrist(args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  const child = spawn(process.execPath, [join(ROOT, 'bin/frist'), ...args], {
    env: { ...cleanEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => resolve({ status, signal, stdout, stderr }));
  });
  return { child, ended, errors: () => stderr };
}

/** An installation, and everything that it has ever printed. */
export class Installation {
  readonly folder = mkdtempSync(join(tmpdir(), 'frist-bad-'));
  readonly printed: Ended[] = [];
  env: Readonly<Record<string, string>>;
  readonly #common: readonly string[];
  readonly #stateUrl: string | undefined;

  constructor(options: InstallOptions) {
    this.env = options.env;
    this.write('policies.yaml', options.policies ?? POLICIES);
    this.#stateUrl = (options.settings?.['state'] as { readonly url: string } | undefined)?.url;
    const settings = {
      data: { folder: this.at('data') },
      // A store that a test takes away stays away.
      audit: { patience: 'PT1S' },
      log: { format: 'json' },
      http: { port: 0 },
      batch: { max: 100 },
      pace: 0,
      ...options.settings,
    };
    this.write('settings.json', JSON.stringify(settings));
    this.#common = ['--policies', this.at('policies.yaml'), '--settings', this.at('settings.json')];
  }

  at(...parts: readonly string[]): string {
    return join(this.folder, ...parts);
  }

  write(name: string, text: string): void {
    writeFileSync(this.at(name), text);
  }

  start(...words: readonly string[]): Running {
    const running = startFrist([...words, ...this.#common], this.env);
    void running.ended.then((ended) => this.printed.push(ended));
    return running;
  }

  async frist(...words: readonly string[]): Promise<Ended> {
    return this.start(...words).ended;
  }

  /** With `--json`: the document, which must be one and the whole of stdout, and must name the exit status. */
  async json(...words: readonly string[]): Promise<Document> {
    return documentOf(await this.frist(...words, '--json'));
  }

  /** As if a minute had gone by since a process was killed: what it had leased is free. */
  minuteLater(): void {
    const state = openSqlite(this.at('data/state.db'));
    void state.query('update frist_leases set until = 0');
    void state.close();
  }

  /** Rows of a table of the state. */
  async state(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const state = await this.#openState();
    try {
      return await state.query(sql);
    } finally {
      await state.close();
    }
  }

  async #openState(): Promise<Client> {
    if (this.#stateUrl === undefined) return openSqlite(this.at('data/state.db'));
    return this.#stateUrl.startsWith('postgres') ? openPostgres(this.#stateUrl) : openMariadb(this.#stateUrl);
  }

  /** What stands of people in anything that was printed, and in any file but the policies and settings. */
  leaks(): string[] {
    const printed = this.printed.flatMap(({ stdout, stderr }) => personalIn(stdout + stderr));
    return [...printed, ...leaksIn(this.at('data'))];
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A new installation whose state and trail are there. */
export async function install(options: InstallOptions): Promise<Installation> {
  const installation = new Installation(options);
  const made = await installation.frist('state', 'init');
  if (made.status !== 0) throw new Error(`state init: ${made.stderr}`);
  return installation;
}

/** The one document on stdout. */
export function documentOf({ status, stdout, stderr }: Ended): Document {
  let document: Document;
  try {
    document = JSON.parse(stdout) as Document;
  } catch {
    throw new Error(`not one JSON document: ${stdout.slice(0, 500)}\nstderr: ${stderr.slice(0, 500)}`);
  }
  if (document.exit !== status) throw new Error(`exit status ${String(status)}, document ${stdout}`);
  return document;
}

/** `file: what` for everybody who stands in a file below a folder. */
export function leaksIn(folder: string): string[] {
  const all = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  return all.flatMap((one) => {
    const path = join(one.parentPath, one.name);
    return personalIn(readFileSync(path, 'latin1')).map((found) => `${path}: ${found}`);
  });
}

/** What an error text must not show: a person, or the inside of the program. Undefined where it shows neither. */
export function indecent(text: string): string | undefined {
  const inside = /.*(?:\n\s+at |node:internal|node_modules|Error:|\bDEFECT\b).*/s;
  return inside.test(text) || text.includes(MARK) ? text : undefined;
}
