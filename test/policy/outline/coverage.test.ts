import { describe, expect, it } from '@jest/globals';
import { coverageGaps, type Gap } from '../../../src/policy/outline/coverage.ts';
import type { Outline } from '../../../src/policy/outline/outline.ts';
import { parsePolicies } from '../../../src/policy/parse/parse.ts';

const OUTLINE: Outline = {
  tables: ['contacts', 'messages', 'Subscribers', 'machines', 'archive_2024'].map((name) => ({
    name,
    key: ['id'],
    columns: ['id', ...(name === 'machines' ? ['model'] : ['email', 'phone', 'body'])].map((column) => {
      return { name: column, kind: column === 'id' ? 'number' : 'text', nullable: true };
    }),
  })),
  references: [],
};

/** The gaps of a file whose contacts have related messages; `more` is what the source says besides. */
function gaps(policy: string, more = ''): readonly Gap[] {
  const text = `frist: 1
controller: { name: X, timezone: UTC }
sources:
  crm:
    kind: sql
    connection: sqlite:x
    ${more}
    records:
      contact:
        table: contacts
        key: id
        subject: { email: email }
        related: { mails: { table: messages, match: { contact_id: id } } }
      other: { table: 'archive_*', key: id, subject: none }
policies:
  contacts: ${policy}
`;
  const { file } = parsePolicies(text, { file: 'x.yaml', resolve: () => undefined, kinds: ['sql'] });
  const [source] = file.sources;
  return source === undefined ? [] : coverageGaps(file, source, OUTLINE);
}

const RULE = 'start: created_at, within: 12 months';
const DELETE = `{ records: crm.contact, ${RULE}, action: delete, dependents: [{ delete: mails }] }`;
const tablesOf = (found: readonly Gap[]): (string | undefined)[] =>
  found.map(({ message }) => /(?:table|no) (\S+)/.exec(message)?.[1]);

describe('coverage', () => {
  it('names tables that look personal and that no policy is about, whatever their capitals', () => {
    const found = gaps(DELETE);
    expect(tablesOf(found)).toEqual(['Subscribers', 'archive_2024']);
    expect(found[0]).toMatchObject({ code: 'uncovered-table', path: ['sources', 'crm'] });
    expect(found[0]?.message).toContain('email (e-mail), phone (phone), body (free text)');
  });

  it('does not take rows for covered that are only looked at', () => {
    const found = gaps(
      `{ records: crm.contact, ${RULE}, action: delete, unless: { written: { exists: mails } } }`,
    );
    expect(tablesOf(found)).toEqual(['messages', 'Subscribers', 'archive_2024']);
  });

  it('names the columns that stay where a table is anonymised', () => {
    const found = gaps(
      `{ records: crm.contact, ${RULE}, action: anonymise, set: { email: null, PHONE: null }, dependents: [{ anonymise: mails, set: { body: null } }] }`,
    );
    expect(found.map(({ code }) => code)).toEqual([
      'uncovered-column',
      'uncovered-column',
      'uncovered-table',
      'uncovered-table',
    ]);
    expect(found[0]?.message).toContain('stay: body (free text)');
    expect(found[1]?.message).toContain('stay: email (e-mail), phone (phone)');
  });

  it('takes patterns, rows that are kept knowingly, and statutory minimums for covered', () => {
    expect(tablesOf(gaps(`{ records: crm.other, ${RULE}, action: delete }`))).not.toContain('archive_2024');
    expect(tablesOf(gaps(DELETE.replace('delete: mails', 'keep: mails')))).not.toContain('messages');
    expect(tablesOf(gaps('{ records: crm.contact, start: created_at, keep: 5 years }'))).not.toContain(
      'contacts',
    );
  });

  it('is content with what is acknowledged, and tells what is not there', () => {
    const acknowledged = gaps(
      DELETE,
      'not covered: { subscribers: erased by the mailing service, archive_2024: read only, contacts.fax: gone, leads: gone }',
    );
    expect(acknowledged).toMatchObject([
      { code: 'nothing-to-acknowledge', path: ['sources', 'crm', 'not covered', 'contacts.fax'] },
      { code: 'nothing-to-acknowledge', path: ['sources', 'crm', 'not covered', 'leads'] },
    ]);
    const column = gaps(DELETE, 'not covered: { subscribers.body: a title, archive_2024: read only }');
    expect(column).toMatchObject([{ code: 'uncovered-table' }]);
    expect(column[0]?.message).not.toContain('body');
  });
});
