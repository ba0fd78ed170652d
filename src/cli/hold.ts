import type { App, Controlled } from '../installation/app.ts';
import type { Settings } from '../config.ts';
import { EXIT, FristError } from '../errors.ts';
import { keyInSource, matchesOf, matchesOfRecords, type Match } from '../erasure/holds/matches.ts';
import { placeHold, type Holding, type PlaceInput, type Placed } from '../erasure/holds/place.ts';
import { releaseHold } from '../erasure/holds/release.ts';
import { pastReview } from '../erasure/holds/review.ts';
import { isOfPolicy } from '../policy/held.ts';
import type { HeldPolicy, HeldRecord } from '../policy/subject.ts';
import { openState } from '../state/open.ts';
import type { Hold } from '../state/state.ts';
import type { World } from '../installation/wiring.ts';
import { isDay } from './shared/as-of.ts';
import { coversOf, reviewOf } from './shared/holds.ts';
import { identifierOf, recordsNamed, refuseUnknownKinds, type NamedRecord } from './shared/identifiers.ts';
import { printJson, type Io } from './print/io.ts';
import { number, table } from './print/text.ts';

export interface HoldAddOptions {
  /** `kind=value`, each. */
  readonly subject: readonly string[];
  /** `source.record=key`, each. */
  readonly record: readonly string[];
  /** Name of a policy. */
  readonly policy: string | undefined;
  readonly source: readonly string[];
  readonly restriction: boolean;
  readonly review: string | undefined;
  readonly why: string;
  readonly json: boolean;
  readonly signal: AbortSignal;
}

/** How long `hold add` waits for batches that were opened before it. */
const WAIT_MS = 60_000;
/** More records than these are counted; all of them stand in `--json`. */
const SHOWN = 20;

function usage(what: string): never {
  throw new FristError('USAGE', { what });
}

/** `frist hold add`: from now on nothing of what it is on is erased. Answers the exit status. */
export async function holdAdd(app: App, options: HoldAddOptions, io: Io): Promise<number> {
  refuseMisuse(app, options);
  const [first, ...others] = app.controllers.map(holdingOf);
  if (first === undefined) usage('--policies names no file');
  const covers = await coverage(app, [first, ...others], options);
  const placed = await placeHold(first, others, {
    kind: options.restriction ? 'restriction' : 'hold',
    ...covers,
    ...(options.review === undefined ? {} : { review: options.review }),
    why: options.why,
    waitMs: WAIT_MS,
    signal: options.signal,
  });
  const matches = await matchesOfRecords([first, ...others], placed.hold.records ?? []);
  if (placed.hold.subjects.length > 0)
    for (const one of [first, ...others]) matches.push(...(await matchesOf(one, placed.hold)));
  const result = { ...placed, matches };
  if (options.json)
    printJson(io, { ...result, beforeHold: placed.before.length, warnings: warningsOf(result) });
  else printPlaced(result, io);
  return result.settled ? EXIT.ok : EXIT.failed;
}

function holdingOf({ engine, tasks, located }: Controlled): Holding {
  return { engine, tasks, sources: located.file.sources };
}

function refuseMisuse(
  app: App,
  { subject, record, policy, source, restriction, review }: HoldAddOptions,
): void {
  const on = [subject.length > 0, record.length > 0, policy !== undefined].filter(Boolean).length;
  if (on !== 1)
    usage('a hold is on a person, on records or on a policy: give one of --subject, --record and --policy');
  if (source.length > 0 && subject.length === 0)
    usage('--source goes with --subject: a record and a policy have theirs');
  if (restriction && policy !== undefined)
    usage('--restriction is of the data of a person: give --subject or --record');
  const files = app.controllers.map((one) => one.located.file);
  if (review !== undefined && !isDay(review)) usage('--review must be a day, e.g. 2027-01-31');
  if (review !== undefined && review < new Date(app.now()).toISOString().slice(0, 10))
    usage('--review is in the past');
  if (review === undefined && files.some((file) => file.holds.reviewRequired))
    usage('--review is needed: a policy file says `holds: { review: required }`');
  const known = new Set(files.flatMap((file) => file.sources.map((one) => one.name)));
  const unknown = source.find((name) => !known.has(name));
  if (unknown !== undefined) usage(`there is no source ${unknown}`);
}

type Covers = Pick<PlaceInput, 'subjects' | 'sources' | 'records' | 'policies'>;

/** What the options name, as the hold shall keep it. */
async function coverage(
  app: App,
  holdings: readonly Holding[],
  { subject, record, policy, source }: HoldAddOptions,
): Promise<Covers> {
  const files = app.controllers.map((one) => one.located.file);
  if (policy !== undefined) return { policies: policiesNamed(holdings, policy) };
  if (record.length > 0) {
    const records: HeldRecord[] = [];
    for (const text of record) records.push(...(await recordsToHold(holdings, recordsNamed(files, text))));
    return { records };
  }
  const subjects = subject.map(identifierOf);
  refuseUnknownKinds(files, subjects);
  return { subjects, ...(source.length === 0 ? {} : { sources: source }) };
}

/**
 * The record with its key as the source writes it, which is how every record is compared with it; of every controller
 * that has it. A source that cannot be asked cannot say: held as it was given, 007 would never meet 7.
 */
