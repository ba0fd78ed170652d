import type { Case } from './case.ts';

export const TEXT: readonly Case[] = [
  [
    'a duplicate key',
    [['    margin: 2 days', '    ¦within: 6 months\n    margin: 2 days']],
    ['duplicate-key', 'policies.contacts.within', /Remove or rename/],
  ],
  [
    'two policies of one name',
    [['  old:\n', '  ¦contacts:\n']],
    ['duplicate-key', 'policies.contacts', /Remove or rename/],
  ],
  [
    'an alias',
    [
      ['kind: sql', 'kind: &k ¦sql'],
      ['timezone: Europe/Copenhagen', 'timezone: ¦*k'],
    ],
    ['alias', 'controller.timezone', /Write the value out/],
    ['alias', 'sources.crm.kind', /Write the value out/],
  ],
  ['a tag', [['kind: sql', 'kind: !secret ¦sql']], ['tag', 'sources.crm.kind', /Remove it/]],
  ['a known tag', [['kind: sql', 'kind: !!str ¦sql']], ['tag', 'sources.crm.kind', /Remove it/]],
  [
    'a value left out',
    [['where: { status: lead }', '¦where:']],
    ['empty-value', 'policies.contacts.where', /`null` if NULL is meant/],
  ],
  [
    'a test left out',
    [['where: { status: lead }', 'where: { ¦status }']],
    ['empty-value', 'policies.contacts.where.status', /Write one/],
  ],
  [
    'infinity',
    [['{ tenant_id: 7 }\n        subject: none', '{ tenant_id: ¦.inf }\n        subject: none']],
    ['bad-number', 'sources.crm.records.invoice.scope.tenant_id', /finite/],
  ],
  [
    'a list as a key',
    [['where: { status: lead }', 'where: { ¦[a]: lead }']],
    ['bad-key', 'policies.contacts.where', /Write a name/],
  ],
  [
    'a prototype as a key',
    [['where: { status: lead }', 'where: { status: lead, ¦__proto__: x }']],
    ['bad-key', 'policies.contacts.where', /__proto__/],
  ],
  ['a tab', [['    within: 12', '¦\t within: 12']], ['tab-indent', '', /Indent with spaces/]],
];
