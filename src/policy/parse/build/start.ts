/** Starting points. */
import { ALWAYS } from '../../policy.ts';
import type { Encoding, Field, Scalar, Start, StartColumn } from '../../policy.ts';
import { EARLIEST_BY_DEFAULT, UNKNOWN_BY_DEFAULT } from '../../time/raw.ts';
import type { Mapping } from '../document.ts';
import type { Path } from '../position.ts';
import { nearest } from '../report.ts';
import type { Report } from '../report.ts';
import { readCondition } from './condition.ts';
import { readZone } from './controller.ts';
import { readElsewhere } from './elsewhere.ts';
import { readField } from './names/field.ts';
import { COLUMNS_ONLY, readRelatedName } from './names/sight.ts';
import type { Sight } from './names/sight.ts';

/** What the words in a policy can refer to. */
export interface Scene {
  readonly sight: Sight;
  /** Zone of date-and-time columns without one of their own. */
  readonly datetimesIn: string | undefined;
  /** Kinds of identifiers that the record type declares; undefined where they are not known. */
  readonly identifiers: ReadonlySet<string> | undefined;
  /** Those of them that stand in related rows, which can name several people. */
  readonly inRelated: ReadonlySet<string>;
  /** The scene of the records at `source.record`; undefined, and reported, where there are none. */
  readonly elsewhere: (records: string, path: Path) => ElsewhereScene | undefined;
  readonly report: Report;
}

/** Records of another source. */
export interface ElsewhereScene extends Scene {
  readonly source: string;
  readonly record: string;
}

const LEAVES = ['column', 'max', 'min'] as const;
const FORMS = [...LEAVES, 'latest of', 'first known of', 'elsewhere'] as const;
/** Keys that only `elsewhere` gives a meaning to. */
const OF_ELSEWHERE = ['by', 'start', 'if unreachable', 'if none', 'if several'] as const;
const BESIDE_ELSEWHERE: readonly string[] = ['elsewhere', 'where', ...OF_ELSEWHERE];
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

type Origin = Omit<Field, 'path'> & Pick<StartColumn, 'path' | 'timeColumn' | 'maxOf' | 'minOf'>;

/** Where the value stands: a column of the record, or the largest or smallest over related rows. */
function readOrigin(raw: Mapping, path: Path, scene: Scene): Origin | undefined {
  const { column, where, time } = raw;
  if (typeof column === 'string') {
    if (where !== undefined) {
      refuse(scene, [...path, 'where'], '`where` stands only with `max` and `min`', 'Put it on the policy.');
      return undefined;
    }
    const field = readField(column, [...path, 'column'], scene.sight, scene.report);
    if (field === undefined || typeof time !== 'string') return field;
    if (field.path === undefined) return { ...field, timeColumn: time };
    refuse(scene, [...path, 'time'], '`time` cannot stand beside a value inside JSON', 'Remove it.');
    return undefined;
  }
  if (time !== undefined) {
    refuse(scene, [...path, 'time'], '`time` stands only with `column`', 'Remove it.');
    return undefined;
  }
  const word = raw['max'] === undefined ? 'min' : 'max';
  const [, name, below] = /^([^.]+)\.(.+)$/s.exec(String(raw[word])) ?? [];
  if (name === undefined || below === undefined) {
    scene.report.add({
      code: 'wrong-value',
      path: [...path, word],
      message: `\`${word}\` names related rows and their column`,
      remedy: 'Write it as related.column, e.g. messages.sent_at.',
    });
    return undefined;
  }
  const related = readRelatedName(name, [...path, word], scene.sight, scene.report);
  const field = readField(below, [...path, word], COLUMNS_ONLY, scene.report);
  const inside = scene.sight.inside(related ?? '');
  const filter =
    where === undefined ? ALWAYS : readCondition(where, [...path, 'where'], inside, scene.report);
  if (related === undefined || filter === undefined || field === undefined) return undefined;
  const rows = { related, where: filter };
  return word === 'max' ? { ...field, maxOf: rows } : { ...field, minOf: rows };
}

