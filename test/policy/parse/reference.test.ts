import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '../../../src/errors.ts';
import { parsePolicies, type NoValue } from '../../../src/policy/parse/parse.ts';
import { BASE, edit, parse } from './base.ts';

function problemsIn(attempt: () => unknown): ConfigError['problems'] {
  try {
    attempt();
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

describe('references', () => {
  const connection = (text: string, env: Readonly<Record<string, string>>): string | undefined =>
    parse(edit(BASE, '${FRIST_CRM}', text), env).file.sources[0]?.connection;

  it('stand for the whole connection, or for a part', () => {
    expect(connection('${A}', { A: 'mysql://u:p@h/d' })).toBe('mysql://u:p@h/d');
    expect(connection('${file:/run/secrets/a}', { 'file:/run/secrets/a': 'sqlite:x' })).toBe('sqlite:x');
    expect(connection('postgres://${HOST}/${DB}', { HOST: 'db:5432', DB: 'a/b' })).toBe(
      'postgres://db:5432/a/b',
    );
  });

  it('are encoded where they are a login', () => {
    expect(connection('mysql://${U}:${P}@${H}/d', { U: 'a@b', P: 'x:/y', H: 'h:1' })).toBe(
      'mysql://a%40b:x%3A%2Fy@h:1/d',
    );
  });

  it('are unset where they are empty', () => {
    expect(() => connection('${A}', { A: '' })).toThrow(ConfigError);
  });

  it('say of a file why it gives nothing', () => {
    const resolve = (): NoValue => ({ why: 'is a folder', remedy: 'Name a file.' });
    const text = edit(BASE, '${FRIST_CRM}', '${file:/run/secrets/a}');
    expect(problemsIn(() => parsePolicies(text, { file: 'x', resolve }))).toMatchObject([
      { code: 'unset-reference', message: '/run/secrets/a is a folder', remedy: 'Name a file.' },
    ]);
  });

  it('may leave the user and the place in the file', () => {
    expect(connection('mysql://frist@db/crm', {})).toBe('mysql://frist@db/crm');
    expect(connection('sqlite:./crm.db', {})).toBe('sqlite:./crm.db');
    expect(connection('mysql://frist:${P}@db/crm?password=${P}', { P: 'x' })).toBe(
      'mysql://frist:x@db/crm?password=x',
    );
  });
});
