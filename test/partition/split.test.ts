/** Which policies may be erased by several processes at once: where one record's fate hangs on another's, none. */
import { describe, expect, it } from '@jest/globals';
import { standsAlone } from '../../src/erasure/partition/split.ts';
import { parsePolicies } from '../../src/policy/parse/parse.ts';
import { compileViews } from '../../src/policy/view.ts';

const FILE = `
frist: 1
controller: { name: Test, timezone: UTC }
sources:
  crm:
    kind: sql
    connection: mysql://h/d
    datetimes in: UTC
    records:
      contact:
        table: contacts
        key: id
        subject: { email: email }
        related:
          notes: { table: notes, match: { contact_id: id } }
          files: { table: files, match: { note_id: id }, of: notes }
          links: { table: links, match: { contact_id: id } }
          shared: { table: shared, match: { id: shared_id }, of: links }
          deals: { table: deals, match: [{ seller_id: id }, { buyer_id: id }] }
          twins: { table: contacts, match: { email: email } }
policies:
  contacts:
    records: crm.contact
    start: last_contact
    within: 12 months
    action: delete
`;

function isSplit(more: string, change: (file: string) => string = (file) => file): boolean {
  const text = change(FILE) + more;
  const { file } = parsePolicies(text, { file: 'test.yaml', resolve: () => undefined, kinds: ['sql'] });
  const [task] = compileViews(file);
  if (task === undefined) throw new Error('no policy');
  return standsAlone(task);
}

const dependents = (...all: readonly string[]): string =>
  `    dependents:\n${all.map((one) => `      - ${one}\n`).join('')}`;

describe('a policy is split', () => {
  it.each([
    ['on a table by itself', ''],
    ['with rows of each record alone', dependents('delete: notes')],
    ['with rows of those rows', dependents('delete: files', 'delete: notes')],
    ['with rows of two records, which nobody asks about', dependents('delete: deals')],
    [
      'though it asks about rows of each record alone that go with it',
      `    unless: { named: { exists: notes } }\n${dependents('delete: notes')}`,
    ],
  ])('%s', (_, more) => {
    expect(isSplit(more)).toBe(true);
  });
});

describe('a policy is not split', () => {
  it.each([
    [
      'whose records share an object',
      dependents('delete: shared\n        unless owned: links', 'delete: links'),
    ],
    ['whose dependents are records of its own', dependents('detach: twins')],
    ['that asks about records of its own', '    unless: { named: { exists: twins } }\n'],
    [
      'that asks about rows of two records that go with one',
      `    unless: { named: { exists: deals } }\n${dependents('delete: deals')}`,
    ],
    [
      'that asks about rows of rows that go with it',
      `    unless: { named: { exists: files } }\n${dependents('delete: files', 'delete: notes')}`,
    ],
  ])('%s', (_, more) => {
    expect(isSplit(more)).toBe(false);
  });

  it('whose records another policy keeps by rows of two records that go with one', () => {
    const keep = `  bookkeeping:
    records: crm.contact
    start: last_contact
    keep: 5 years
    because: accounts
    where: { exists: deals }
`;
    expect(isSplit(dependents('delete: notes') + keep)).toBe(true);
    expect(isSplit(dependents('delete: deals') + keep)).toBe(false);
  });

  it('that asks about its own table by a name with the schema', () => {
    const named = (file: string): string =>
      file.replace('twins: { table: contacts', 'twins: { table: crm.CONTACTS');
    expect(isSplit(dependents('detach: twins'), named)).toBe(false);
    expect(isSplit('    unless: { named: { exists: twins } }\n', named)).toBe(false);
  });

  it('over the tables of a pattern', () => {
    expect(isSplit('', (file) => file.replace('table: contacts', 'table: contacts_*'))).toBe(false);
  });
});