async function recordsToHold(
  holdings: readonly Holding[],
  named: readonly NamedRecord[],
): Promise<readonly HeldRecord[]> {
  const records: HeldRecord[] = [];
  for (const { controller, source, record, key } of named) {
    const holding = holdings.find(({ engine }) => engine.controller.name === controller);
    const found = holding && (await keyInSource(holding.engine, source, record, key));
    if (found === 'unreachable') throw new FristError('HOLD_UNASKED', { source });
    if (found !== undefined) records.push({ controller, source, record: record.name, key: found });
  }
  const [first] = named;
  if (records.length === 0 && first !== undefined)
    throw new FristError('HOLD_NO_RECORD', { source: first.source, record: first.record.name });
  return records;
}

/** The erase policies of this name; one of `crm.*` is several. Two controllers may each have one. */
function policiesNamed(holdings: readonly Holding[], policy: string): HeldPolicy[] {
  const named = holdings.flatMap(({ engine: { controller }, tasks }) => {
    const held = { controller: controller.name, policy };
    return tasks.some((task) => isOfPolicy(held, controller.name, task.view.policy)) ? [held] : [];
  });
  if (named.length > 0) return named;
  const names = holdings.flatMap(({ tasks }) => tasks.map((task) => task.view.policy));
  return usage(`there is no policy that erases and is called ${policy}; there are: ${names.join(', ')}`);
}

type Told = Placed & { readonly matches: readonly Match[] };

function printPlaced(placed: Told, io: Io): void {
  const { hold, matches, before } = placed;
  const rows = matches.map((match) => [`${match.source}.${match.record}`, matchWords(match)]);
  const lines = [`${hold.id} stands`];
  if (hold.policies !== undefined)
    lines.push(...hold.policies.map((one) => `Nothing is erased under ${one.policy} (${one.controller}).`));
  if (rows.length > 0) lines.push(table([['record', 'matches'], ...rows]));
  io.out(`${lines.join('\n')}\n`);
  for (const warning of warningsOf(placed)) io.err(`warning: ${warning}\n`);
  for (const one of before.slice(0, SHOWN))
    io.err(`  ${one.source} ${one.key.join(',')} (${one.policy}): ${NOW_WORDS[one.now]}\n`);
  if (before.length > SHOWN) io.err(`  and ${number(before.length - SHOWN)} more: see --json\n`);
}

const NOW_WORDS: Readonly<Record<Placed['before'][number]['now'], string>> = {
  gone: 'gone',
  done: 'anonymised',
  present: 'still there',
  unknown: 'not known',
};

function matchWords(match: Match): string {
  if (match.unreachable === true) return 'cannot be asked now; the hold stands all the same';
  return match.comparable
    ? number(match.records)
    : 'declares none of these identifiers: all of them are kept';
}

function warningsOf({ hold, matches, before, settled }: Told): readonly string[] {
  const warnings: string[] = [];
  // One that cannot be asked may have the person; one that cannot be compared keeps everything.
  const none = (match: Match): boolean => match.records === 0 && match.unreachable !== true;
  if (hold.subjects.length > 0 && matches.every(none))
    warnings.push('no record matches; is the identifier right?');
  if (
    hold.records !== undefined &&
    matches.some((match) => match.records === 0 && match.unreachable !== true)
  )
    warnings.push('a record is not there any more: it was erased before the hold stood');
  if (before.length > 0) {
    const gone = before.filter((one) => one.now === 'gone' || one.now === 'done').length;
    warnings.push(
      `${number(before.length)} record(s) that it is on were in batches opened before the hold, and ${number(gone)} of them are erased`,
    );
  }
  if (!settled) {
    const { message, remedy } = new FristError('HOLD_WAIT');
    warnings.push(`${message}. ${remedy}`);
  }
  return warnings;
}

/** `frist hold list`: of all controllers. Reads the state only. */
export async function holdList(
  settings: Settings,
  world: World,
  options: { readonly all: boolean; readonly json: boolean },
  io: Io,
): Promise<number> {
  const holds = await readHolds(settings, world, options.all);
  const now = new Date(world.now()).toISOString();
  const past = pastReview(holds, now);
  if (options.json) {
    printJson(io, { holds, pastReview: past.map((hold) => hold.id) });
    return EXIT.ok;
  }
  const rows = holds.map((hold) => [
    hold.id,
    hold.kind,
    coversOf(hold),
    hold.records === undefined && hold.policies === undefined
      ? (hold.sources?.join(',') ?? 'all sources')
      : '',
    hold.placed.slice(0, 10),
    hold.by,
    reviewOf(hold, now),
  ]);
  const head = ['hold', 'kind', 'on', 'sources', 'placed', 'by', 'review'];
  io.out(`${table([head, ...rows])}\n`);
  if (past.length > 0) io.err(`${number(past.length)} hold(s) past their review: look at them again\n`);
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

/** `frist hold release <id>`: of several files the longest grace counts, for a hold may be on all of them. */
export async function holdRelease(
  app: App,
  options: { readonly hold: string; readonly why: string; readonly json: boolean },
  io: Io,
): Promise<number> {
  const [controlled] = app.controllers;
  if (controlled === undefined) usage('--policies names no file');
  const grace = Math.max(...app.controllers.map((one) => one.located.file.holds.graceHours));
  const until = await releaseHold(controlled.engine, options.hold, options.why, grace);
  if (options.json) printJson(io, { released: options.hold, ...(until === undefined ? {} : { until }) });
  else if (until === undefined) io.out(`${options.hold} is released\n`);
  else io.out(`${options.hold} is released; what it covered is kept until ${until.slice(0, 16)}Z\n`);
  return EXIT.ok;
}
