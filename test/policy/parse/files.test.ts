/** Record types that are files: what their patterns may be. */
import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '../../../src/errors.ts';
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
