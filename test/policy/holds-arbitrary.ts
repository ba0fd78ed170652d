/** Holds for property tests: on persons, on records, on policies, of this controller (`x`) and of others. */
import fc from 'fast-check';
import type { Hold } from '../../src/policy/subject.ts';

/** Identifiers of people, in several spellings; some say nothing. */
export const PEOPLE = [
  'Ann@Example.com',
  'ann@example.com ',
  'bob@example.com',
  '+45 20 12 34 56',
  '4520123456',
  '',
  '-',
];

const onPerson: fc.Arbitrary<Hold> = fc
  .record({
    id: fc.constantFrom('h1', 'h2', 'h3'),
    kind: fc.constantFrom('hold' as const, 'restriction' as const),
    subjects: fc.array(fc.tuple(fc.constantFrom('email', 'phone'), fc.constantFrom(...PEOPLE)), {
      minLength: 1,
      maxLength: 2,
    }),
    sources: fc.constantFrom(undefined, ['crm'], ['ats']),
  })
  .map(({ sources, ...rest }) => (sources === undefined ? rest : { ...rest, sources }));

const controller = fc.constantFrom('x', 'x', 'y');
const onRecord: fc.Arbitrary<Hold> = fc.record({
  id: fc.constantFrom('h1', 'h4'),
  kind: fc.constantFrom('hold' as const, 'restriction' as const),
  subjects: fc.constant([]),
  records: fc.array(
    fc.record({
      controller,
      source: fc.constantFrom('crm', 'crm', 'ats'),
      record: fc.constantFrom('contact', 'contact', 'lead'),
      key: fc.constantFrom(['1'], ['2'], ['1', '1']),
    }),
    { minLength: 1, maxLength: 2 },
  ),
});
const onPolicy: fc.Arbitrary<Hold> = fc.record({
  id: fc.constantFrom('h1', 'h5'),
  kind: fc.constant('hold' as const),
  subjects: fc.constant([]),
  policies: fc.tuple(fc.record({ controller, policy: fc.constantFrom('own', 'own/contact', 'rival 0') })),
});

/** Long over, or far from over. */
const GRACES = ['1970-01-01T00:00:00.000Z', '9000-01-01T00:00:00.000Z'];
/** A hold of any kind, some of them released. */
export const anyHold: fc.Arbitrary<Hold> = fc
  .tuple(
    fc.oneof(
      { weight: 6, arbitrary: onPerson },
      { weight: 1, arbitrary: onRecord },
      { weight: 1, arbitrary: onPolicy },
    ),
    fc.constantFrom(undefined, undefined, undefined, ...GRACES),
  )
  .map(([one, until]) => (until === undefined ? one : { ...one, until }));
