/** Runs test/policy/golden/*.json; how to write them anew stands in golden/README.md. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { explainDisposition } from '../../src/policy/explain/disposition.ts';
import { createJudge } from '../../src/policy/judge.ts';
import { parsePeriodPhrase } from '../../src/policy/time/period.ts';
import type {
  Condition,
  Encoding,
  Policy,
  PolicyFile,
  Raw,
  Rule,
  Stage,
  Start,
  StartColumn,
} from '../../src/policy/policy.ts';
import { ALWAYS } from '../../src/policy/policy.ts';
import type { Hold } from '../../src/policy/subject.ts';
import { EARLIEST_BY_DEFAULT, UNKNOWN_BY_DEFAULT } from '../../src/policy/time/raw.ts';
import { compileViews, withEncodings } from '../../src/policy/view.ts';
import { HOLD_RULES } from './policies.ts';

interface GoldenLeaf {
  readonly column?: string;
  readonly max?: string;
  readonly as: string;
  readonly null?: 'not yet' | 'unknown';
  readonly 'not yet'?: readonly string[];
  readonly 'may lie ahead'?: boolean;
}

type GoldenStart =
  | GoldenLeaf
  | { readonly 'latest of': readonly GoldenStart[] }
  | { readonly 'first known of': readonly GoldenStart[] };

interface GoldenRule {
  readonly within?: string;
  readonly after?: string;
  readonly keep?: string;
  readonly margin?: number;
}

interface GoldenPolicy extends GoldenRule {
  readonly name: string;
  readonly specific?: boolean;
  readonly start: GoldenStart;
  readonly where?: string;
  readonly unless?: readonly string[];
  readonly stages?: readonly (GoldenRule & { readonly action: 'delete' | 'anonymise' })[];
}

interface GoldenCase {
  readonly title: string;
  readonly policy?: string;
  readonly asOf: string;
  readonly row: Readonly<Record<string, Raw>>;
  readonly meets?: readonly string[];
  readonly done?: readonly boolean[];
  readonly holds?: readonly Hold[];
  readonly expect?: unknown;
}

interface GoldenFile {
  readonly about: string;
  readonly controller: PolicyFile['controller'];
  readonly subjects: PolicyFile['sources'][number]['records'][number]['subjects'];
  readonly policies: readonly GoldenPolicy[];
  readonly cases: readonly GoldenCase[];
}

function start(given: GoldenStart): Start {
  if ('latest of' in given) return { kind: 'latest of', of: given['latest of'].map(start) };
  if ('first known of' in given) return { kind: 'first known of', of: given['first known of'].map(start) };
  const [related, theirs] = given.max?.split('.') ?? [];
  const [, zone] = given.as.split(' ');
  const encoding = given.as.startsWith('local ') ? { kind: 'local', zone: zone! } : { kind: given.as };
  return {
    kind: 'column',
    column: theirs ?? given.column!,
    ...(related === undefined ? {} : { maxOf: { related, where: ALWAYS } }),
    encoding: encoding as Encoding,
    whenNull: given.null ?? 'unknown',
    notYet: given['not yet'] ?? [],
    unknown: UNKNOWN_BY_DEFAULT,
    mayLieAhead: given['may lie ahead'] ?? false,
    earliest: EARLIEST_BY_DEFAULT,
  };
}

function rule(given: GoldenRule): Rule {
  const bound = (['within', 'after', 'keep'] as const).find((one) => given[one] !== undefined)!;
  const phrase = parsePeriodPhrase(given[bound]!);
  if (!phrase.ok) throw new Error(phrase.reason);
  return {
    bound,
    period: phrase.period,
    ...(phrase.roundUpTo === undefined ? {} : { roundUpTo: phrase.roundUpTo }),
    ...(given.margin === undefined ? {} : { marginHours: given.margin }),
    allowanceDays: 7,
  };
}

const named = (name: string): Condition => ({ kind: 'is', column: name, values: ['yes'] });

function policy(given: GoldenPolicy): Policy {
  const base = {
    name: given.name,
    metadata: {},
    source: 'crm',
    record: 'contact',
    specific: given.specific ?? true,
    start: start(given.start),
    where: given.where === undefined ? ALWAYS : named(given.where),
    exemptions: (given.unless ?? []).map((name) => ({ name, condition: named(name) })),
  };
  if (given.keep !== undefined) return { ...base, kind: 'keep', rule: rule(given) };
  const stages = (given.stages ?? [{ ...given, action: 'delete' as const }]).map((stage): Stage => ({
    rule: rule(stage),
    action: stage.action === 'delete' ? { kind: 'delete' } : { kind: 'anonymise', set: [] },
    dependents: [],
  }));
  const guards = { maxRecords: 1, maxPercent: 1 };
  return { ...base, kind: 'erase', stages, guards, firstGuards: guards, acknowledgedCascades: [] };
}

function outcome(golden: GoldenFile, one: GoldenCase): unknown {
  const policies = golden.policies.map(policy);
  const record = {
    name: 'contact',
    table: 'contacts',
    key: ['id'],
    scope: [],
    subjects: golden.subjects,
    related: [],
  };
  const sources = [{ name: 'crm', kind: 'sql', connection: '', records: [record] }];
  const { controller } = golden;
  const tasks = compileViews({ file: 'golden', controller, sources, policies, holds: HOLD_RULES });
  const compiled = tasks.find((task) => task.policy.name === (one.policy ?? golden.policies[0]!.name))!;
  const { view } = compiled;
  const task = withEncodings(
    compiled,
    view.starts.map((leaf) => leaf.encoding!),
  );
  const name = (leaf: StartColumn): string =>
    leaf.maxOf === undefined ? leaf.column : `${leaf.maxOf.related}.${leaf.column}`;
  const found = createJudge(task, { asOf: Date.parse(one.asOf), holds: one.holds ?? [] }).judge({
    key: ['1'],
    starts: view.starts.map((leaf) => one.row[name(leaf)] ?? null),
    truths: view.conditions.map(
      (condition) => condition.kind === 'is' && (one.meets ?? []).includes(condition.column),
    ),
    subjects: golden.subjects.map((subject) => one.row[subject.column] ?? null),
    done: view.stages.map((_, i) => one.done?.[i] ?? false),
  });
  const instant = (ms: number | undefined): string | null =>
    ms === undefined ? null : new Date(ms).toISOString().replace('.000', '');
  return {
    verdict: found.verdict,
    due: instant(found.due),
    overdue: found.overdue,
    words: explainDisposition(task, found),
  };
}

const folder = new URL('./golden/', import.meta.url);
const files = readdirSync(folder).filter((file) => file.endsWith('.json'));

describe.each(files)('%s', (file) => {
  const golden = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as GoldenFile;
  if (process.env['FRIST_GOLDEN'] === 'write') {
    const cases = golden.cases.map((one) => ({ ...one, expect: outcome(golden, one) }));
    writeFileSync(new URL(file, folder), `${JSON.stringify({ ...golden, cases }, null, 2)}\n`);
    golden.cases.forEach((one, i) => Object.assign(one, cases[i]));
  }

  it.each(golden.cases.map((one) => [one.title, one] as const))('%s', (_title, one) => {
    expect(outcome(golden, one)).toEqual(one.expect);
  });
});
