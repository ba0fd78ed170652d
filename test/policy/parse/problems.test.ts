/**
 * Bad files. Each case spoils a valid file in one place or two; ¦ marks where the problem is expected, and is taken out
 * before the text is parsed.
 */
import { describe, expect, it } from '@jest/globals';
import { PROBLEM_CODES } from '../../../src/policy/parse/report.ts';
import { BASE, edit, problemsOf, unmark } from './base.ts';
import { BETWEEN, SAME_AS_CONTACTS } from './problems/between.ts';
import { BELONGING } from './problems/belonging.ts';
import { CONDITIONS } from './problems/conditions.ts';
import { DOING } from './problems/doing.ts';
import { ELSEWHERE } from './problems/elsewhere.ts';
import { MEANING } from './problems/meaning.ts';
import { NAMES } from './problems/names.ts';
import { SEVERAL } from './problems/several.ts';
import { SHAPE } from './problems/shape.ts';
import { TEXT } from './problems/text.ts';
import { VALUES } from './problems/values.ts';

/** What the parser says about a marked text, and where the marks stand. */
function told(marked: string) {
  const { text, places } = unmark(marked);
  const problems = problemsOf(text);
  return { problems, places };
}

const ALL = [
  ...SHAPE,
  ...TEXT,
  ...NAMES,
  ...VALUES,
  ...MEANING,
  ...CONDITIONS,
  ...BETWEEN,
  ...SEVERAL,
  ...BELONGING,
  ...DOING,
  ...ELSEWHERE,
];

describe('bad files', () => {
  it('spoil a good one', () => {
    expect(problemsOf(BASE)).toEqual([]);
  });

  it.each(ALL)('%s', (_title, edits, ...expected) => {
    const { problems, places } = told(edits.reduce((text, [from, to]) => edit(text, from, to), BASE));
    expect(problems.map((one) => [one.code, one.path.join('.'), one.file])).toEqual(
      expected.map(([code, path]) => [code, path, 'policies.yaml']),
    );
    for (const [index, [, , remedy]] of expected.entries()) expect(problems[index]?.remedy).toMatch(remedy);
    expect(problems.map(({ line, column }) => ({ line, column }))).toEqual(places);
    expect(problems.every((one) => one.message !== '' && !one.message.includes('undefined'))).toBe(true);
    expect(JSON.stringify(problems)).not.toContain('geheim');
  });
});

describe('texts that are no policy file', () => {
  const cases: readonly (readonly [title: string, marked: string, code: string])[] = [
    ['nothing', '¦', 'empty-file'],
    ['only white space', '¦  \n\n', 'empty-file'],
    ['only a comment', '¦# frist: 1\n', 'empty-file'],
    ['a word', '¦hello', 'wrong-type'],
    ['a list', '¦- a\n- b\n', 'wrong-type'],
    ['a bracket', 'a: [1, 2¦', 'not-yaml'],
    ['a quote', 'a: "x¦', 'not-yaml'],
    ['two colons', 'frist: ¦1: 2\n', 'not-yaml'],
    ['a stray line', 'frist: 1\n¦hello\n', 'not-yaml'],
    ['HTML', '¦<html>\n<body>x</body>\n</html>\n', 'wrong-type'],
    ['a byte order mark', '¦\uFEFFfrist: 1\n', 'byte-order-mark'],
    ['a zero byte', 'frist: 1¦\0\n', 'not-text'],
    ['another encoding', 'name: Br¦\uFFFDnd\n', 'not-text'],
    ['two documents', 'frist: 1\n¦---\nfrist: 1\n', 'several-documents'],
    ['a directive', '¦%YAML 1.1\n---\nfrist: 1\n', 'yaml-directive'],
    ['a tag directive', '# x\n¦%TAG ! tag:x\n---\nfrist: 1\n', 'yaml-directive'],
    ['a deep nest', `${'['.repeat(64)}¦${'['.repeat(20_000)}`, 'too-large'],
    ['a deep block', `a: 1\n¦${'- '.repeat(20_000)}x`, 'too-large'],
    ['a deep indent', `a:\n¦${' '.repeat(300)}x: 1`, 'too-large'],
    ['a great deal', `¦a: ${'x'.repeat(1_000_001)}`, 'too-large'],
  ];

  it.each(cases)('%s', (_title, marked, code) => {
    const { problems, places } = told(marked);
    expect(problems.map((one) => [one.code, { line: one.line, column: one.column }])).toEqual([
      [code, places[0]],
    ]);
    expect(problems[0]?.remedy).not.toBe('');
  });
});

it('every code of a problem is provoked here', () => {
  const seen = new Set(ALL.flatMap(([, , ...expected]) => expected.map(([code]) => code)));
  const texts = [
    'empty-file',
    'not-yaml',
    'byte-order-mark',
    'not-text',
    'several-documents',
    'yaml-directive',
    'too-large',
  ];
  // Of record types that are files: files.test.ts.
  texts.push('shared-files');
  expect(PROBLEM_CODES.filter((code) => !seen.has(code) && !texts.includes(code))).toEqual([]);
});

describe('warnings', () => {
  it('do not stand in the way', () => {
    const rule = (name: string, period: string): string =>
      `  ${name}: { records: crm.invoice, start: { column: issued_on, as: date, null: unknown }, after: ${period}, action: delete }\n`;
    const problems = problemsOf(`${BASE}${rule('never', '2 years')}`);
    expect(problems).toMatchObject([
      {
        severity: 'warning',
        code: 'impossible-promise',
        message:
          'Nothing is erased after 2 years: policy "bookkeeping" keeps the same records for 5 years after the end of the financial year from the same start',
      },
    ]);
  });

  it('tell of a promise that may be impossible', () => {
    const keep = `  statute:\n${SAME_AS_CONTACTS}    keep: 365 days\n`;
    expect(problemsOf(edit(BASE, '  old:\n', `${keep}  old:\n`))).toMatchObject([
      { severity: 'warning', code: 'impossible-promise' },
    ]);
  });

  it('are not given where the two rules are about different records, or one exempts what the other keeps', () => {
    const statute = (keep: string): string => edit(BASE, '  old:\n', `  statute:\n${keep}  old:\n`);
    expect(problemsOf(statute(`${SAME_AS_CONTACTS.replace('lead', 'customer')}    keep: 5 years\n`))).toEqual(
      [],
    );
    expect(
      problemsOf(statute(`${SAME_AS_CONTACTS.replace('last_contacted_at', 'ended_at')}    keep: 5 years\n`)),
    ).toEqual([]);
    expect(
      problemsOf(statute(`${SAME_AS_CONTACTS}    unless: { small: { amount: 0 } }\n    keep: 5 years\n`)),
    ).toEqual([]);
    expect(problemsOf(statute(`${SAME_AS_CONTACTS}    keep: 6 months\n`))).toEqual([]);
  });

  it('are not given of a slower rule that may still act: a default, or one that spares less', () => {
    const slower = (rule: string): string =>
      edit(
        BASE,
        '  old:\n',
        `  slow:\n${rule}    within: 13 months\n    margin: 2 days\n    action: delete\n  old:\n`,
      );
    const onlyContacts = SAME_AS_CONTACTS.replace('        - { max: messages.sent_at, null: unknown }\n', '');
    const base = slower(onlyContacts.replace('crm.contact', 'crm.*')).replace(
      '        - { max: messages.sent_at, null: unknown }\n',
      '',
    );
    expect(problemsOf(base)).toEqual([]);
    expect(problemsOf(slower(SAME_AS_CONTACTS))).toEqual([]);
  });
});
