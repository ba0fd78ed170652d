/** Whole policy files with one record type, and one record to be judged by them: for the tests of the judge and the windows. */
import fc from 'fast-check';
import type {
  Condition,
  ElsewhereExemption,
  Encoding,
  ErasePolicy,
  Facts,
  KeepPolicy,
  Policy,
  PolicyFile,
  Raw,
  RecordType,
  Rule,
  Stage,
  Start,
  StartColumn,
} from '../../src/policy/policy.ts';
import { ALWAYS } from '../../src/policy/policy.ts';
import type { Hold } from '../../src/policy/subject.ts';
import { UNKNOWN_BY_DEFAULT } from '../../src/policy/time/raw.ts';
import { compileViews, withEncodings, type Task } from '../../src/policy/view.ts';
import { encoding, period, second, stored, zone } from './arbitraries.ts';
import { bounds, type Elsewhere, type Subject } from './oracle/judge.ts';
import { anyHold, PEOPLE } from './holds-arbitrary.ts';
import { HOLD_RULES } from './policies.ts';

const COLUMNS = ['a', 'b', 'c'] as const;
const CONDITIONS = ['p', 'q', 'r', 's'] as const;

export interface Case {
  readonly file: PolicyFile;
  readonly encodings: Readonly<Record<string, Encoding>>;
  readonly values: Readonly<Record<string, Raw>>;
  readonly truths: readonly string[];
  readonly subjects: readonly Raw[];
  readonly done: readonly boolean[];
  readonly unreadable: boolean;
  readonly elsewhere: Elsewhere;
  readonly holds: readonly Hold[];
  readonly asOf: number;
}

const named = fc
  .constantFrom(...CONDITIONS)
  .map((column): Condition => ({ kind: 'is', column, values: ['yes'] }));

/** The other source; its records are about people with an e-mail address. */
const asked = {
  source: fc.constant('other'),
  record: fc.constant('customer'),
  by: fc.constant('email'),
  where: fc.oneof(fc.constant(ALWAYS), named),
};

const exemptElsewhere: fc.Arbitrary<ElsewhereExemption> = fc.record({
  ...asked,
  whenNone: fc.constantFrom('keep' as const, 'not met' as const),
});

const leaf = (column: string): fc.Arbitrary<StartColumn> =>
  fc.record({
    kind: fc.constant('column' as const),
    column: fc.constant(column),
    whenNull: fc.constantFrom('unknown' as const, 'not yet' as const),
    notYet: fc.constantFrom([], [], ['0'], ['2024-02-29']),
    unknown: fc.constantFrom(UNKNOWN_BY_DEFAULT, [...UNKNOWN_BY_DEFAULT, '2026-01-01']),
    mayLieAhead: fc.boolean(),
    earliest: fc.constantFrom('1971-01-01', '1971-01-01', '2010-06-01'),
  });

/** A starting point that another source knows, in its column `e`. */
const startElsewhere = (column: StartColumn): fc.Arbitrary<Start> =>
  fc.record({
    ...asked,
    kind: fc.constant('elsewhere' as const),
    start: fc.constant({ ...column, column: 'e' }),
    whenNone: fc.constantFrom('keep' as const, 'unknown' as const),
    whenSeveral: fc.constantFrom('keep' as const, 'latest' as const),
  });

const start = (leaves: readonly StartColumn[], known: boolean): fc.Arbitrary<Start> => {
  const here = fc.constantFrom(...leaves);
  const one = known ? fc.oneof({ weight: 4, arbitrary: here }, startElsewhere(leaves[0]!)) : here;
  const combined = (of: fc.Arbitrary<Start>): fc.Arbitrary<Start> =>
    fc.record({
      kind: fc.constantFrom('latest of' as const, 'first known of' as const),
      of: fc.array(of, { minLength: 1, maxLength: 3 }),
    });
  return fc.oneof(one, combined(one), combined(fc.oneof(one, combined(one))));
};

const rule = (...kinds: readonly Rule['bound'][]): fc.Arbitrary<Rule> =>
  fc
    .record({
      bound: fc.constantFrom(...kinds),
      period,
      allowanceDays: fc.constantFrom(0, 7),
      marginHours: fc.constantFrom(undefined, undefined, 0, 12),
      roundUpTo: fc.constantFrom(
        undefined,
        undefined,
        undefined,
        'month' as const,
        'financial year' as const,
      ),
    })
    .map(({ marginHours, roundUpTo, ...rest }) => ({
      ...rest,
      ...(marginHours === undefined ? {} : { marginHours }),
      ...(roundUpTo === undefined ? {} : { roundUpTo }),
    }));

const set = [{ column: 'name', with: { kind: 'constant', value: null } }] as const;

