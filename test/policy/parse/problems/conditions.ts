import type { Case } from './case.ts';

export const CONDITIONS: readonly Case[] = [
  [
    'a where without rows',
    [['{ exists: open deals }', '{ ¦where: { a: 1 } }']],
    ['contradiction', 'policies.contacts.unless.open deal.where', /Name the related rows/],
  ],
  [
    'two quantifiers',
    [['{ exists: open deals }', '{ exists: open deals, ¦none: messages }']],
    ['contradiction', 'policies.contacts.unless.open deal.none', /all of/],
  ],
  [
    'an empty condition',
    [['where: { status: lead }', 'where: ¦{}']],
    ['tautology', 'policies.contacts.where', /leave the condition out/],
  ],
  [
    'an empty exemption',
    [['{ customer_number: { not: null } }', '¦{}']],
    ['tautology', 'policies.contacts.unless.customer', /leave the condition out/],
  ],
  [
    'an empty test',
    [['{ not: null }', '¦{}']],
    ['tautology', 'policies.contacts.unless.customer.customer_number', /leave the condition out/],
  ],
  [
    'an empty list',
    [['{ not: null }', '¦[]']],
    ['wrong-value', 'policies.contacts.unless.customer.customer_number', /a list of values/],
  ],
  [
    'every without where',
    [['{ exists: open deals }', '{ ¦every: open deals }']],
    ['tautology', 'policies.contacts.unless.open deal.every', /`where`/],
  ],
  [
    'one of two opposites',
    [['where: { status: lead }', 'where: { ¦any of: [{ a: [1, 2] }, { a: { not: [2, 1] } }] }']],
    ['tautology', 'policies.contacts.where.any of', /opposites/],
  ],
  [
    'both of two opposites',
    [['where: { status: lead }', 'where: ¦{ a: 1, not: { a: 1 } }']],
    ['tautology', 'policies.contacts.where', /opposites/],
  ],
  [
    'numbers on either side, and NULL',
    [
      [
        'where: { status: lead }',
        'where: { ¦any of: [{ a: { less than: 5 } }, { a: { at least: 5 } }, { a: null }] }',
      ],
    ],
    ['tautology', 'policies.contacts.where.any of', /leave nothing over/],
  ],
  [
    'a list, and all but one of it',
    [['where: { status: lead }', 'where: { ¦any of: [{ a: [1, 2] }, { a: { not: 1 } }] }']],
    ['tautology', 'policies.contacts.where.any of', /leave nothing over/],
  ],
  [
    'rows that are there or not',
    [['where: { status: lead }', 'where: { ¦any of: [{ exists: messages }, { none: messages }] }']],
    ['tautology', 'policies.contacts.where.any of', /leave nothing over/],
  ],
  [
    'numbers of rows that leave nothing over',
    [
      [
        'where: { status: lead }',
        'where: { ¦any of: [{ count: messages, at least: 2 }, { count: messages, less than: 3 }] }',
      ],
    ],
    ['tautology', 'policies.contacts.where.any of', /leave nothing over/],
  ],
  [
    'days on either side, and NULL',
    [
      [
        'where: { status: lead }',
        'where: { ¦any of: [{ a: { less than: "2020-01-01" } }, { a: { at least: "2019-06-30" } }, { a: null }] }',
      ],
    ],
    ['tautology', 'policies.contacts.where.any of', /leave nothing over/],
  ],
  [
    'several ways round',
    [
      [
        'where: { status: lead }',
        'where: { ¦any of: [{ a: 1, b: 1 }, { a: { not: 1 } }, { b: { not: 1 } }] }',
      ],
    ],
    ['tautology', 'policies.contacts.where.any of', /leave nothing over/],
  ],
  [
    'bounds that nothing is within',
    [['where: { status: lead }', 'where: ¦{ a: { more than: 5, less than: 3 } }']],
    ['tautology', 'policies.contacts.where', /leave nothing over/],
  ],
  [
    'an exemption of everything in other words',
    [
      [
        '      customer: { customer_number: { not: null } }',
        '      ¦customer: { status: { not: customer } }',
      ],
    ],
    ['tautology', 'policies.contacts.unless.customer', /differs from `where`/],
  ],
  [
    'an exemption of everything',
    [['      customer: { customer_number: { not: null } }', '      ¦customer: { status: lead }']],
    ['tautology', 'policies.contacts.unless.customer', /differs from `where`/],
  ],
  [
    'rows of everybody',
    [
      [
        'messages: { table: messages, match: { contact_id: id } }',
        'messages: { table: messages, match: ¦{} }',
      ],
    ],
    ['tautology', 'sources.crm.records.contact.related.messages.match', /their column/],
  ],
  [
    'a starting point overwritten',
    [['{ name: null, email', '{ name: null, ¦Created_At: null, email']],
    ['protected-column', 'policies.old.stages.0.set.Created_At', /Remove it/],
  ],
  [
    'the starting point of another policy overwritten',
    [['{ name: null, email', '{ name: null, ¦last_contacted_at: null, email']],
    ['protected-column', 'policies.old.stages.0.set.last_contacted_at', /Remove it/],
  ],
  [
    'a key overwritten',
    [['{ name: null, email', '{ name: null, ¦id: 0, email']],
    ['protected-column', 'policies.old.stages.0.set.id', /Remove it/],
  ],
  [
    'a scope overwritten',
    [['{ name: null, email', '{ name: null, ¦tenant_id: 0, email']],
    ['protected-column', 'policies.old.stages.0.set.tenant_id', /Remove it/],
  ],
  [
    'a match overwritten',
    [['- detach: invoices', '- anonymise: open deals\n        set: { title: "", ¦contact_id: 0 }']],
    ['protected-column', 'policies.contacts.dependents.1.set.contact_id', /Remove it/],
  ],
  [
    'a maximum overwritten',
    [['- delete: messages', '- anonymise: messages\n        set: { ¦sent_at: null }']],
    ['protected-column', 'policies.contacts.dependents.0.set.sent_at', /Remove it/],
  ],
  [
    'stages out of order',
    [['      - after: 24', '      - ¦after: 6']],
    ['stage-order', 'policies.old.stages.1', /order of their periods/],
  ],
  [
    'a stage after delete',
    [
      [
        '        action: anonymise\n        set: { name: null, email: { placeholder: "erased-{key}@invalid" } }',
        '        action: delete',
      ],
      ['      - after: 24', '      - ¦after: 24'],
    ],
    ['stage-order', 'policies.old.stages.1', /`delete` last/],
  ],
  [
    'two ways to spell an address',
    [['subject: none', 'subject: { email: ¦{ column: mail, normalise: exact } }']],
    ['normalise-differs', 'sources.crm.records.invoice.subject.email', /same `normalise`/],
  ],
  [
    'nothing left by which a hold knows a record that is deleted later',
    [['{ name: null, email: { placeholder: "erased-{key}@invalid" } }', "¦{ name: null, email: '' }"]],
    ['subject-lost', 'policies.old.stages.0.set', /placeholder/],
  ],
  [
    'a column overwritten that a later stage asks for',
    [['{ name: null, email', '{ name: null, ¦Status: gone, email']],
    ['changes-meaning', 'policies.old.stages.0.set.Status', /Leave the column/],
  ],
  [
    'a scope of related rows overwritten',
    [
      ['where: { status: open }, scope: none', 'where: { status: open }, scope: { region: dk }'],
      ['- detach: invoices', '- anonymise: open deals\n        set: { ¦region: se }'],
    ],
    ['protected-column', 'policies.contacts.dependents.1.set.region', /Remove it/],
  ],
  [
    'the time of a starting point overwritten',
    [
      ['{ column: created_at, null', '{ column: created_at, time: Clock, null'],
      ['{ name: null, email', '{ name: null, ¦clock: "", email'],
    ],
    ['protected-column', 'policies.old.stages.0.set.clock', /Remove it/],
  ],
];
