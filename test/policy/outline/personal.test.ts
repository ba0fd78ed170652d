import { describe, expect, it } from '@jest/globals';
import type { ColumnKind, OutlineTable } from '../../../src/policy/outline/outline.ts';
import { namesPeople, personalColumns, personalKind } from '../../../src/policy/outline/personal.ts';

const table = (name: string, columns: Readonly<Record<string, ColumnKind>>): OutlineTable => ({
  name,
  key: ['id'],
  columns: Object.entries(columns).map(([column, kind]) => ({ name: column, kind, nullable: true })),
});
const found = (one: OutlineTable): string[] => personalColumns(one).map(({ column }) => column.name);

describe('names of columns', () => {
  it.each([
    ['email', 'e-mail'],
    ['Contact_E-Mail', 'e-mail'],
    ['ePostAdresse', 'e-mail'],
    ['primaryEmailAddress', 'e-mail'],
    ['email1', 'e-mail'],
    ['phone_work', 'phone'],
    ['tlf', 'phone'],
    ['Mobilnummer', 'phone'],
    ['first_name', 'name'],
    ['lastName', 'name'],
    ['efternavn', 'name'],
    ['FÖRNAMN', 'name'],
    ['Nachname', 'name'],
    ['street', 'address'],
    ['Straße', 'address'],
    ['postnr', 'address'],
    ['date_of_birth', 'birth'],
    ['fødselsdato', 'birth'],
    ['cpr', 'national id'],
    ['personnummer', 'national id'],
    ['ip', 'network'],
    ['remote_addr', 'network'],
    ['iban', 'bank'],
    ['køn', 'nature'],
    ['notes', 'free text'],
  ])('%s is %s', (name, kind) => {
    expect(personalKind(name)).toBe(kind);
  });

  it.each([
    'id',
    'status',
    'amount',
    'shipment',
    'zipper',
    'description',
    'emailed',
    'hotel',
    'recipe',
    'township',
    'preferred_mail_format',
    'addressType',
    '',
  ])('%s is none', (name) => {
    expect(personalKind(name)).toBeUndefined();
  });

  it('knows tables of people', () => {
    expect(['crm_contacts', 'Kunder', 'LeadSource', 'tblBenutzer'].map(namesPeople)).toEqual(
      Array(4).fill(true),
    );
    expect(['orders', 'settings', 'contactless'].map(namesPeople)).toEqual([false, false, false]);
  });
});

describe('columns of a table', () => {
  it('counts a note only beside a person', () => {
    expect(found(table('machines', { notes: 'text', model: 'text' }))).toEqual([]);
    expect(found(table('machines', { notes: 'text', email: 'text' }))).toEqual(['notes', 'email']);
    expect(found(table('contacts', { notes: 'text' }))).toEqual(['notes']);
  });

  it('leaves out dates and flags that are named after what is personal, but not a date of birth', () => {
    const columns = {
      email_sent_at: 'datetime',
      email_ok: 'number',
      birth_date: 'date',
      phone: 'number',
    } as const;
    expect(found(table('t', columns))).toEqual(['birth_date', 'phone']);
  });
});
