import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Outline } from '../../../src/policy/outline/outline.ts';
import { proposePolicies } from '../../../src/policy/outline/propose.ts';
import { parsePolicies } from '../../../src/policy/parse/parse.ts';
import type { PolicyFile } from '../../../src/policy/policy.ts';

const FRAME = { source: 'crm', kind: 'sql', connection: '${FRIST_CRM}', timezone: 'Europe/Copenhagen' };
const column = (
  name: string,
  kind = 'text',
  nullable = false,
): Outline['tables'][number]['columns'][number] => ({
  name,
  kind: kind as 'text',
  nullable,
});

function parsed(text: string): PolicyFile {
  const context = { file: 'proposed.yaml', resolve: () => 'sqlite:x', kinds: ['sql'] };
  return parsePolicies(text, context).file;
}

const CRM: Outline = {
  tables: [
    {
      name: 'customers',
      key: ['id'],
      columns: [
        column('id', 'number'),
        column('email'),
        column('first_name'),
        column('birth_date', 'date'),
        column('created_at', 'datetime'),
        column('last_contacted', 'datetime', true),
      ],
    },
    { name: 'orders', key: ['id'], columns: [column('id', 'number'), column('customer', 'number')] },
    { name: 'visits', key: [], columns: [column('customer_id', 'number'), column('page')] },
    {
      name: 'leads',
      key: ['id'],
      columns: [
        column('id', 'number'),
        column('customer_id', 'number', true),
        column('email'),
        column('phone'),
      ],
    },
    { name: 'countries', key: ['code'], columns: [column('code'), column('name')] },
  ],
  references: [{ from: 'orders', columns: ['customer'], to: 'customers', references: ['id'] }],
};