function readLeaf(raw: Mapping, path: Path, scene: Scene): StartColumn | undefined {
  const origin = readOrigin(raw, path, scene);
  const encoding = readEncoding(raw, path, scene);
  const notYet = readValues(raw, 'not yet', path, scene);
  const declared = readValues(raw, 'unknown', path, scene);
  const earliest = readEarliest(raw, path, scene);
  if (origin?.path !== undefined && raw['null'] === undefined) {
    scene.report.add({
      code: 'missing-key',
      path,
      message: '"null" is missing',
      remedy: 'Say what it means where the JSON has no such member: null: not yet, or null: unknown.',
    });
    return undefined;
  }
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

/** A mapping has one form, and no keys that mean something with another form only. */
function readForm(mapping: Mapping, path: Path, scene: Scene): (typeof FORMS)[number] | undefined {
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
  const isLeaf = LEAVES.some((leaf) => leaf === form);
  const stray = Object.keys(mapping).find((key) => {
    if (isLeaf) return OF_ELSEWHERE.some((one) => one === key);
    return form === 'elsewhere' ? !BESIDE_ELSEWHERE.includes(key) : key !== form;
  });
  if (stray === undefined) return form;
  const remedy = {
    leaf: 'Remove it: it is about starting points in other sources.',
    elsewhere: 'Put it into `start`, which is about the records there.',
    list: 'Put it on the parts of the list that it is about.',
  }[isLeaf ? 'leaf' : form === 'elsewhere' ? form : 'list'];
  refuse(scene, [...path, stray], `\`${stray}\` cannot stand beside \`${form}\``, remedy);
  return undefined;
}

/** Reads a starting point whose shape is already valid; undefined, and reported, where something in it is wrong. */
export function readStart(raw: unknown, path: Path, scene: Scene): Start | undefined {
  const mapping: Mapping = typeof raw === 'string' ? { column: raw } : (raw as Mapping);
  const form = readForm(mapping, path, scene);
  if (form === undefined) return undefined;
  if (form === 'column' || form === 'max' || form === 'min') return readLeaf(mapping, path, scene);
  if (form === 'elsewhere') return readStartElsewhere(mapping, path, scene);
  const parts = (mapping[form] as readonly unknown[]).map((part, index) =>
    readStart(part, [...path, form, index], scene),
  );
  const of = parts.filter((part) => part !== undefined);
  return of.length < parts.length ? undefined : { kind: form, of };
}

function readStartElsewhere(raw: Mapping, path: Path, scene: Scene): Start | undefined {
  const read = readElsewhere(raw, path, scene);
  if (raw['start'] === undefined) {
    scene.report.add({
      code: 'missing-key',
      path,
      message: '"start" is missing',
      remedy:
        'Write the starting point of the records there, e.g. start: { column: ended_on, null: not yet }.',
    });
    return undefined;
  }
  if (read === undefined) return undefined;
  const start = readStart(raw['start'], [...path, 'start'], read.there);
  if (start === undefined) return undefined;
  if (start.kind !== 'column') {
    const remedy = 'Write column, max or min; a list goes around `elsewhere`, not into it.';
    refuse(scene, [...path, 'start'], 'Elsewhere a start is one column', remedy);
    return undefined;
  }
  return {
    kind: 'elsewhere',
    ...read.asked,
    start,
    whenNone: (raw['if none'] as 'keep' | 'unknown' | undefined) ?? 'keep',
    whenSeveral: (raw['if several'] as 'keep' | 'latest' | undefined) ?? 'keep',
  };
}

/** The leaves of a starting point that stand in the record's own source. */
export function leavesOf(start: Start): readonly StartColumn[] {
  if (start.kind === 'elsewhere') return [];
  return start.kind === 'column' ? [start] : start.of.flatMap(leavesOf);
}
