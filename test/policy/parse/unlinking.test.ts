/** Columns by which rows are found may become NULL where nobody needs to find them any more, and nowhere else. */
import { describe, expect, it } from '@jest/globals';
import { problemsOf } from './base.ts';

const TEXT = `frist: 1
controller: { name: Eksempel A/S, timezone: Europe/Copenhagen }
sources:
  crm:
    kind: sql
    connection: \${FRIST_CRM}
    records:
      reader:
        table: readers
        key: id
        subject: { email: email }
        related:
          openings: { table: openings, match: { reader_id: id } }
          places: { table: places, of: openings, match: { opening_id: id } }
      opening:
        table: openings
        key: id
        subject: { email: { column: email, from: reader } }
        related:
          reader: { table: readers, match: { id: reader_id } }
policies:
  readers:
    records: crm.reader
    start: { column: left_at, null: not yet }
    within: 6 months
    action: delete
    dependents:
      - detach: openings
  openings:
    records: crm.opening
    start: opened_at
    within: 12 months
    unless:
      member: { exists: reader, where: { member: 1 } }
    action: anonymise
    set: { reader_id: null, ip: null }
`;

const STAGES = `stages:
      - { after: 12 months, action: anonymise, set: { reader_id: null } }
      - { after: 24 months, action: delete }
`;

const edit = (from: string, to: string): string => {
  expect(TEXT).toContain(from);
  return TEXT.replace(from, to);
};
const codes = (text: string): readonly string[] => problemsOf(text).map((one) => one.code);

describe('a column by which rows are found', () => {
  it('may become NULL where only a subject and a detaching go by it', () => {
    expect(problemsOf(TEXT)).toEqual([]);
    expect(codes(edit('- detach: openings', '- keep: openings'))).toEqual([]);
    const cut = edit(
      '- detach: openings',
      '- anonymise: openings\n        set: { reader_id: null, ip: null }',
    );
    const exempt = `    unless:\n      member: { exists: reader, where: { member: 1 } }\n`;
    expect(codes(cut.replace(exempt, ''))).toEqual([]);
    expect(codes(cut)).toEqual(['protected-column']);
  });

  it.each([
    ['rows that have to go are found by it', '- detach: openings', '- delete: openings'],
    ['rows further off are found by it', '- detach: openings', '- delete: places'],
    ['a starting point is found by it', '{ column: left_at, null: not yet }', '{ max: openings.at, null: unknown }'],
    ['a policy asks for the rows', 'within: 6 months', 'within: 6 months\n    where: { none: openings }'],
    ['a relation asks for the rows', 'match: { reader_id: id } }', 'match: { reader_id: id } }\n          new ones: { table: offers, match: { reader_id: id }, where: { none: offers } }\n          offers: { table: openings, of: new ones, match: { reader_id: id } }'],
    ['it becomes another value', 'reader_id: null, ip', 'reader_id: 0, ip'],
    ['the record is judged by it again', 'within: 12 months\n', `where: { exists: reader }\n    ${STAGES}`],
  ])('may not, where %s', (_, from, to) => {
    const text = edit(from, to);
    const one = to.includes('stages:') ? text.replace('    action: anonymise\n    set: { reader_id: null, ip: null }\n', '') : text;
    expect(codes(one)).toContain('protected-column');
  }); // prettier-ignore
});