describe('a proposed policy file', () => {
  const text = proposePolicies(CRM, FRAME) ?? '';

  it('names the tables of people, their key, subject, start and what belongs to them', () => {
    const { sources, policies } = parsed(text);
    const [customers, leads] = sources[0]?.records ?? [];
    expect(customers).toMatchObject({
      table: 'customers',
      key: ['id'],
      subjects: [{ kind: 'email', column: 'email' }],
      related: [
        { name: 'orders', match: [{ theirs: 'customer', ours: 'id' }] },
        { name: 'visits', match: [{ theirs: 'customer_id', ours: 'id' }] },
        { name: 'leads', match: [{ theirs: 'customer_id', ours: 'id' }] },
      ],
    });
    expect(leads).toMatchObject({ subjects: [{ kind: 'email' }, { kind: 'phone' }] });
    expect(policies[0]).toMatchObject({
      record: 'customers',
      start: { column: 'last_contacted', whenNull: 'unknown' },
      stages: [{ dependents: [{ kind: 'delete' }, { kind: 'delete' }, { kind: 'keep', related: 'leads' }] }],
    });
    // A date of birth is no starting point; where there is no date at all, somebody must say.
    expect(policies[1]).toMatchObject({ record: 'leads', start: { column: '…' } });
  });

  it('cuts loose what the database would cut loose, and takes no other word for a date or an address', () => {
    const candidates = {
      name: 'candidates',
      key: ['id'],
      columns: [column('id', 'number'), column('candidate_no', 'number'), column('mail_format'), column('email1'), column('candidate', 'number'), column('start_date', 'date')],
    }; // prettier-ignore
    const groups = { name: 'groups', key: ['id'], columns: [column('id', 'number'), column('made_by', 'number', true)] }; // prettier-ignore
    const made = { from: 'groups', columns: ['made_by'], to: 'candidates', references: ['id'], emptied: true } as const; // prettier-ignore
    const proposed = proposePolicies({ tables: [candidates, groups], references: [made] }, FRAME) ?? '';
    expect(proposed).toContain('- detach: groups # guess: as the database does');
    expect(proposed).toContain('start: { column: start_date } # guess\n');
    expect(proposed).toContain('subject: { email: email1 }');
    const people = { name: 'people', key: ['id'], columns: [column('id', 'number'), column('first_name')] };
    const emails = { name: 'emails', key: ['id'], columns: [column('id', 'number'), column('of', 'number'), column('email')] }; // prettier-ignore
    const of = { from: 'emails', columns: ['of'], to: 'people', references: ['id'] };
    const beside = proposePolicies({ tables: [people, emails], references: [of] }, FRAME) ?? '';
    expect(beside).toContain('subject: { email: { column: email, from: emails } }');
    parsed(beside);
  });

  it('finds what belongs to a table behind the prefix of all tables, whatever its capitals', () => {
    const customers = { ...CRM.tables[0]!, name: 'App_Customers' };
    const visits = { ...CRM.tables[2]!, name: 'app_visits' };
    const proposed = proposePolicies({ tables: [customers, visits], references: [] }, FRAME) ?? '';
    expect(proposed).toContain('app_visits: { table: app_visits, match: { customer_id: id } } # guess');
    // A prefix of some is none.
    const others = { tables: [customers, visits, CRM.tables[4]!], references: [] };
    expect(proposePolicies(others, FRAME)).not.toContain('app_visits');
  });

  it('lists what the catalogue cannot tell, and proposes nothing of it', () => {
    const notes = { name: 'notes', key: ['id'], columns: [column('id', 'number'), column('notable_type'), column('notable_id', 'number'), column('mailType'), column('type')] }; // prettier-ignore
    const elsewhere = [{ schema: 'sales\n x: y', tables: 12 }];
    const tables = [...CRM.tables, notes];
    const proposed = proposePolicies({ ...CRM, tables, elsewhere }, FRAME) ?? '';
    expect(parsed(proposed)).toEqual(parsed(text));
    expect(proposed.slice(proposed.indexOf('# Look at')).split('\n')).toEqual([
      '# Look at these: nothing is proposed of them.',
      expect.stringContaining(
        '# - notes (notable_type, notable_id): each row may belong to a row of another table',
      ),
      expect.stringContaining('# - schema sales  x: y: 12 table(s) that were not looked at'),
      '',
    ]);
    expect(text).not.toContain('# Look at');
  });

  it('lets nothing go before somebody has approved it', () => {
    expect(parsed(text).policies).toMatchObject(
      Array(2).fill({ firstGuards: { maxRecords: 0, maxPercent: 0 } }),
    );
  });

  it('marks as a guess what the catalogue does not say, and only that', () => {
    const line = (part: string): string => text.split('\n').find((one) => one.includes(part)) ?? '';
    for (const part of [
      'subject: { email',
      'visits: {',
      'start:',
      'within:',
      'action:',
      'timezone:',
      '- delete',
    ])
      expect([part, line(part)]).toEqual([part, expect.stringContaining('# guess')]);
    for (const part of ['table: customers', 'key: id', 'orders: {'])
      expect([part, line(part)]).toEqual([part, expect.not.stringContaining('guess')]);
  });

  it('is the same for the same catalogue', () => {
    expect(proposePolicies(CRM, FRAME)).toBe(text);
  });

  it('is none where nobody is found', () => {
    expect(proposePolicies({ tables: CRM.tables.slice(1, 3), references: [] }, FRAME)).toBeUndefined();
  });

  it('parses whatever tables and columns are called', () => {
    const name = fc.oneof(
      fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }),
      fc.constantFrom(
        'null',
        'true',
        'a.b',
        'x/y',
        '`',
        '#',
        ': ',
        '- ',
        "o'x",
        '"',
        'select',
        'é',
        '1st',
        '\n# x: y',
        ' a ',
        '\uFFFD',
        '::proto::',
      ),
    );
    const kind = fc.constantFrom('text', 'number', 'date', 'datetime', 'instant', 'json', 'binary', 'other');
    const columns = fc.uniqueArray(
      fc.tuple(fc.oneof(name, fc.constantFrom('email', 'phone', 'created_at')), kind),
      {
        minLength: 1,
        maxLength: 6,
        selector: ([one]) => one,
      },
    );
    const outline = fc
      .uniqueArray(fc.tuple(fc.oneof(name, fc.constant('users')), columns), {
        minLength: 1,
        maxLength: 4,
        selector: ([one]) => one,
      })
      .map((tables): Outline => {
        const all = tables.map(([table, cells]) => ({
          name: table,
          key: [cells[0]?.[0] ?? ''],
          columns: [...cells.map(([one, what]) => column(one, what)), column('e_mail'), column('first_name')],
        }));
        const references = all.slice(1).map((one) => {
          return { from: one.name, columns: one.key, to: all[0]?.name ?? '', references: all[0]?.key ?? [] };
        });
        return { tables: all, references };
      });
    fc.assert(
      fc.property(outline, (one) => {
        // A name with `*` or `#` would be a pattern.
        const expected = one.tables.map(({ name: table }) => table).filter((table) => !/[*#]/.test(table));
        const proposed = proposePolicies(one, FRAME);
        const records = proposed === undefined ? [] : (parsed(proposed).sources[0]?.records ?? []);
        expect(records.map(({ table }) => table)).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });
});
