/** Starting points. */
import { ALWAYS } from '../../policy.ts';
import type { Encoding, Scalar, Start, StartColumn } from '../../policy.ts';
import { EARLIEST_BY_DEFAULT, UNKNOWN_BY_DEFAULT } from '../../time/raw.ts';
import type { Mapping } from '../document.ts';
import type { Path } from '../position.ts';
import { nearest } from '../report.ts';
import type { Report } from '../report.ts';
import { readCondition, readRelatedName } from './condition.ts';
import { readZone } from './controller.ts';

/** What the words in a policy can refer to. */
export interface Scene {
  /** Names of the related rows of the record type. */
  readonly related: ReadonlySet<string>;
  /** Zone of date-and-time columns without one of their own. */
  readonly datetimesIn: string | undefined;
  readonly report: Report;
}

const FORMS = ['column', 'max', 'latest of', 'first known of'] as const;
const PLAIN_ENCODINGS = ['instant', 'date', 'epoch seconds', 'epoch milliseconds'] as const;

function refuse(scene: Scene, path: Path, message: string, remedy: string): void {
  scene.report.add({ code: 'contradiction', path, message, remedy, on: 'key' });
}

function readEncoding(raw: Mapping, path: Path, scene: Scene): { readonly encoding?: Encoding } | undefined {
  const as = raw['as'] as string | undefined;
  const timed = raw['time'] !== undefined;
  // A date with a text time beside it is a local time, whatever the type of the date column says.
  if (as === undefined && !timed) return {};
  const plain = PLAIN_ENCODINGS.find((kind) => kind === as);
  if (plain !== undefined) {
    if (!timed) return { encoding: { kind: plain } };
    refuse(
      scene,
      [...path, 'time'],
      `\`time\` cannot stand with \`as: ${plain}\``,
      'Write as: local, or remove `time`.',
    );
    return undefined;
  }
  const named = /^local (.+)$/.exec(as ?? '')?.[1];
  if (named !== undefined) {
    const zone = readZone(named, [...path, 'as'], scene.report);
    return zone === undefined ? undefined : { encoding: { kind: 'local', zone } };
  }
  if (as !== undefined && as !== 'local') {
    const near = nearest(as, [...PLAIN_ENCODINGS, 'local']);
    scene.report.add({
      code: 'bad-encoding',
      path: [...path, 'as'],
      message: `"${as}" is no way to store a moment`,
      remedy: `${near === undefined ? '' : `Did you mean "${near}"? `}Known: ${PLAIN_ENCODINGS.join(', ')}, local, local Europe/Copenhagen.`,
    });
    return undefined;
  }
  if (scene.datetimesIn !== undefined) return { encoding: { kind: 'local', zone: scene.datetimesIn } };
  scene.report.add({
    code: 'missing-timezone',
    path: [...path, as === undefined ? 'time' : 'as'],
    message: 'It is not said in which time zone this is stored',
    remedy:
      'Write the zone here (as: local Europe/Copenhagen), or `datetimes in` on the record type or the source.',
  });
  return undefined;
}

/** Raw values, as text. */
function readValues(
  raw: Mapping,
  word: 'not yet' | 'unknown',
  path: Path,
  scene: Scene,
): readonly string[] | undefined {
  const given = raw[word];
  if (given === undefined) return [];
  const list = (Array.isArray(given) ? given : [given]) as readonly Scalar[];
  if (list.every((value) => value !== null && typeof value !== 'boolean')) return list.map(String);
  const remedy = 'List values as they stand in the column, e.g. [0]; what NULL means is said by `null:`.';
  refuse(scene, [...path, word], `\`${word}\` lists values that cannot be stored as a moment`, remedy);
  return undefined;
}

/** Whether the day exists: the calendar of Date moves 30 February to March. */
function isDay(day: string): boolean {
  const date = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day);
}

function readEarliest(raw: Mapping, path: Path, scene: Scene): string | undefined {
  const day = (raw['earliest'] as string | undefined) ?? EARLIEST_BY_DEFAULT;
  const known = /^\d{4}-\d\d-\d\d$/.test(day) && isDay(day);
  if (known) return day;
  scene.report.add({
    code: 'bad-date',
    path: [...path, 'earliest'],
    message: `"${day}" is no day`,
    remedy: 'Write it as YYYY-MM-DD.',
  });
  return undefined;
}

