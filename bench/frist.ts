/** frist itself, as an operator runs it: a policy file, a state and a trail of its own, the commands `run` and `plan`. */
import { cp, mkdir, mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run as execute } from '../test/support/servers/server.ts';
import { run, type Command } from './measuring/measure.ts';
import type { Server } from './database/server.ts';
import type { Table } from './database/table.ts';

export interface FristOptions {
  readonly table: Table;
  readonly action?: 'delete' | 'anonymise';
  /** Erase without rest, in batches of this many records. Undefined: batches and rests as they are by default. */
  readonly batch?: number;
}

/** Where frist is and what it works on. */
export interface Site {
  readonly launcher: string;
  readonly folder: string;
  readonly server: Server;
}

const ANONYMISE = `anonymise
    set:
      { name: null, phone: null, street: null, city: '', job: null, note: null, email: { placeholder: 'erased-{key}@invalid' } }`;

/** Guards are on, with room; everything else is as it is by default. */
function policies({ table, action = 'delete' }: FristOptions): string {
  return `frist: 1
controller: { name: Bench, timezone: UTC }
guards: { records: 100000000, percent: 100 }
first run guards: { records: 100000000, percent: 100 }
sources:
  crm:
    kind: sql
    connection: \${BENCH_DATABASE}
    datetimes in: UTC
    records:
      contact:
        table: ${table.name}
        key: id
        subject: { email: email }
        related: { ${table.dependents.map((name) => `${name}: { table: ${name}, match: { contact_id: id } }`).join(', ')} }
policies:
  contacts:
    records: crm.contact
    start: last_activity_at
    after: 12 months
    action: ${action === 'delete' ? 'delete' : ANONYMISE}
    dependents: [${table.dependents.map((name) => `{ delete: ${name} }`).join(', ')}]
`;
}

/** A command of a fresh installation: a new state, a new trail, new keys. */
export async function fristCommand(
  site: Site,
  verb: 'run' | 'plan',
  options: FristOptions,
): Promise<Command> {
  const folder = await mkdtemp(join(site.folder, 'frist-'));
  const file = join(folder, 'policies.yaml');
  await writeFile(file, policies(options));
  const env = {
    BENCH_DATABASE: site.server.url,
    FRIST_DATA_FOLDER: join(folder, 'var'),
    FRIST_LOG_LEVEL: 'warn',
    ...(options.batch === undefined ? {} : unpaced(options.batch)),
  };
  const command = (...words: readonly string[]): Command => ({
    program: process.execPath,
    args: [site.launcher, ...words, '--json', '--policies', file],
    env,
  });
  await run(command('state', 'init'), site.server.pid);
  // 5 is said of records that are overdue: a dry run leaves them so.
  return { ...command(verb), expected: [0, 5] };
}

function unpaced(batch: number): Record<string, string> {
  // So long a target that no batch is ever made smaller.
  return { FRIST_PACE: '0', FRIST_BATCH_MAX: String(batch), FRIST_BATCH_TARGET: '600000' };
}

const ROOT = join(import.meta.dirname, '..');

/** Builds frist, as an image has it (plain JavaScript), into `folder`, which must not exist; answers the path of its launcher. */
export async function buildFrist(folder: string): Promise<string> {
  await mkdir(folder);
  const compiler = join(ROOT, 'node_modules', '.bin', 'tsc');
  await execute(compiler, ['--project', join(ROOT, 'tsconfig.build.json'), '--outDir', join(folder, 'dist')]);
  for (const part of ['bin', 'config', 'package.json'])
    await cp(join(ROOT, part), join(folder, part), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return join(folder, 'bin', 'frist');
}
