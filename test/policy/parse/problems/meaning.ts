import type { Case } from './case.ts';

export const MEANING: readonly Case[] = [
  [
    'two bounds',
    [['    margin: 2 days', '    ¦after: 12 months']],
    ['contradiction', 'policies.contacts.after', /exactly one of/],
  ],
  [
    'a margin of the wrong bound',
    [['    within: 12 months\n    margin: 2 days', '    after: 12 months\n    ¦margin: 2 days']],
    ['contradiction', 'policies.contacts.margin', /within/],
  ],
  [
    'an allowance of the wrong bound',
    [['    margin: 2 days', '    ¦allowance: 2 days']],
    ['contradiction', 'policies.contacts.allowance', /after/],
  ],
  [
    'an action of keep',
    [['    keep: 5', '    ¦action: delete\n    keep: 5']],
    ['contradiction', 'policies.bookkeeping.action', /policy of its own/],
  ],
  [
    'a schedule of keep',
    [['    keep: 5', '    ¦schedule: "1 1 * * *"\n    keep: 5']],
    ['contradiction', 'policies.bookkeeping.schedule', /policy of its own/],
  ],
  [
    'no action',
    [
      ['    action: delete\n    dependents', '    dependents'],
      ['  contacts:\n', '  ¦contacts:\n'],
    ],
    ['missing-key', 'policies.contacts', /action: delete/],
  ],
  [
    'anonymise without set',
    [
      ['        set: { name: null, email: { placeholder: "erased-{key}@invalid" } }\n', ''],
      ['      - after: 12', '      - ¦after: 12'],
    ],
    ['missing-key', 'policies.old.stages.0', /`set:`/],
  ],
  [
    'set without anonymise',
    [['    schedule', '    ¦set: { name: null }\n    schedule']],
    ['contradiction', 'policies.contacts.set', /anonymise instead/],
  ],
  [
    'an empty set',
    [['set: { name: null, email: { placeholder: "erased-{key}@invalid" } }', 'set: ¦{}']],
    ['wrong-value', 'policies.old.stages.0.set', /columns/],
  ],
  [
    'stages beside a bound',
    [['    stages:', '    ¦after: 1 year\n    stages:']],
    ['contradiction', 'policies.old.after', /into the stage/],
  ],
  [
    'keep as a stage',
    [['      - after: 24 months', '      - ¦¦keep: 24 months']],
    ['unknown-key', 'policies.old.stages.1.keep', /Known keys: within, after/],
    ['missing-key', 'policies.old.stages.1', /exactly one of: within, after\./],
  ],
  [
    'two things done to one',
    [['- detach: invoices', '- ¦detach: invoices\n        delete: messages']],
    ['contradiction', 'policies.contacts.dependents.1.detach', /exactly one of/],
  ],
  [
    'one thing done twice',
    [['- detach: invoices', '- detach: ¦messages']],
    ['contradiction', 'policies.contacts.dependents.1.detach', /Say by `where`/],
  ],
  [
    'a dependent overwritten with nothing',
    [['- detach: invoices', '- ¦anonymise: invoices']],
    ['missing-key', 'policies.contacts.dependents.1', /`set:`/],
  ],
  [
    'a column and a maximum',
    [['{ column: issued_on, as', '¦{ column: issued_on, max: a.b, as']],
    ['contradiction', 'policies.bookkeeping.start', /exactly one of/],
  ],
  [
    'no starting point',
    [['start: { column: issued_on, as: date, null: unknown }', '¦start:\n      as: date']],
    ['contradiction', 'policies.bookkeeping.start', /exactly one of/],
  ],
  [
    'a filter on a column',
    [['as: date, null', 'as: date, ¦where: { a: 1 }, null']],
    ['contradiction', 'policies.bookkeeping.start.where', /on the policy/],
  ],
  [
    'a time with an encoding',
    [['as: date, null', 'as: date, ¦time: clock, null']],
    ['contradiction', 'policies.bookkeeping.start.time', /as: local/],
  ],
  [
    'a time with a maximum',
    [['sent_at, null', 'sent_at, ¦time: clock, null']],
    ['contradiction', 'policies.contacts.start.latest of.1.time', /Remove/],
  ],
  [
    'a key beside latest of',
    [['      latest of:', '      ¦null: unknown\n      latest of:']],
    ['contradiction', 'policies.contacts.start.null', /on the parts/],
  ],
  [
    'a value with two meanings',
    [['as: date, null', 'as: date, not yet: [0, 1], ¦unknown: 1, null']],
    ['contradiction', 'policies.bookkeeping.start.unknown', /one of the lists/],
  ],
  [
    'NULL among the values',
    [['as: date, null', 'as: date, ¦not yet: [null], null']],
    ['contradiction', 'policies.bookkeeping.start.not yet', /`null:`/],
  ],
  [
    'a key column twice',
    [['key: [company_id, number]', 'key: ¦[number, number]']],
    ['contradiction', 'sources.crm.records.invoice.key', /once/],
  ],
];
