import type { App } from '../app.ts';
import type { Settings } from '../config.ts';
import { EXIT, FristError } from '../errors.ts';
import { matchesOf, placeHold, releaseHold, type Match, type Placed } from '../erasure/holds.ts';
import { openState } from '../state/open.ts';
import type { Hold } from '../state/state.ts';
import type { World } from '../wiring.ts';
import { isDay } from './shared/as-of.ts';
import { identifierOf, refuseUnknownKinds } from './shared/identifiers.ts';
import { printJson, type Io } from './shared/io.ts';
import { number, table } from './shared/text.ts';

export interface HoldAddOptions {
  /** `kind=value`, each. */
  readonly subject: readonly string[];
  readonly source: readonly string[];
  readonly review?: string;
  readonly why: string;
  readonly json: boolean;
  readonly signal: AbortSignal;
}

/** How long `hold add` waits for batches that were opened before it. */
const WAIT_MS = 60_000;

/** `frist hold add`: from now on nothing of this subject is erased. Answers the exit status. */
export async function holdAdd(app: App, options: HoldAddOptions, io: Io): Promise<number> {
  const subjects = options.subject.map(identifierOf);
  if (subjects.length === 0)
    throw new FristError('USAGE', { what: '--subject kind=value is needed, e.g. --subject email=…' });
  if (options.review !== undefined && !isDay(options.review)) {
    throw new FristError('USAGE', { what: '--review must be a day, e.g. 2027-01-31' });
  }
  const known = new Set(
    app.controllers.flatMap((one) => one.located.file.sources.map((source) => source.name)),
  );
  for (const name of options.source) {
    if (!known.has(name)) throw new FristError('USAGE', { what: `there is no source ${name}` });
  }
  refuseUnknownKinds(
    app.controllers.map((one) => one.located.file),
    subjects,
  );
  const [first, ...others] = app.controllers;
  if (first === undefined) throw new FristError('USAGE', { what: '--policies names no file' });
  const placed = await placeHold(first.engine, first.located.file.sources, {
    subjects,
    ...(options.source.length === 0 ? {} : { sources: options.source }),
    ...(options.review === undefined ? {} : { review: options.review }),
    why: options.why,
    waitMs: WAIT_MS,
    signal: options.signal,
  });
  const matches = [...placed.matches];
  for (const { engine, located } of others)
    matches.push(...(await matchesOf(engine, located.file.sources, subjects)));
  const result = { ...placed, matches };
  if (options.json) printJson(io, { ...result, ...warningsOf(result) });
  else printPlaced(result, io);
  return result.settled ? EXIT.ok : EXIT.failed;
}

function printPlaced(placed: Placed, io: Io): void {
  io.out(`${placed.hold.id} stands\n${matchTable(placed.matches)}\n`);
  for (const warning of warningsOf(placed).warnings) io.err(`warning: ${warning}\n`);
}

function matchTable(matches: readonly Match[]): string {
  const rows = matches.map((match) => [`${match.source}.${match.record}`, matchWords(match)]);
  return table([['record', 'matches'], ...rows]);
}

function matchWords(match: Match): string {
  if (match.unreachable === true) return 'cannot be asked now; the hold stands all the same';
  return match.comparable
    ? number(match.records)
    : 'declares none of these identifiers: all of them are kept';
}

function warningsOf(placed: Placed): { readonly warnings: readonly string[] } {
  const warnings: string[] = [];
  if (placed.matches.every((match) => match.records === 0))
    warnings.push('no record matches; is the identifier right?');
  if (placed.beforeHold > 0) {
    warnings.push(
      `${number(placed.beforeHold)} record(s) of this subject were in batches opened before the hold`,
    );
  }
  if (!placed.settled) {
    const { message, remedy } = new FristError('HOLD_WAIT');
    warnings.push(`${message}. ${remedy}`);
  }
  return { warnings };
}

/** `frist hold list`: of all controllers. Reads the state only. */
export async function holdList(
  settings: Settings,
  world: World,
  options: { readonly all: boolean; readonly json: boolean },
  io: Io,
): Promise<number> {
  const holds = await readHolds(settings, world, options.all);
  const today = new Date(world.now()).toISOString().slice(0, 10);
  if (options.json) {
    printJson(io, { holds });
    return EXIT.ok;
  }
  const rows = holds.map((hold) => [
    hold.id,
    hold.subjects.map(([kind, value]) => `${kind}=${value}`).join(' '),
    hold.sources?.join(',') ?? 'all sources',
    hold.placed.slice(0, 10),
    hold.by,
    reviewWords(hold, today),
  ]);
  io.out(`${table([['hold', 'subject', 'sources', 'placed', 'by', 'review'], ...rows])}\n`);
  return EXIT.ok;
}

async function readHolds(settings: Settings, world: World, released: boolean): Promise<readonly Hold[]> {
  const state = await openState(settings.state.url, { clock: world.now });
  try {
    const active = await state.holds({ active: true });
    return released ? [...active, ...(await state.holds({ active: false }))] : active;
  } finally {
    await state.close();
  }
}

function reviewWords(hold: Hold, today: string): string {
  if (hold.released !== undefined) return `released ${hold.released.slice(0, 10)}`;
  if (hold.review === undefined) return '';
  return hold.review < today ? `${hold.review}, past` : hold.review;
}

/** `frist hold release <id>`. */
export async function holdRelease(
  app: App,
  options: { readonly hold: string; readonly why: string; readonly json: boolean },
  io: Io,
): Promise<number> {
  const [controlled] = app.controllers;
  if (controlled === undefined) throw new FristError('USAGE', { what: '--policies names no file' });
  await releaseHold(controlled.engine, options.hold, options.why);
  if (options.json) printJson(io, { released: options.hold });
  else io.out(`${options.hold} is released\n`);
  return EXIT.ok;
}