type Origin = Pick<StartColumn, 'column' | 'timeColumn' | 'maxOf'>;

/** Where the value stands: a column of the record, or the largest over related rows. */
function readOrigin(raw: Mapping, path: Path, scene: Scene): Origin | undefined {
  const { column, max, where, time } = raw;
  if (typeof column === 'string') {
    if (where !== undefined) {
      refuse(scene, [...path, 'where'], '`where` stands only with `max`', 'Put it on the policy.');
      return undefined;
    }
    return typeof time === 'string' ? { column, timeColumn: time } : { column };
  }
  if (time !== undefined) {
    refuse(scene, [...path, 'time'], '`time` stands only with `column`', 'Remove it.');
    return undefined;
  }
  const [, name, below] = /^([^.]+)\.(.+)$/s.exec(String(max)) ?? [];
  if (name === undefined || below === undefined) {
    scene.report.add({
      code: 'wrong-value',
      path: [...path, 'max'],
      message: '`max` names related rows and their column',
      remedy: 'Write it as related.column, e.g. messages.sent_at.',
    });
    return undefined;
  }
  const related = readRelatedName(name, [...path, 'max'], scene.related, scene.report);
  const filter =
    where === undefined ? ALWAYS : readCondition(where, [...path, 'where'], undefined, scene.report);
  return related === undefined || filter === undefined
    ? undefined
    : { column: below, maxOf: { related, where: filter } };
}

function readLeaf(raw: Mapping, path: Path, scene: Scene): Start | undefined {
  const origin = readOrigin(raw, path, scene);
  const encoding = readEncoding(raw, path, scene);
  const notYet = readValues(raw, 'not yet', path, scene);
  const declared = readValues(raw, 'unknown', path, scene);
  const earliest = readEarliest(raw, path, scene);
  const both = declared?.find((value) => notYet?.includes(value));
  if (both !== undefined) {
    refuse(
      scene,
      [...path, 'unknown'],
      `"${both}" cannot mean both not yet and unknown`,
      'Remove it from one of the lists.',
    );
    return undefined;
  }
  if (!origin || !encoding || !notYet || !declared || earliest === undefined) return undefined;
  const whenNull = raw['null'] as StartColumn['whenNull'];
  return {
    kind: 'column',
    ...origin,
    ...encoding,
    ...(whenNull === undefined ? {} : { whenNull }),
    notYet,
    unknown: [...new Set([...UNKNOWN_BY_DEFAULT, ...declared])].filter((value) => !notYet.includes(value)),
    mayLieAhead: raw['may lie ahead'] === true,
    earliest,
  };
}

/** Reads a starting point whose shape is already valid; undefined, and reported, where something in it is wrong. */
export function readStart(raw: unknown, path: Path, scene: Scene): Start | undefined {
  const mapping: Mapping = typeof raw === 'string' ? { column: raw } : (raw as Mapping);
  const forms = Object.keys(mapping).flatMap((key) => FORMS.find((form) => form === key) ?? []);
  const [form] = forms;
  if (form === undefined || forms.length > 1) {
    const message =
      form === undefined
        ? 'It is not said where the starting point stands'
        : `${forms.join(' and ')} cannot stand together`;
    const remedy = `Write exactly one of: ${FORMS.join(', ')}.`;
    scene.report.add({ code: 'contradiction', path, message, remedy });
    return undefined;
  }
  if (form === 'column' || form === 'max') return readLeaf(mapping, path, scene);
  const other = Object.keys(mapping).find((key) => key !== form);
  if (other !== undefined) {
    refuse(
      scene,
      [...path, other],
      `\`${other}\` cannot stand beside \`${form}\``,
      'Put it on the parts of the list that it is about.',
    );
    return undefined;
  }
  const parts = (mapping[form] as readonly unknown[]).map((part, index) =>
    readStart(part, [...path, form, index], scene),
  );
  const of = parts.filter((part) => part !== undefined);
  return of.length < parts.length ? undefined : { kind: form, of };
}

/** The leaves of a starting point that stand in the record's own source. */
export function leavesOf(start: Start): readonly StartColumn[] {
  if (start.kind === 'elsewhere') return [];
  return start.kind === 'column' ? [start] : start.of.flatMap(leavesOf);
}
