// A storm: frist is killed with -9 again and again, wherever it is. After each kill nobody is gone of whom it was not on
// record before, and nobody is told to be gone who is there; and in the end all is as if there had been no kill.
import { statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { claims, disagreements, trailOf } from '../support/bad-days/agreement.ts';
import type { Ended, Installation } from '../support/bad-days/installation.ts';
import { documentOf, indecent } from '../support/bad-days/installation.ts';
import type { Random } from '../support/random.ts';
import { halves, makeWorld, type Ground, type World } from './world.ts';

/** Contacts per kill, so that few kills come when all is done. */
const CONTACTS_PER_KILL = 80;
/** Kills of one world; a longer storm has several. */
const KILLS_AT_MOST = 40;

/** What a storm met. */
export interface Weather {
  worlds: number;
  kills: number;
  /** Kills after which a batch was open. */
  open: number;
  /** Records that were found gone afterwards. */
  absent: number;
  /** Kills of an approval. */
  approvals: number;
}

/** Kills `kills` times over one kind of ground. @throws Error that lists what does not agree. */
export async function storm(ground: Ground, kills: number, random: Random): Promise<Weather> {
  const weather: Weather = { worlds: 0, kills: 0, open: 0, absent: 0, approvals: 0 };
  while (weather.kills < kills) {
    const planned = Math.min(KILLS_AT_MOST, kills - weather.kills);
    weather.worlds += 1;
    // One way or the other first, then in turn.
    const guarded = weather.worlds % 2 === (ground === 'innodb' || ground === 'sqlite' ? 1 : 0);
    const world = await makeWorld(ground, 20 + planned * CONTACTS_PER_KILL, guarded);
    try {
      await blow(world, planned, random, weather);
    } finally {
      await world.remove();
    }
  }
  return weather;
}

/** One world, until it was killed `kills` times or all is done. */
async function blow(world: World, kills: number, random: Random, weather: Weather): Promise<void> {
  const { on, people } = world;
  const kept = await world.ofTheKept();
  const until = weather.kills + kills;
  while (weather.kills < until && (await people.left()).length > people.kept.length) {
    const words = await nextCommand(on);
    if (await startAndKill(on, words, random)) {
      weather.kills += 1;
      if (words[0] === 'approve') weather.approvals += 1;
    }
    const [batches] = await on.state('select count(*) as n from frist_batches');
    if (Number(batches?.['n']) > 0) weather.open += 1;
    on.minuteLater();
    const told = await world.told();
    const faults = [...(await claims(on, told)), ...(await halves(world))];
    if ((await world.ofTheKept()) !== kept) faults.push('somebody who is not due was touched');
    if (faults.length > 0) throw new Error(`after kill ${String(weather.kills)}:\n${faults.join('\n')}`);
  }
  weather.absent += await toItsEnd(world, kept);
}

/** What the operator would do next: approve what waits, else run. */
async function nextCommand(on: Installation): Promise<readonly string[]> {
  const [plan] = await on.state("select id from frist_plans where status in ('waiting', 'approved')");
  return plan === undefined ? ['run'] : ['approve', String(plan['id']), '--why', 'the storm'];
}

/**
 * Starts a command and kills it: some appends to the trail after its beginning, and a little later still, so that it is
 * the same on a slow machine. False when it had ended before.
 */
async function startAndKill(on: Installation, words: readonly string[], random: Random): Promise<boolean> {
  const checkpoint = on.at('data/audit/checkpoint');
  const version = (): number => statSync(checkpoint, { throwIfNoEntry: false })?.ino ?? 0;
  let seen = version();
  const { child, ended } = on.start(...words, '--json');
  let over = false;
  void ended.then(() => (over = true));
  for (let left = Math.floor(random() * 10); left > 0 && !over;) {
    await delay(2);
    if (version() === seen) continue;
    seen = version();
    left -= 1;
  }
  await Promise.race([delay(random() * 60), ended]);
  child.kill('SIGKILL');
  const end = await ended;
  if (end.signal === null) mustBeExpected(end);
  return end.signal !== null;
}

/** A command that came to its end: well, with a plan that waits, or told to wait for the server. */
function mustBeExpected(end: Ended): void {
  const { exit, error, policies } = documentOf(end);
  const codes = [error, ...(policies ?? []).map((one) => one.error)].flatMap((one) => one?.code ?? []);
  const expected = /^(?:SOURCE_BUSY|GUARD)/;
  if (![0, 2, 3, 5].includes(exit) || !codes.every((code) => expected.test(code)))
    throw new Error(`unexpected end: ${end.stdout}${end.stderr}`);
}

/** On stdout, which is for the eyes of who approves: the keys of what was approved and is not there any more. */
const TOLD_TO_APPROVER = /^a person stands in (?!\/)/;

/** Lets it come to its end, and holds everything against everything; answers how many records were found gone. */
async function toItsEnd(world: World, kept: string): Promise<number> {
  const { on, people } = world;
  // Keys whose plan never came are forgotten after a day.
  await on.state('pragma secure_delete = on; update frist_plan_keys set written = 0');
  for (let tries = 0; ; tries += 1) {
    on.minuteLater();
    const words = await nextCommand(on);
    const end = await on.frist(...words, '--json');
    mustBeExpected(end);
    if (end.status === 0 && words[0] === 'run') break;
    if (tries === 40) throw new Error(`it does not come to an end: ${end.stdout}`);
    // The server may not have noticed yet that its client has died.
    if (end.status === 2) await delay(200);
  }
  const told = await world.told();
  const faults = [...(await disagreements(on, told)).filter((fault) => !TOLD_TO_APPROVER.test(fault))];
  for (const { stderr } of on.printed) if (indecent(stderr) !== undefined) faults.push(`indecent: ${stderr}`);
  faults.push(...(await halves(world)));
  if ((await people.left()).length !== people.kept.length) faults.push('somebody who was due is left');
  const files = world.files().length;
  if (files !== people.kept.length) faults.push(`${String(files)} files of ${String(people.kept.length)}`);
  if ((await world.ofTheKept()) !== kept) faults.push('somebody who is not due was touched');
  if (faults.length > 0) throw new Error(`in the end:\n${faults.join('\n')}`);
  const [row] = await on.state("select count(*) as n from frist_runs where state = 'running'");
  if (Number(row?.['n']) > 0) throw new Error('a run has no end');
  return absentIn(on);
}

function absentIn(on: Installation): number {
  return trailOf(on).filter((entry) => entry['outcome'] === 'absent-after-crash').length;
}