const stages: fc.Arbitrary<readonly Stage[]> = fc.array(
  fc
    .record({
      rule: rule('within', 'after'),
      action: fc.constantFrom<Stage['action']>({ kind: 'delete' }, { kind: 'anonymise', set }),
      dependents: fc.constant([]),
      when: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, named),
    })
    .map(({ when, ...stage }) =>
      when === undefined || stage.action.kind === 'anonymise'
        ? stage
        : { ...stage, instead: { when, set, dependents: [] } },
    ),
  { minLength: 1, maxLength: 2 },
);

/** `known`: whether the record says whose it is, so that another source can be asked. */
function policy(name: string, leaves: readonly StartColumn[], known: boolean): fc.Arbitrary<ErasePolicy> {
  return fc.record({
    kind: fc.constant('erase' as const),
    name: fc.constant(name),
    metadata: fc.constant({}),
    source: fc.constant('crm'),
    record: fc.constant('contact'),
    specific: fc.boolean(),
    start: start(leaves, known),
    where: fc.oneof(fc.constant(ALWAYS), named),
    exemptions: exemptions(known),
    stages,
    guards: fc.constant({ maxRecords: 1, maxPercent: 1 }),
    firstGuards: fc.constant({ maxRecords: 1, maxPercent: 1 }),
    acknowledgedCascades: fc.constant([]),
  });
}

function exemptions(known: boolean): fc.Arbitrary<Policy['exemptions']> {
  const here = named.map((condition) => ({ name: 'an exemption', condition }));
  const elsewhere = exemptElsewhere.map((one) => ({ name: 'an exemption elsewhere', elsewhere: one }));
  return fc.array(known ? fc.oneof({ weight: 2, arbitrary: here }, elsewhere) : here, { maxLength: 2 });
}

const keepOf = (other: fc.Arbitrary<ErasePolicy>): fc.Arbitrary<KeepPolicy> =>
  fc.tuple(other, rule('keep')).map(([{ kind: _kind, stages: _stages, ...rest }, by]) => ({
    kind: 'keep',
    rule: by,
    name: `keep ${rest.name}`,
    metadata: rest.metadata,
    source: rest.source,
    record: rest.record,
    specific: rest.specific,
    start: rest.start,
    where: rest.where,
    exemptions: rest.exemptions,
  }));

const identifiers = fc.constantFrom<RecordType['subjects']>(
  [],
  [{ kind: 'email', column: 'email', normalise: 'lowercase' }],
  [
    { kind: 'email', column: 'email', normalise: 'lowercase' },
    { kind: 'phone', column: 'phone', normalise: 'digits' },
  ],
);

const rowOf = (encodings: readonly Encoding[], moments: readonly number[]): fc.Arbitrary<Raw[]> =>
  fc.tuple(
    ...encodings.map((as, i) =>
      fc.oneof(
        { weight: 6, arbitrary: fc.nat(19).map((spelling) => stored(moments[i] ?? 0, as, spelling)) },
        fc.constantFrom(null, '0', '', 'nonsense', '2024-02-29', '2001-01-01 10:00:00'),
      ),
    ),
  );

const CUSTOMER: RecordType = {
  name: 'customer',
  table: 'customers',
  key: ['id'],
  scope: [],
  subjects: [{ kind: 'email', column: 'email', normalise: 'lowercase' }],
  related: [],
};

/** What the other source has about the person: mostly one record, or two that start alike or not. */
const foundElsewhere = (as: Encoding, moment: fc.Arbitrary<number>): fc.Arbitrary<Elsewhere> =>
  fc.oneof(
    { weight: 1, arbitrary: fc.constant('unreachable' as const) },
    {
      weight: 5,
      arbitrary: fc.array(
        fc.record({
          truths: fc.subarray([...CONDITIONS]),
          start: fc.oneof(
            { weight: 5, arbitrary: fc.tuple(moment, fc.nat(19)).map(([at, n]) => stored(at, as, n)) },
            fc.constantFrom(null, '0', 'nonsense'),
          ),
        }),
        { maxLength: 2 },
      ),
    },
  );

/** Milliseconds between the parts of a start: hours, so that a day meets instants of its own, or many days. */
const apart = fc.oneof(
  fc.integer({ min: -30, max: 30 }).map((hours) => hours * 3_600_000),
  fc.integer({ min: -400, max: 400 }).map((days) => days * 86_400_000),
);

