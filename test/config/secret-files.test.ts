// Files that hold a setting, or what a policy file refers to, and do not.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { createResolver, loadSettings, type SettingsInput } from '../../src/config.ts';
import { ConfigError } from '../../src/errors.ts';

/** `setting [code] message | remedy` */
function problemsOf(input: SettingsInput): readonly string[] {
  try {
    loadSettings(input);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(
      ({ path, message, code, remedy }) => `${path.join('.')} [${code}] ${message} | ${remedy}`,
    );
  }
}

describe('a secret in a file', () => {
  it.each([
    ['ENOENT', 'does not exist | Create it'],
    ['EISDIR', 'is a folder | Name a file.'],
    ['EACCES', 'may not be read by the user that frist runs as | Give that user the right'],
    ['EIO', 'cannot be read (EIO) | Check its path and permissions.'],
  ])('is told by its path, with the reason: %s', (code, expected) => {
    const readFile = (path: string): string => {
      throw Object.assign(new Error(path), { code });
    };
    const problems = problemsOf({ env: { FRIST_STATE_URL_FILE: '/run/x' }, readFile });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(
      `state.url [unreadable-file] FRIST_STATE_URL_FILE names /run/x, which ${expected}`,
    );
    expect(createResolver({ env: {}, readFile })('file:/run/x')).toMatchObject({
      why: expected.split(' | ')[0],
    });
  });

  it('is told where it is empty, or is none, as the system says it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'frist-config-'));
    writeFileSync(join(folder, 'empty'), '\n');
    const resolve = createResolver({ env: {}, readFile: (path) => readFileSync(path, 'utf8') });
    expect(resolve(`file:${folder}/empty`)).toMatchObject({ why: 'is empty' });
    expect(resolve(`file:${folder}`)).toMatchObject({ why: 'is a folder' });
    expect(resolve(`file:${folder}/no`)).toMatchObject({ why: 'does not exist' });
    rmSync(folder, { recursive: true });
  });

  it('is where a value that is not valid is to be corrected', () => {
    const env = {
      FRIST_ALERTS_WEBHOOK_URL: 'https://x.example',
      FRIST_ALERTS_WEBHOOK_SECRET_FILE: '/run/hook',
    };
    expect(problemsOf({ env, readFile: () => 'short\n' })).toEqual([
      'alerts.webhook.secret [bad-setting] alerts.webhook.secret must be a text of at least 16 characters | Correct it in /run/hook, which FRIST_ALERTS_WEBHOOK_SECRET_FILE names.',
    ]);
  });
});
