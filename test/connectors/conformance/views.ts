/** Record types and views over the fixture. */
import type {
  Action,
  Condition,
  Dependent,
  RecordType,
  Related,
  Scalar,
  Stage,
  StartColumn,
  View,
} from '../../../src/policy/policy.ts';

export const ALL: Condition = { kind: 'all', of: [] };
export const TENANT_7 = [{ column: 'tenant_id', value: 7 }] as const;

export const is = (column: string, ...values: Scalar[]): Condition => ({ kind: 'is', column, values });
export const not = (of: Condition): Condition => ({ kind: 'not', of });
export const relatedRows = (
  quantifier: 'exists' | 'none' | 'every',
  name: string,
  where: Condition = ALL,
): Condition => ({ kind: 'related', quantifier, related: name, where });

/** A starting point in a datetime column; the encoding is given, so that no kind has to guess it. */
export const startAt = (column: string, more: Partial<StartColumn> = {}): StartColumn => ({
  kind: 'column',
  column,
  encoding: { kind: 'local', zone: 'UTC' },
  whenNull: 'unknown',
  notYet: [],
  unknown: [],
  mayLieAhead: false,
  earliest: '1971-01-01',
  ...more,
});

export const latestOf = (related: string, column: string, more: Partial<StartColumn> = {}): StartColumn =>
  startAt(column, { maxOf: { related, where: ALL }, ...more });

function related(
  name: string,
  table: string,
  match: Readonly<Record<string, string>>,
  more: Partial<Related> = {},
): Related {
  const pairs = Object.entries(match).map(([theirs, ours]) => ({ theirs, ours }));
  return { name, table, match: pairs, scope: [], where: ALL, ...more };
}

export const PERSON: RecordType = {
  name: 'person',
  table: 'people',
  key: ['id'],
  scope: TENANT_7,
  subjects: [
    { kind: 'email', column: 'email', normalise: 'lowercase' },
    { kind: 'phone', column: 'phone', normalise: 'digits' },
  ],
  related: [
    related('messages', 'messages', { person_id: 'id' }, { scope: TENANT_7 }),
    related('attachments', 'attachments', { person_id: 'id' }),
    related('notes', 'notes', { person_id: 'id' }),
    related('deals', 'deals', { person_id: 'id' }),
    related('open deals', 'deals', { person_id: 'id' }, { where: is('status', 'open') }),
    related('invoices', 'invoices', { person_id: 'id' }),
    related('orders', 'orders', { person_id: 'id' }),
    related('links', 'links', { owner: 'id' }),
    related('mails', 'mails', { address: 'email' }),
  ],
};

/** A person with all that the language can name around one; for reading alone. */
export const PERSON_AROUND: RecordType = {
  ...PERSON,
  parts: [
    { name: 'profile', table: 'profiles', match: [{ theirs: 'id', ours: 'id' }], scope: [] },
    {
      name: 'sponsor',
      table: 'people',
      match: [{ theirs: 'id', ours: 'sponsor', part: 'profile' }],
      scope: TENANT_7,
    },
  ],
  related: [
    ...PERSON.related,
    related('message files', 'attachments', { message_id: 'id' }, { of: 'messages' }),
    related(
      'files anyhow',
      'attachments',
      { id: 'id' },
      { orMatch: [[{ theirs: 'person_id', ours: 'id' }]] },
    ),
    related('mails in any case', 'mails', { address: 'email' }, { ignoreCase: true }),
    related(
      'mentions',
      'links',
      {},
      { match: [{ theirs: 'url', ours: 'id', inText: { before: 'example/', after: '' } }] },
    ),
    related('sponsored', 'profiles', {}, { match: [{ theirs: 'sponsor', ours: 'id', part: 'sponsor' }] }),
  ],
};

export const MEMBERSHIP: RecordType = {
  name: 'membership',
  table: 'memberships',
  key: ['org', 'person_id'],
  scope: [],
  subjects: [{ kind: 'email', column: 'email', related: 'person', normalise: 'lowercase' }],
  related: [
    related('person', 'people', { id: 'person_id' }),
    related('badges', 'badges', { org: 'org', person_id: 'person_id' }),
  ],
};

export const CODE: RecordType = {
  name: 'code',
  table: 'codes',
  key: ['code'],
  scope: [],
  subjects: [],
  related: [related('uses', 'uses', { code: 'code' })],
};

export const MEETING: RecordType = {
  name: 'meeting',
  table: 'meetings',
  key: ['id'],
  scope: [],
  subjects: [],
  related: [],
};

export const COMMENT: RecordType = {
  name: 'comment',
  table: 'comments',
  key: ['id'],
  scope: [],
  subjects: [],
  related: [related('replies', 'comments', { parent_id: 'id' })],
};

export const NOTHING: RecordType = {
  name: 'nothing',
  table: 'nothing',
  key: ['id'],
  scope: [],
  subjects: [],
  related: [],
};

export function stage(action: Action, ...dependents: Dependent[]): Stage {
  const period = { years: 1, months: 0, weeks: 0, days: 0 };
  return { rule: { bound: 'after', period, allowanceDays: 7 }, action, dependents };
}

export const DELETE = stage({ kind: 'delete' });

/** Changes one column of the root, for tests that are about dependents. */
export const UNNAME: Action = {
  kind: 'anonymise',
  set: [{ column: 'name', with: { kind: 'constant', value: null } }],
};

/** All kinds of dependents at once; attachments refer to messages, so the order matters. */
export const DELETE_WITH_ALL = stage(
  { kind: 'delete' },
  { related: 'attachments', kind: 'delete' },
  { related: 'messages', kind: 'delete' },
  {
    related: 'notes',
    kind: 'anonymise',
    set: [
      { column: 'body', with: { kind: 'constant', value: '' } },
      { column: 'author', with: { kind: 'placeholder', template: 'erased-{key}' } },
    ],
  },
  { related: 'deals', kind: 'detach' },
  { related: 'invoices', kind: 'keep' },
);

export const ANONYMISE = stage(
  {
    kind: 'anonymise',
    set: [
      { column: 'name', with: { kind: 'constant', value: null } },
      { column: 'phone', with: { kind: 'constant', value: '' } },
      { column: 'email', with: { kind: 'placeholder', template: 'erased-{key}@invalid' } },
      { column: 'score', with: { kind: 'constant', value: 0 } },
      { column: 'active', with: { kind: 'constant', value: false } },
    ],
  },
  { related: 'attachments', kind: 'delete' },
  { related: 'messages', kind: 'delete' },
  { related: 'notes', kind: 'anonymise', set: [{ column: 'body', with: { kind: 'constant', value: null } }] },
  { related: 'deals', kind: 'detach' },
  { related: 'invoices', kind: 'keep' },
);

const defaults: View = {
  policy: 'conformance',
  source: 'fixture',
  record: PERSON,
  starts: [startAt('started_at')],
  conditions: [],
  where: ALL,
  exempt: [],
  stages: [DELETE],
  startTree: { kind: 'column', index: 0 },
  acknowledgedCascades: [],
};

/** A view on people; name only what differs. */
export const view = (more: Partial<View> = {}): View => ({ ...defaults, ...more });

export const membershipView = (more: Partial<View> = {}): View =>
  view({ record: MEMBERSHIP, starts: [startAt('joined_at')], ...more });

export const codeView = (more: Partial<View> = {}): View =>
  view({ record: CODE, starts: [startAt('at')], ...more });
