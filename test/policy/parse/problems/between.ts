import type { Case } from './case.ts';

export const SAME_AS_CONTACTS = `    records: crm.contact
    start:
      latest of:
        - { max: messages.sent_at, null: unknown }
        - { column: last_contacted_at, null: unknown }
    where: { status: lead }
`;
const SPARED = `    unless:
      open deal: { exists: open deals }
      customer: { customer_number: { not: null } }
`;

export const BETWEEN: readonly Case[] = [
  [
    'a promise that a statute makes impossible',
    [
      ['  old:\n', `  statute:\n${SAME_AS_CONTACTS}    keep: 5 years\n  old:\n`],
      ['    within: 12 months', '    within: ¦12 months'],
    ],
    ['impossible-promise', 'policies.contacts.within', /Limit one of the two by `where`/],
  ],
  [
    'a promise that a statute of the same length makes impossible',
    [
      ['  old:\n', `  statute:\n${SAME_AS_CONTACTS}    keep: 1 year\n  old:\n`],
      ['    within: 12 months', '    within: ¦12 months'],
    ],
    ['impossible-promise', 'policies.contacts.within', /Limit one/],
  ],
  [
    'a promise that a statute on everything makes impossible',
    [
      [
        '  old:\n',
        `  statute:\n${SAME_AS_CONTACTS.replace('    where: { status: lead }\n', '').replace('crm.contact', 'crm.*').replace('        - { max: messages.sent_at, null: unknown }\n', '')}    keep: 5 years\n  old:\n`,
      ],
      ['        - { max: messages.sent_at, null: unknown }\n', ''],
      ['    within: 12 months', '    within: ¦12 months'],
    ],
    ['impossible-promise', 'policies.contacts.within', /Limit one/],
  ],
  [
    'a rule that never acts',
    [
      [
        '  old:\n',
        `  ¦slow:\n${SAME_AS_CONTACTS}${SPARED}    within: 13 months\n    margin: 2 days\n    action: delete\n  old:\n`,
      ],
    ],
    ['never-wins', 'policies.slow', /Remove it/],
  ],
  [
    'the later of two equal rules',
    [
      [
        '  old:\n',
        `  ¦again:\n${SAME_AS_CONTACTS}${SPARED}    within: 1 year\n    margin: 2 days\n    action: delete\n  old:\n`,
      ],
    ],
    ['never-wins', 'policies.again', /Remove it/],
  ],
  [
    'kept rows erased as dependents',
    [['- detach: invoices', '- delete: ¦invoices']],
    ['keep-bypassed', 'policies.contacts.dependents.1.delete', /`keep: invoices` or `detach: invoices`/],
  ],
  [
    'kept rows overwritten as dependents',
    [['- detach: invoices', '- anonymise: ¦invoices\n        set: { text: "" }']],
    ['keep-bypassed', 'policies.contacts.dependents.1.anonymise', /`keep: invoices`/],
  ],
  [
    'kept rows erased in another name',
    [
      ['      invoice:\n', '      receipt: { table: Invoices, key: id, subject: none }\n      invoice:\n'],
      [
        '  old:\n',
        '  receipts: { records: ¦crm.receipt, start: issued_on, after: 1 month, action: delete }\n  old:\n',
      ],
    ],
    ['keep-bypassed', 'policies.receipts.records', /same `keep` policy/],
  ],
];
