import { existsSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEMO_AS_OF, demoData, HELD, type EdgeCase } from '../demo/data.ts';
import { demoFile, lookAt, seedDemo, type Left } from '../demo/seed.ts';
import { firstRecordEntry } from '../demo/trail.ts';
import { EXIT, FristError } from '../errors.ts';
import type { Io } from './print/io.ts';
import type { Command, Process } from './shared/process.ts';
import { number } from './print/text.ts';

const WHY = 'Looked at with the data-protection officer';
/** Settings in the environment win over the demo's: with them it would play on a real state and a real trail. */
const REAL_SETTINGS = /^FRIST_/;

const SETTINGS = `# Settings of the demo. The clock may be set, because it plays on ${DEMO_AS_OF.slice(0, 10)}.
data: { folder: FOLDER }
clock: { settable: true }
log: { level: error }
`;

/** A place of its own for the demo, with what is needed to run commands there. */
interface Stage {
  readonly folder: string;
  readonly process: Process;
  readonly command: Command;
  readonly policies: string;
  readonly settings: string;
}

/**
 * `frist demo`: the whole of it on made-up people, by the same commands that an operator types. Answers 0 when every
 * command ended as it should and every edge case came out as promised.
 */
export async function demo(folder: string | undefined, process: Process, command: Command): Promise<number> {
  const stage = await prepare(placeFor(folder), process, command);
  const tell = narrator(process.io);
  introduce(stage, tell);
  const acts = [decide, stopped, approved, survivors, again, proven, reported];
  for (const act of acts) {
    if (process.signal.aborted || !(await act(stage, tell))) {
      tell.failed('The demo ends here: something did not come out as promised.');
      return EXIT.failed;
    }
  }
  tell.say(`Everything is in ${stage.folder}: look at it, change it, run the commands above again.`);
  return EXIT.ok;
}

/** An empty folder: the demo writes over nothing. */
function placeFor(folder: string | undefined): string {
  if (folder === undefined) return mkdtempSync(join(tmpdir(), 'frist-demo-'));
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    throw new FristError('USAGE', { what: `--folder ${folder} is not empty; the demo writes over nothing` });
  }
  return folder;
}

async function prepare(folder: string, process: Process, command: Command): Promise<Stage> {
  await seedDemo(folder);
  const settings = join(folder, 'settings.yaml');
  writeFileSync(settings, SETTINGS.replace('FOLDER', JSON.stringify(join(folder, 'data'))));
  const { environment: given } = process;
  const env = Object.fromEntries(Object.entries(given).filter(([name]) => !REAL_SETTINGS.test(name)));
  for (const { database } of demoData().databases)
    env[`FRIST_${database.toUpperCase()}`] = `sqlite:${demoFile(folder, database)}`;
  const policies = examplePolicies();
  return { folder, process: { ...process, environment: env }, command, policies, settings };
}

/** Beside `src` in development, beside `dist` in the image. */
function examplePolicies(): string {
  const built = import.meta.url.includes('/dist/');
  const url = new URL(`${built ? '../' : ''}../../config/policies.example.yaml`, import.meta.url);
  const path = fileURLToPath(url);
  const short = relative('.', path);
  return short.startsWith('..') ? path : short;
}

interface Narrator {
  say(text: string): void;
  failed(text: string): void;
}

function narrator({ out, err }: Io): Narrator {
  return {
    say: (text) => out(`\n# ${text.replaceAll('\n', '\n# ')}\n`),
    failed: (text) => err(`\n# ${text}\n`),
  };
}

/** Runs a command as a reader would type it, showing it and its exit status. Answers whether that was the expected one. */
async function type(stage: Stage, words: readonly string[], expected: number): Promise<boolean> {
  const { io } = stage.process;
  const shown = words.map((word) => (/^[\w@.:=/-]+$/.test(word) ? word : `'${word}'`)).join(' ');
  io.out(`\n$ frist ${shown}\n`);
  const status = await stage.command(
    [...words, '--policies', stage.policies, '--settings', stage.settings],
    stage.process,
  );
  if (status !== EXIT.ok) io.out(`(exit status ${String(status)})\n`);
  return status === expected;
}

/** Runs a command for its document, unseen. */
async function ask(stage: Stage, words: readonly string[]): Promise<unknown> {
  let text = '';
  const io: Io = { out: (more) => void (text += more), err: () => undefined };
  const { policies, settings, process, command } = stage;
  await command([...words, '--json', '--policies', policies, '--settings', settings], { ...process, io });
  return JSON.parse(text);
}

function introduce({ folder, process, policies, settings }: Stage, tell: Narrator): void {
  const { databases } = demoData();
  tell.say('A company that does not exist has four systems full of people who do not exist:');
  for (const { database, tables } of databases) {
    const counts = tables.map((table) => `${number(table.rows.length)} ${table.name}`).join(', ');
    process.io.out(`  ${database.padEnd(10)}  ${counts}\n`);
  }
  tell.say(
    `What it promised them stands in ${policies}. It is ${DEMO_AS_OF}.\n` +
      'Each command below is one that you can type, with these behind it and in the environment:',
  );
  process.io.out(`  --policies ${policies} --settings ${settings}\n`);
  for (const { database } of databases)
    process.io.out(`  FRIST_${database.toUpperCase()}=sqlite:${demoFile(folder, database)}\n`);
}

