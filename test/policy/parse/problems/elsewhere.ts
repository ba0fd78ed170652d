/** Facts from another source. */
import type { Case } from './case.ts';

const exemption = (text: string): [string, string] => ['{ exists: open deals }', text];
const start = (text: string): [string, string] => [
  '- { column: last_contacted_at, null: unknown }',
  `- ${text}`,
];
const at = (rest: string): string => `policies.contacts.unless.open deal.${rest}`;
const inStart = (rest: string): string => `policies.contacts.start.latest of.0${rest}`;

/** Another record type whose policy asks contacts about its people. */
const CASES: [string, string] = [
  '      invoice:\n',
  `      case: { table: cases, key: id, subject: { email: reporter } }\n      invoice:\n`,
];
const asking = (start: string): [string, string] => [
  '  old:\n',
  `  cases: { records: crm.case, start: ${start}, within: 1 month, action: delete }\n  old:\n`,
];

export const ELSEWHERE: readonly Case[] = [
  [
    'a start overwritten that a policy asks for elsewhere',
    [
      CASES,
      asking('{ elsewhere: crm.contact, by: email, start: { column: ended_on, as: date, null: not yet } }'),
      ['set: { name: null, email', 'set: { ¦ended_on: null, ¦email'],
    ],
    ['protected-column', 'policies.old.stages.0.set.ended_on', /Remove it/],
    ['changes-meaning', 'policies.old.stages.0.set.email', /let the conditions read another/],
  ],
  [
    'another source that is not there',
    [exemption('{ elsewhere: ¦cmr.contact, by: email }')],
    ['unknown-source', at('elsewhere'), /Did you mean "crm"/],
  ],
  [
    'other records that are not there',
    [exemption('{ elsewhere: ¦crm.contract, by: email }')],
    ['unknown-record', at('elsewhere'), /Did you mean "contact"/],
  ],
  [
    'all records of another source',
    [exemption('{ elsewhere: ¦crm.*, by: email }')],
    ['unknown-record', at('elsewhere'), /Write source\.record/],
  ],
  [
    'an identifier that these records lack',
    [exemption('{ elsewhere: crm.contact, by: ¦phone }')],
    ['contradiction', at('by'), /Known identifiers: email/],
  ],
  [
    'an identifier that the others lack',
    [exemption('{ elsewhere: crm.invoice, by: ¦email }')],
    ['contradiction', at('by'), /There are no identifiers/],
  ],
  [
    'nothing to find the person by',
    [exemption('¦{ elsewhere: crm.contact }')],
    ['missing-key', at('by'), /Kind of identifier/],
  ],
  [
    'related rows that the others do not have',
    [exemption('{ elsewhere: crm.contact, by: email, where: { exists: ¦deals } }')],
    ['unknown-related', at('where.exists'), /Known related rows: messages/],
  ],
  [
    'certainty that nobody is there, where rows can name several people',
    [
      ['subject: { email: email }', 'subject: { email: { column: sender, from: messages } }'],
      exemption('{ elsewhere: crm.contact, by: email, if none: ¦not met }'),
    ],
    ['contradiction', at('if none'), /Write `if none: keep`/],
  ],
  [
    'erasing while the other source is away',
    [exemption('{ elsewhere: crm.contact, by: email, if unreachable: ¦erase }')],
    ['wrong-value', at('if unreachable'), /no other choice/],
  ],
  [
    'another source as part of a condition',
    [['where: { status: lead }', 'where: { status: lead, ¦elsewhere: crm.contact }']],
    ['contradiction', 'policies.contacts.where.elsewhere', /below `unless`, or in `start`/],
  ],
  [
    'a start elsewhere that is not said',
    [start('¦{ elsewhere: crm.contact, by: email }')],
    ['missing-key', inStart(''), /start: \{ column/],
  ],
  [
    'a start elsewhere without an identifier',
    [start('¦{ elsewhere: crm.contact, start: created_at }')],
    ['missing-key', inStart(''), /by: email/],
  ],
  [
    'a list elsewhere',
    [start('{ elsewhere: crm.contact, by: email, ¦start: { latest of: [a, b] } }')],
    ['contradiction', inStart('.start'), /goes around `elsewhere`/],
  ],
  [
    'what NULL means, beside elsewhere',
    [start('{ elsewhere: crm.contact, by: email, start: created_at, ¦null: unknown }')],
    ['contradiction', inStart('.null'), /Put it into `start`/],
  ],
  [
    'several elsewhere, beside a column',
    [start('{ column: last_contacted_at, null: unknown, ¦if several: latest }')],
    ['contradiction', inStart('.if several'), /starting points in other sources/],
  ],
];
