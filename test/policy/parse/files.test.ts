/** Record types that are files: what their patterns may be. */
import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '../../../src/errors.ts';
import { explainRecord } from '../../../src/policy/explain/record.ts';
import { mayFitOneFile } from '../../../src/policy/parse/check/patterns.ts';
import { parsePolicies } from '../../../src/policy/parse/parse.ts';

const file = (record: string, kind = 'files'): string => `frist: 1
controller: { name: Eksempel A/S, timezone: Europe/Copenhagen }
sources:
  exports:
    kind: ${kind}
    connection: file:/srv/exports
    records:
      log: ${record}
policies:
  logs: { records: exports.log, start: modified, within: 1 month, action: delete }
`;

function codes(record: string, kind?: string): readonly string[] {
  try {
    parsePolicies(file(record, kind), { file: 'x', resolve: () => undefined, kinds: ['sql', 'files'] });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map((one) => `${one.code} ${one.path.slice(3).join('.')}`);
  }
}
const ofPattern = (pattern: string): readonly string[] => codes(`{ files: '${pattern}', subject: none }`);

describe('files as records', () => {
  it.each([
    '*.log',
    'a/b/*.log',
    '{yyyy}{mm}{dd}.log',
    '{yyyy}-{mm}-{dd}*',
    '{email}/{who}-{yyyy}{mm}{dd}',
    'plain',
  ])('are told by %s', (pattern) => expect(ofPattern(pattern)).toEqual([]));

  it.each([
    '/srv/*.log', 'logs/', 'a//b', '../*.log', 'a/./b', 'a\\b', '{Email}.log', '{}.log', '{email.log', 'a}.log',
    '{a}-{a}.log', '{path}/x', '{date}.log', '{yyyy}-{mm}.log', '**/x.log', '{a}{b}', '{a}*', '*{a}',
  ])('are not told by %s', (pattern) => expect(ofPattern(pattern)).toEqual(['bad-files log.files'])); // prettier-ignore

  it('have keys of their own, and tables have theirs', () => {
    expect(codes('{ table: logs, key: id, subject: none }')).toEqual(
      expect.arrayContaining(['missing-key log.files', 'unknown-key log.table', 'unknown-key log.key']),
    );
    expect(codes("{ files: '*.log', subject: none }", 'sql')).toEqual(
      expect.arrayContaining(['missing-key log.table', 'missing-key log.key', 'unknown-key log.files']),
    );
  });
});

describe('rows inside files', () => {
  const rows = (more: string): readonly string[] => codes(`{ files: 'a/*.log', subject: none, ${more} }`);

  it('say how they are written, and speak of their file', () => {
    expect(rows('rows: ndjson, untouched minutes: 0, where: { a/b: 1, file.name: x }')).toEqual([]);
    expect(rows("rows: csv, separator: ';'")).toEqual([]);
    expect(rows("rows: csv, separator: '::'")).toEqual(['wrong-value log.separator']);
    expect(rows("rows: ndjson, separator: ';'")).toEqual(['contradiction log.separator']);
    expect(rows('untouched minutes: 5')).toEqual(['contradiction log.untouched minutes']);
    expect(rows('rows: xml')).toEqual(['wrong-value log.rows']);
    expect(rows('where: { file.name: x }')).toEqual(['unknown-part log.where.file.name']);
  });
});

describe('in words', () => {
  it('a record is a file, or a row in one', () => {
    const told = (record: string): readonly string[] => {
      const options = { file: 'x', resolve: () => undefined, kinds: ['files'] };
      return explainRecord(parsePolicies(file(record), options).file.sources[0]!.records[0]!);
    };
    expect(told("{ files: '*.log', subject: none }")).toEqual([
      'A record is a file whose path fits *.log.',
      'It is about nobody.',
    ]);
    expect(
      told("{ files: '{desk}.csv', rows: csv, subject: { email: mail }, where: { file.desk: a } }"),
    ).toEqual([
      'A record is a row of the CSV in a file whose path fits {desk}.csv where file.desk is “a”.',
      'It is about the person with that email in mail.',
    ]);
    expect(told("{ files: '*.log', rows: ndjson, subject: { email: from/mail } }")).toEqual([
      'A record is a row of the JSON lines in a file whose path fits *.log.',
      'It is about the person with that email in from/mail.',
    ]);
  });
});

describe('two record types on one file', () => {
  it.each([
    ['*.log', 'a*', true],
    ['{who}.log', '{yyyy}-{mm}-{dd}.log', true],
    ['{who}.log', '.log', false],
    ['*.log', '.log', true],
    ['a/*', 'b/*', false],
    ['a/*', 'a/*/*', false],
    ['{yyyy}{mm}{dd}', '2026010x', false],
    ['{yyyy}{mm}{dd}', '20260101', true],
    ['*a*b', 'b*a', false],
    ['*a*b', 'b*ab', true],
    ['a.log', 'a.log', true],
  ])('%s and %s: %s', (one, other, may) => {
    expect([mayFitOneFile(one, other), mayFitOneFile(other, one)]).toEqual([may, may]);
  });

  const problems = (records: readonly string[], policies: readonly string[]): readonly string[] => {
    const text = `frist: 1
controller: { name: Eksempel A/S, timezone: Europe/Copenhagen }
sources:
  exports:
    kind: files
    connection: file:/srv/exports
    records:
${records.map((one, i) => `      log${String(i)}: ${one}`).join('\n')}
policies:
${policies.map((one, i) => `  logs${String(i)}: { records: exports.log${String(i)}, ${one} }`).join('\n')}
`;
    try {
      parsePolicies(text, { file: 'x', resolve: () => undefined, kinds: ['files'] });
      return [];
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return error.problems.map((one) => `${one.code} ${one.path.join('.')}`);
    }
  };
  const ERASE = 'start: { column: file.modified }, within: 1 month, action: delete';
  const WHOLE = 'start: modified, within: 1 month, action: delete';
  const rows = (where: string): string =>
    `{ files: 'a/*.log', rows: ndjson, subject: none, where: ${where} }`;

  it('are refused, unless something parts them', () => {
    expect(problems([rows('{ type: a }'), rows('{ type: b }')], [ERASE, ERASE])).toEqual([]);
    expect(problems([rows('{ type: a }'), rows('{ kind: b }')], [ERASE, ERASE])).toEqual(['shared-files policies.logs1.records']); // prettier-ignore
    expect(problems(["{ files: '{name1}/x.log', subject: none }", rows('{ type: a }')], [WHOLE, ERASE])).toEqual(['shared-files policies.logs1.records']); // prettier-ignore
    const whole = "{ files: 'a/{type}.log', subject: none, where: { type: b } }";
    expect(problems([whole, rows('{ type: a }')], [WHOLE, ERASE])).toEqual(['shared-files policies.logs1.records']); // prettier-ignore
  });

  it('are refused where one of them is kept', () => {
    const keep = 'start: { column: file.modified }, keep: 5 years';
    expect(problems([rows('{ type: a }'), rows('{ kind: b }')], [ERASE, keep])).toEqual(['keep-bypassed policies.logs0.records']); // prettier-ignore
    expect(problems([rows('{ type: a }'), rows('{ type: b }')], [ERASE, keep])).toEqual([]);
  });
});