/** From nothing to the dry run. */
async function decide(stage: Stage, tell: Narrator): Promise<boolean> {
  tell.say(
    'State, audit trail and keys are made together, once. Nothing makes them anew later: holds would be lost.',
  );
  if (!(await type(stage, ['state', 'init'], EXIT.ok))) return false;
  tell.say(
    'Do the policies fit the databases? This reads catalogues, and says in words what was understood.',
  );
  if (!(await type(stage, ['check'], EXIT.ok))) return false;
  tell.say(
    `${HELD.name} is in a dispute with the company. Her data must stay while it lasts, in every system.`,
  );
  const hold = ['hold', 'add', '--subject', `email=${HELD.email}`, '--why', 'Dispute 2026-17'];
  if (!(await type(stage, hold, EXIT.ok))) return false;
  tell.say('What would a run erase, what would it keep, and why? The dry run writes nowhere.');
  return type(stage, ['plan', '--as-of', DEMO_AS_OF], EXIT.ok);
}

async function stopped(stage: Stage, tell: Narrator): Promise<boolean> {
  tell.say('Run it. These policies are new, so the guards let no more than 100 records and 1 % go unseen.');
  return type(stage, ['run', '--as-of', DEMO_AS_OF], EXIT.waiting);
}

interface StatusDocument {
  readonly policies: readonly {
    readonly policy: string;
    readonly waiting: readonly { readonly id: string }[];
  }[];
}

async function approved(stage: Stage, tell: Narrator): Promise<boolean> {
  tell.say(
    'Somebody has looked at the plans and lets them go: exactly these records, if they are still due.',
  );
  const { policies } = (await ask(stage, ['status'])) as StatusDocument;
  const plans = policies.flatMap((policy) => policy.waiting.map((plan) => plan.id));
  for (const plan of plans) {
    if (!(await type(stage, ['approve', plan, '--why', WHY, '--as-of', DEMO_AS_OF], EXIT.ok))) return false;
  }
  return plans.length > 0;
}

const FATE: Readonly<Record<Left['is'], EdgeCase['fate']>> = {
  gone: 'goes',
  changed: 'is anonymised',
  untouched: 'stays',
};
const SHOWN: Readonly<Record<Left['is'], string>> = {
  gone: 'gone',
  changed: 'anonymised',
  untouched: 'untouched',
};

async function survivors(stage: Stage, tell: Narrator): Promise<boolean> {
  tell.say('What a sceptic would look at, and what is left of it in the databases now:');
  const { edgeCases } = demoData();
  const left = await lookAt(stage.folder, edgeCases);
  let right = true;
  edgeCases.forEach((edge, i) => {
    const is = left[i]?.is ?? 'gone';
    right &&= FATE[is] === edge.fate;
    const mark = FATE[is] === edge.fate ? '' : `  WRONG: it ${edge.fate}`;
    stage.process.io.out(
      `  ${SHOWN[is].padEnd(10)}  ${edge.label}  (${edge.database}.${edge.table})${mark}\n`,
    );
    stage.process.io.out(`              ${edge.because}\n`);
  });
  return right;
}

async function again(stage: Stage, tell: Narrator): Promise<boolean> {
  tell.say('A second run finds nothing more to do.');
  if (!(await type(stage, ['run', '--as-of', DEMO_AS_OF], EXIT.ok))) return false;
  if (!(await type(stage, ['status'], EXIT.ok))) return false;
  tell.say('What the audit trail says of one erased record. It names nobody:');
  stage.process.io.out(`  ${(await firstRecordEntry(join(stage.folder, 'data', 'audit'))) ?? 'nothing'}\n`);
  tell.say('And nobody can change it unseen: every entry stands in a signed tree.');
  return type(stage, ['audit', 'verify'], EXIT.ok);
}

/** What somebody is answered whose data went, and what he can do with the answer. */
async function proven(stage: Stage, tell: Narrator): Promise<boolean> {
  tell.say(
    'One of the applicants asks what became of her application. The trail names nobody, but can be asked:',
  );
  const email = ['--subject', `email=${erasedApplicant()}`];
  if (!(await type(stage, ['audit', 'find', ...email], EXIT.ok))) return false;
  tell.say('She is given a receipt. Whoever has the public key can check it, without frist’s databases:');
  const receipt = join(stage.folder, 'receipt.json');
  if (!(await type(stage, ['audit', 'prove', ...email, '--out', receipt], EXIT.ok))) return false;
  const { verifierKey } = (await ask(stage, ['audit', 'verify'])) as { readonly verifierKey: string };
  return type(stage, ['audit', 'prove', '--check', receipt, '--key', verifierKey], EXIT.ok);
}

/** The page for an authority. */
async function reported(stage: Stage, tell: Narrator): Promise<boolean> {
  tell.say(
    'An authority asks: which limits, who decides, how is it checked, is the log whole? One page answers from the trail.\n' +
      '(What was erased counts as late there: by the clock of today these promises had long passed.)',
  );
  const today = new Date(stage.process.now()).toISOString().slice(0, 10);
  const days = ['--from', `${today.slice(0, 7)}-01`, '--to', today];
  return type(stage, ['audit', 'report', ...days, '--out', join(stage.folder, 'report.html')], EXIT.ok);
}

/** The address of an applicant whose application went. */
function erasedApplicant(): string {
  const { databases, edgeCases } = demoData();
  const edge = edgeCases.find((one) => one.database === 'ats' && one.fate === 'goes');
  const table = databases
    .find((one) => one.database === 'ats')
    ?.tables.find((one) => one.name === edge?.table);
  const [id, email] = ['id', 'email'].map((column) => table?.columns.indexOf(column) ?? -1);
  const row = table?.rows.find((one) => one[id ?? -1] === edge?.key[0]);
  return String(row?.[email ?? -1]);
}
