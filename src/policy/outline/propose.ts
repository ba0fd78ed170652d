/**
 * A first policy file for a source, from nothing but the names in its catalogue. Everything in it that is not a fact of
 * the catalogue is marked as a guess, and no record goes before somebody has approved the plan: the guards of a first
 * run are 0.
 */
import type { Outline, OutlineColumn, OutlineTable } from './outline.ts';
import { isTablePattern } from '../table-name.ts';
import { unclearIn } from './unclear.ts';
import { namesPeople, personalColumns, type PersonalKind } from './personal.ts';

/** What stands in the file besides the tables. */
export interface ProposalFrame {
  /** Name of the source in the file. */
  readonly source: string;
  readonly kind: string;
  /** As the file shall say it, e.g. `${FRIST_CRM}`: never a password. */
  readonly connection: string;
  /** IANA zone of calendar sums, and of dates that have none. */
  readonly timezone: string;
}

/** Whoever has one of these is somebody. */
const IDENTITY: ReadonlySet<PersonalKind> = new Set(['e-mail', 'phone', 'name', 'national id', 'birth']);

/** What a starting point may be called, the likeliest first. */
const STARTS: readonly RegExp[] = [
  /last.*(contact|activit|seen|login|visit|interact)|sidst|sist|senast|letzt/i,
  /(reject|declin|end|clos|cancel|unsubscri|left|terminat|afsl|avsl|ophør|upphör|beend|kündig)/i,
  /(updat|modif|chang|ændr|endret|ändr|geänd)/i,
  /(creat|insert|added|enter|regist|signup|sign_up|oprett|opprett|skapa|erstell|angelegt)/i,
  /(date|time|dato|datum|_at$|_on$)/i,
];
const LOOKS_LIKE_TIME = /(?:^|_)(?:date|time|dato|datum)|(?:date|time|stamp|dato|datum|_at|_on|_ts)$/i;
/** A time of birth, what refers to another row, and words that end like a date. */
const IS_NO_START = /birth|dob|fød|foed|föd|geburt|_id$|(?:candi|man)date$/i;

interface Child {
  readonly name: string;
  readonly table: OutlineTable;
  readonly match: readonly (readonly [theirs: string, ours: string])[];
  /** Found by the name of its column, not by a foreign key. */
  readonly guessed: boolean;
  /** The database empties the columns that refer. */
  readonly emptied: boolean;
}

interface Person {
  readonly name: string;
  readonly table: OutlineTable;
  readonly children: readonly Child[];
}

/** YAML text of a scalar: as it stands where that is safe, in double quotes otherwise. */
function scalar(text: string): string {
  const plain = /^[A-Za-z_][A-Za-z0-9_]*$/.test(text) && !/^(?:true|false|null)$/i.test(text);
  return plain ? text : JSON.stringify(text).replaceAll(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]|\uFFFD/gu, escaped);
}

/** A character that YAML does not let stand, or (U+FFFD) that says that the text was broken. */
function escaped(character: string): string {
  return `\\U${(character.codePointAt(0) ?? 0).toString(16).padStart(8, '0')}`;
}

