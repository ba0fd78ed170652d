import type { Case } from './case.ts';

export const SEVERAL: readonly Case[] = [
  [
    'problems of text, shape and meaning',
    [
      ['  timezone: Europe/Copenhagen', '  timezone: ¦Europe/Nowhere'],
      ['kind: sql', 'kind: ¦sqll'],
      ['table: contacts', '¦tabel: x\n        table: contacts'],
      ['{ status: lead }', '{ status: ¦*lead }'],
      ['    keep: 5 years after', '    keep: ¦0 years after'],
    ],
    ['bad-timezone', 'controller.timezone', /Write one/],
    ['unknown-kind', 'sources.crm.kind', /sql/],
    ['unknown-key', 'sources.crm.records.contact.tabel', /"table"/],
    ['alias', 'policies.contacts.where.status', /Write the value out/],
    ['bad-period', 'policies.bookkeeping.keep', /3 months/],
  ],
  [
    'what can be judged without the records',
    [
      ['records: crm.invoice', 'records: ¦crm.nothing'],
      ['as: date,', 'as: ¦dates,'],
      ['keep: 5 years after', 'keep: ¦0 years after'],
    ],
    ['unknown-record', 'policies.bookkeeping.records', /Known records/],
    ['bad-encoding', 'policies.bookkeeping.start.as', /"date"/],
    ['bad-period', 'policies.bookkeeping.keep', /3 months/],
  ],
];
