import { describe, expect, it } from '@jest/globals';
import { readSettings, type SettingsOf } from '../../src/config.ts';
import { ConfigError, FristError } from '../../src/errors.ts';

const read = (env: Readonly<Record<string, string>>): SettingsOf =>
  readSettings({ env, file: undefined, readFile: () => '' });

/** The settings that are complained about, in order. */
function blamed(env: Readonly<Record<string, string>>): readonly string[] {
  try {
    read(env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ path }) => path.join('.'));
  }
  return [];
}

describe('{controller}', () => {
  it('in the data folder alone gives every controller places of its own', () => {
    const { perController, load } = read({ FRIST_DATA_FOLDER: 'var/{controller}' });
    expect(perController).toBe(true);
    const [one, other] = ['one', 'an-other'].map((id) => load(id).settings);
    expect(one).toMatchObject({
      state: { url: 'sqlite:var/one/state.db' },
      audit: { folder: 'var/one/audit' },
      keys: { signing: { file: 'var/one/keys/signing' }, wrapping: { file: 'var/one/keys/wrapping' } },
      spool: { folder: 'var/one/spool' },
      pause: { file: 'var/one/pause' },
    });
    expect(other?.state.url).toBe('sqlite:var/an-other/state.db');
  });

  it('stands in every place, also in the name of a variable', () => {
    const settings = read({
      FRIST_STATE_URL: 'mysql://frist:p{x}@db/frist_{controller}',
      FRIST_AUDIT_S3_BUCKET: 'trail-{controller}',
      FRIST_AUDIT_S3_PREFIX: 'frist/{controller}',
      FRIST_AUDIT_ORIGIN: 'trail.example/{controller}',
      FRIST_AUDIT_HEADS_STORE: 's3://heads/{controller}',
      FRIST_KEYS_SIGNING: 'env:SIGNING_{controller}',
      FRIST_KEYS_WRAPPING: 'command:/bin/keys {controller}',
      FRIST_SPOOL_FOLDER: '/tmp/{controller}',
      // One file may stop all of them.
      FRIST_PAUSE_FILE: '/run/frist/pause',
      SIGNING_ACME_DK: 'the key',
    });
    expect(settings.load('acme-dk').settings).toMatchObject({
      state: { url: 'mysql://frist:p{x}@db/frist_acme-dk' },
      audit: {
        origin: 'trail.example/acme-dk',
        heads: { store: 's3://heads/acme-dk' },
        s3: { bucket: 'trail-acme-dk', prefix: 'frist/acme-dk' },
      },
      keys: {
        signing: { variable: 'SIGNING_ACME_DK', text: 'the key' },
        wrapping: { command: ['/bin/keys', 'acme-dk'] },
      },
      spool: { folder: '/tmp/acme-dk' },
      pause: { file: '/run/frist/pause' },
    });
    expect(() => settings.load('else')).toThrow(expect.objectContaining({ code: 'SETTINGS_INVALID' }));
  });

  it('stands in the address of the watch outside, so that one that is dead is not taken for another', () => {
    const own = { FRIST_DATA_FOLDER: 'var/{controller}' };
    const url = (to: string): Readonly<Record<string, string>> => ({
      ...own,
      FRIST_ALERTS_HEARTBEAT_URL: to,
    });
    const { load } = read(url('https://hc.example/{controller}'));
    expect(load('acme').settings.alerts.heartbeat).toEqual({ url: 'https://hc.example/acme' });
    expect(blamed(url('https://hc.example/all'))).toEqual(['alerts.heartbeat.url']);
    expect(blamed({ FRIST_ALERTS_HEARTBEAT_URL: 'https://hc.example/all' })).toEqual([]);
  });

  it('needs a controller', () => {
    const { load } = read({ FRIST_DATA_FOLDER: '{controller}' });
    expect(() => load()).toThrow(new FristError('CONTROLLER_NEEDED'));
  });

  it('is shown as it was filled in, with what it came from', () => {
    const { origins } = read({ FRIST_DATA_FOLDER: 'var/{controller}' }).load('acme');
    expect(origins[0]).toEqual({
      name: 'data.folder',
      env: 'FRIST_DATA_FOLDER',
      origin: 'env',
      value: 'var/acme',
    });
  });

  it('leaves the settings of a process alone that has none', () => {
    const { perController, load } = read({});
    expect(perController).toBe(false);
    expect(load('acme')).toEqual(load());
  });
});

const S3 = { FRIST_DATA_FOLDER: 'var/{controller}', FRIST_AUDIT_S3_BUCKET: 'trails' };

describe('two installations under one roof are refused:', () => {
  it.each([
    ['a state', { FRIST_DATA_FOLDER: 'var/{controller}', FRIST_STATE_URL: 'sqlite:x' }, ['state.url']],
    ['a folder', { FRIST_DATA_FOLDER: 'var/{controller}', FRIST_AUDIT_FOLDER: 'x' }, ['audit.folder']],
    ['a bucket', S3, ['audit.s3.prefix']],
    ['a bucket, one prefix', { ...S3, FRIST_AUDIT_S3_PREFIX: 'x' }, ['audit.s3.prefix']],
    [
      'a second bucket',
      { ...S3, FRIST_AUDIT_S3_BUCKET: 't-{controller}', FRIST_AUDIT_S3_STATE: 'state' },
      ['audit.s3.state'],
    ],
    ['a name', { FRIST_DATA_FOLDER: '{controller}', FRIST_AUDIT_ORIGIN: 'x' }, ['audit.origin']],
    ['heads', { FRIST_DATA_FOLDER: '{controller}', FRIST_AUDIT_HEADS_STORE: 'x' }, ['audit.heads.store']],
    ['a key', { FRIST_DATA_FOLDER: '{controller}', FRIST_KEYS_SIGNING: 'env:KEY' }, ['keys.signing']],
    ['the other key', { FRIST_DATA_FOLDER: '{controller}', FRIST_KEYS_WRAPPING: 'x' }, ['keys.wrapping']],
    ['a spool', { FRIST_DATA_FOLDER: '{controller}', FRIST_SPOOL_FOLDER: 'x' }, ['spool.folder']],
    [
      'all but the name',
      { FRIST_AUDIT_ORIGIN: 'x/{controller}' },
      ['state.url', 'audit.folder', 'keys.signing', 'keys.wrapping', 'spool.folder'],
    ],
  ])('%s', (_what, env, settings) => {
    expect(blamed(env)).toEqual(settings);
  });

  it('but one prefix under each bucket, or one bucket with a prefix for each, is well', () => {
    expect(blamed({ ...S3, FRIST_AUDIT_S3_PREFIX: '{controller}', FRIST_AUDIT_S3_STATE: 'states' })).toEqual(
      [],
    );
    expect(blamed({ ...S3, FRIST_AUDIT_S3_BUCKET: 't-{controller}', FRIST_AUDIT_S3_PREFIX: 'x' })).toEqual(
      [],
    );
  });
});

describe('a placeholder that is none', () => {
  it.each([
    [{ FRIST_OPERATOR: '{controller}' }, ['operator', 'operator']],
    [{ FRIST_DATA_FOLDER: 'var/{controler}' }, ['data.folder']],
    [{ FRIST_DATA_FOLDER: 'var/{controller}/{name}' }, ['data.folder']],
  ])('%j', (env, settings) => {
    expect(blamed(env)).toEqual(settings);
  });
});