/** A case; its asOf stands at, or seconds or days beside, a moment at which something becomes due. */
export const anyCase: fc.Arbitrary<Case> = fc
  .tuple(zone, fc.tuple(...COLUMNS.map(leaf)), fc.tuple(...COLUMNS.map(() => encoding)), identifiers)
  .chain(([name, leaves, encodings, subjects]) =>
    fc.record({
      zoneName: fc.constant(name),
      encodings: fc.constant(encodings),
      identifiers: fc.constant(subjects),
      row: second(name)
        .chain((base) =>
          fc.tuple(apart, apart, apart).map((offsets) => offsets.map((offset) => base + offset)),
        )
        .chain((moments) => rowOf(encodings, moments)),
      own: policy('own', leaves, subjects.length > 0),
      others: fc.array(
        fc.oneof(
          policy('rival', leaves, subjects.length > 0),
          keepOf(policy('rule', leaves, subjects.length > 0)),
        ),
        { maxLength: 3 },
      ),
      elsewhere: foundElsewhere(encodings[0]!, second(name)),
      unreadable: fc.nat(30).map((n) => n === 0),
      at: fc.nat(3),
      truths: fc.subarray([...CONDITIONS]),
      values: fc.tuple(fc.constantFrom(null, ...PEOPLE), fc.constantFrom(null, ...PEOPLE)),
      done: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean(), fc.boolean()),
      holds: fc.array(anyHold, { maxLength: 2 }),
      beside: fc.constantFrom(0, 0, -1000, 1000, -1, 999, 86_400_000, -86_400_000, 9e8, -9e8, 3e10),
      which: fc.nat(20),
    }),
  )
  .map((drawn) => {
    const others = drawn.others.map((other, i) => ({ ...other, name: `${other.name} ${i}` }));
    const at = Math.min(drawn.at, others.length);
    const policies: Policy[] = [...others.slice(0, at), drawn.own, ...others.slice(at)];
    const record: RecordType = {
      name: 'contact',
      table: 'contacts',
      key: ['id'],
      scope: [],
      subjects: drawn.identifiers,
      related: [],
    };
    const file: PolicyFile = {
      file: 'policies.yaml',
      controller: { name: 'x', timezone: drawn.zoneName, financialYearEnd: { month: 6, day: 30 } },
      sources: [
        { name: 'crm', kind: 'sql', connection: '', records: [record] },
        { name: 'other', kind: 'sql', connection: '', records: [CUSTOMER] },
      ],
      policies,
      holds: HOLD_RULES,
    };
    const made = {
      file,
      encodings: {
        ...Object.fromEntries(COLUMNS.map((column, i) => [column, drawn.encodings[i]!])),
        e: drawn.encodings[0]!,
      },
      values: Object.fromEntries(COLUMNS.map((column, i) => [column, drawn.row[i] ?? null])),
      truths: drawn.truths,
      subjects: drawn.values.slice(0, drawn.identifiers.length),
      done: drawn.done,
      unreadable: drawn.unreadable,
      elsewhere: drawn.elsewhere,
      holds: drawn.holds,
    };
    return { ...made, asOf: interesting(made, drawn.which) + drawn.beside };
  });

/** A moment at which a rule of the file becomes due or overdue for the record. */
function interesting(made: Omit<Case, 'asOf'>, which: number): number {
  const late = Date.UTC(2100, 0);
  const moments = made.file.policies.flatMap((one) =>
    (one.kind === 'keep' ? [one.rule] : one.stages.map((stage) => stage.rule)).flatMap((by) => {
      const found = bounds(by, one.start, subjectOf(made).store, made.file.controller, late);
      return 'what' in found ? [] : [found.due, found.overdue];
    }),
  );
  return moments[which % Math.max(1, moments.length)] ?? Date.UTC(2026, 5, 15, 12);
}

/** The case as the oracle takes it. */
export function subjectOf(made: Omit<Case, 'asOf'>): Subject {
  return {
    store: {
      raw: (column) => made.values[column.column] ?? null,
      encoding: (column) => made.encodings[column.column]!,
      elsewhere: made.elsewhere,
    },
    truths: new Set(made.truths),
    subjects: made.subjects,
    done: made.done,
    unreadable: made.unreadable,
    elsewhere: made.elsewhere,
  };
}

/** The case's task of the policy `own`, and the record as a connector would read it for that task. */
export function taskOf(made: Case): { readonly task: Task; readonly facts: Facts; readonly at: number } {
  const compiled = compileViews(made.file).find((one) => one.policy.name === 'own')!;
  const task = withEncodings(
    compiled,
    compiled.view.starts.map((one) => made.encodings[one.column]!),
    compiled.inquiries.map((one) => one.view.starts.map((asks) => made.encodings[asks.column]!)[0]),
  );
  const { elsewhere } = made;
  const holds = (condition: Condition | undefined, truths: readonly string[]): boolean => {
    if (condition?.kind === 'not') return !holds(condition.of, truths);
    return condition === undefined || (condition.kind === 'is' && truths.includes(condition.column));
  };
  const facts: Facts = {
    key: ['1'],
    starts: task.view.starts.map((one) => made.values[one.column] ?? null),
    truths: task.view.conditions.map((one) => holds(one, made.truths)),
    subjects: made.subjects,
    done: task.view.stages.map((_, i) => made.done[i]!),
    ...(made.unreadable ? { unreadable: ['attribs'] } : {}),
    elsewhere: task.inquiries.map(({ view }) =>
      elsewhere === 'unreachable'
        ? elsewhere
        : elsewhere.map((one) => ({
            met: holds(view.conditions[0], one.truths),
            start: view.starts.length === 0 ? null : one.start,
          })),
    ),
  };
  return { task, facts, at: made.file.policies.findIndex((one) => one.name === 'own') };
}