/** A column as policies name it: in backticks where its name holds what separates names. */
function columnName(name: string): string {
  return scalar(/[./`]/.test(name) ? `\`${name.replaceAll('`', '``')}\`` : name);
}

/** Gives names that the language allows, each once. */
function namer(): (wanted: string) => string {
  const taken = new Set<string>();
  return (wanted) => {
    const cut = wanted.replaceAll(/[^\p{L}\p{N}_ -]/gu, '_').slice(0, 70);
    const base = /^\p{L}/u.test(cut) ? cut.trimEnd() : `t_${cut.trimEnd()}`;
    let name = base;
    for (let n = 2; taken.has(name); n += 1) name = `${base} ${n}`;
    taken.add(name);
    return name;
  };
}

/** A comment that cannot end its line early. */
const comment = (text: string): string => `# ${text.replaceAll(/[^\p{L}\p{N}\p{P}\p{S} ]|\uFFFD/gu, ' ')}`;

const singular = (name: string): string => name.replace(/ies$/, 'y').replace(/(?<!s)s$/, '');

function isPerson(table: OutlineTable): boolean {
  const personal = personalColumns(table);
  const identified = personal.some(({ kind }) => IDENTITY.has(kind));
  return table.key.length > 0 && identified && (namesPeople(table.name) || personal.length > 1);
}

/** What the names of all tables begin with: `wp_`. */
function prefixOf({ tables }: Outline): string {
  const [first = '', ...others] = tables.map((one) => one.name.toLowerCase());
  const prefix = /^[^_]*_/.exec(first)?.[0] ?? '';
  return others.length > 0 && others.every((one) => one.startsWith(prefix)) ? prefix : '';
}

/** Tables whose rows belong to those of a table: by foreign key, else by a column that is named after it. */
function childrenOf(table: OutlineTable, outline: Outline): readonly Child[] {
  const name = namer();
  const prefix = prefixOf(outline);
  const [only, more] = table.key;
  return outline.tables.flatMap((other): readonly Child[] => {
    const all = outline.references.filter((one) => one.to === table.name && one.from === other.name);
    // Two constraints may say the same.
    const keys = [...new Map(all.map((one) => [JSON.stringify(one.columns), one])).values()];
    const byKey = keys.map((key, i): Child => {
      const match = key.columns.map((theirs, at) => [theirs, key.references[at] ?? ''] as const);
      const wanted = keys.length > 1 ? `${other.name} by ${key.columns.join(' ')}` : other.name;
      return {
        name: name(i === 0 && keys.length === 1 ? other.name : wanted),
        table: other,
        match,
        guessed: false,
        emptied: key.emptied === true,
      };
    });
    if (byKey.length > 0 || other === table || only === undefined || more !== undefined) return byKey;
    const names = [table.name, table.name.slice(prefix.length)].map((one) => one.toLowerCase());
    const named = new Set(names.flatMap((one) => [`${singular(one)}_id`, `${singular(one)}id`, `${one}_id`]));
    const column = other.columns.find((one) => named.has(one.name.toLowerCase()));
    if (column === undefined) return [];
    return [
      { name: name(other.name), table: other, match: [[column.name, only]], guessed: true, emptied: false },
    ];
  });
}

/** Columns that may hold a starting point, the likeliest first. */
function startsOf(table: OutlineTable): readonly OutlineColumn[] {
  const rank = ({ name }: OutlineColumn): number => {
    const at = STARTS.findIndex((pattern) => pattern.test(name));
    return at < 0 ? STARTS.length : at;
  };
  return table.columns
    .filter(({ name, kind }) => {
      if (IS_NO_START.test(name)) return false;
      if (kind === 'date' || kind === 'datetime' || kind === 'instant') return true;
      return (kind === 'number' || kind === 'text') && LOOKS_LIKE_TIME.test(name);
    })
    .map((column, i) => ({ column, i }))
    .sort((a, b) => rank(a.column) - rank(b.column) || a.i - b.i)
    .map(({ column }) => column);
}

function startText(column: OutlineColumn): string {
  const parts = [`column: ${columnName(column.name)}`];
  if (column.kind === 'number') parts.push('as: epoch seconds');
  if (column.kind === 'text') parts.push('as: local');
  if (column.nullable) parts.push('null: unknown');
  return `{ ${parts.join(', ')} }`;
}

function subjectText({ table, children }: Person): string {
  const personal = personalColumns(table);
  const of = (kind: PersonalKind): string | undefined =>
    personal.find((one) => one.kind === kind && one.column.kind !== 'binary')?.column.name;
  const kinds = [
    ['email', of('e-mail')],
    ['phone', of('phone')],
    ['national id', of('national id')],
  ] as const;
  const found = kinds.flatMap(([kind, column]) =>
    column === undefined ? [] : [`${scalar(kind)}: ${columnName(column)}`],
  );
  const [first] = found;
  // Whom a record is about must be said somehow: its own key is the last resort.
  const [beside] = children.flatMap((child) => {
    const email = personalColumns(child.table).find(
      (one) => one.kind === 'e-mail' && one.column.kind === 'text' && /^\w+$/.test(one.column.name),
    );
    return email === undefined || child.guessed ? [] : [{ from: child.name, column: email.column.name }];
  });
  if (first === undefined && beside !== undefined)
    return `{ email: { column: ${columnName(beside.column)}, from: ${scalar(beside.from)} } }`;
  if (first === undefined) return `{ key: { column: ${columnName(table.key[0] ?? '')}, normalise: exact } }`;
  return `{ ${found.join(', ')} }`;
}

function recordLines(person: Person): readonly string[] {
  const { name, table, children } = person;
  const key = table.key.map(columnName);
  const lines = [
    `      ${scalar(name)}:`,
    `        table: ${scalar(table.name)}`,
    `        key: ${key.length === 1 ? (key[0] ?? '') : `[${key.join(', ')}]`}`,
    `        subject: ${subjectText(person)} # guess: by the names of the columns`,
  ];
  if (children.length > 0) lines.push('        related:');
  for (const { name: child, table: other, match, guessed } of children) {
    const pairs = match.map(([theirs, ours]) => `${columnName(theirs)}: ${columnName(ours)}`).join(', ');
    const why = guessed ? ' # guess: by the name of the column' : '';
    lines.push(`          ${scalar(child)}: { table: ${scalar(other.name)}, match: { ${pairs} } }${why}`);
  }
  return lines;
}

/** What becomes of rows that belong to a record, and why. */
function fateOf(child: Child, people: readonly Person[]): readonly [word: string, why: string] {
  if (child.emptied) return ['detach', 'guess: as the database does'];
  const own = people.some((one) => one.table === child.table);
  return own ? ['keep', 'guess: it has a policy of its own'] : ['delete', 'guess'];
}

function policyLines(person: Person, people: readonly Person[], source: string): readonly string[] {
  const { name, table, children } = person;
  const [start, ...others] = startsOf(table);
  const besides = others.map((one) => one.name).join(', ');
  const begins =
    start === undefined
      ? '… # when the period begins: no column looks like a date'
      : `${startText(start)} ${comment(besides === '' ? 'guess' : `guess; others: ${besides}`)}`;
  const lines = [
    `  ${scalar(name)}:`,
    '    promise: … # what the privacy policy says, quoted',
    `    records: ${JSON.stringify(`${source}.${name}`)}`,
    `    start: ${begins}`,
    '    within: 12 months # guess',
    '    action: delete # guess: or anonymise, with `set`',
  ];
  if (children.length > 0) lines.push('    dependents:');
  for (const child of children) {
    const [word, why] = fateOf(child, people);
    lines.push(`      - ${word}: ${scalar(child.name)} # ${why}`);
  }
  lines.push('');
  return lines;
}

/**
 * The text of a policy file. It parses as it stands; what it says is for a person to correct.
 * @returns undefined where no table looks like one of people.
 */
export function proposePolicies(whole: Outline, frame: ProposalFrame): string | undefined {
  const name = namer();
  const outline = { ...whole, tables: whole.tables.filter((table) => !isTablePattern(table.name)) };
  const people = outline.tables.filter(isPerson).map((table): Person => {
    return { name: name(table.name), table, children: childrenOf(table, outline) };
  });
  if (people.length === 0) return undefined;
  const unclear = unclearIn(outline);
  return [
    '# yaml-language-server: $schema=./policies.schema.json',
    '# Proposed by `frist init` from the names of tables and columns. Correct every guess, then run `frist check`.',
    'frist: 1',
    '',
    'controller:',
    '  name: … # as the privacy policy names them',
    `  timezone: ${frame.timezone} # guess: that of this machine`,
    '',
    '# Nothing goes before somebody has approved the plan.',
    'first run guards: { records: 0, percent: 0 }',
    '',
    'sources:',
    `  ${scalar(frame.source)}:`,
    `    kind: ${frame.kind}`,
    `    connection: ${frame.connection}`,
    `    datetimes in: ${frame.timezone} # guess: of dates that have no zone of their own`,
    '    records:',
    ...people.flatMap(recordLines),
    '',
    'policies:',
    ...people.flatMap((person) => policyLines(person, people, frame.source)),
    ...(unclear.length === 0
      ? []
      : ['# Look at these: nothing is proposed of them.', ...unclear.map((one) => comment(`- ${one}`)), '']),
  ].join('\n');
}
