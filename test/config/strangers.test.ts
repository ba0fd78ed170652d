// Variables of the environment that look like settings.
import { describe, expect, it } from '@jest/globals';
import { loadSettings, readSettings, type SettingsInput } from '../../src/config.ts';

const strangersIn = (env: SettingsInput['env']) => loadSettings({ env, readFile: () => 'ops.1\n' }).strangers;

describe('variables that begin as a setting does', () => {
  it('and are none are named, with the setting that may be meant', () => {
    expect(
      strangersIn({ FRIST_BATCH_MAXX: '3', FRIST_HTTP_PRT: '1', FRIST_CRM: 'x', FRISTEN: 'x', PATH: 'x' }),
    ).toEqual([
      { name: 'FRIST_BATCH_MAXX', near: 'FRIST_BATCH_MAX' },
      { name: 'FRIST_HTTP_PRT', near: 'FRIST_HTTP_PORT' },
      { name: 'FRIST_CRM' },
    ]);
    expect(strangersIn({ FRIST_STATE_URL_FIL: '/run/x' })).toEqual([
      { name: 'FRIST_STATE_URL_FIL', near: 'FRIST_STATE_URL_FILE' },
    ]);
  });

  it('are known as settings, files of settings, keys, or as what Kubernetes sets for a service', () => {
    expect(
      strangersIn({
        FRIST_HTTP_PORT: '1',
        FRIST_PACE: '',
        FRIST_TYPO: '',
        FRIST_OPERATOR_FILE: '/id',
        FRIST_KEYS_SIGNING: 'env:FRIST_SIGNING_PEM',
        FRIST_SIGNING_PEM: 'x',
        FRIST_SERVICE_HOST: '10.0.0.1',
        FRIST_SERVICE_PORT_HTTP: '8080',
        FRIST_PORT: 'tcp://10.0.0.1:8080',
        FRIST_PORT_8080_TCP_ADDR: '10.0.0.1',
      }),
    ).toEqual([]);
  });

  it('hold the keys of every controller', () => {
    const own = (name: string): string => `${name}/{controller}`;
    const env = {
      FRIST_DATA_FOLDER: own('var'),
      FRIST_KEYS_SIGNING: 'env:FRIST_{controller}_PEM',
      FRIST_KEYS_WRAPPING: 'env:FRIST_{controller}_HEX',
      FRIST_ACME_DK_PEM: 'x',
      FRIST_ACME_DK_HEX: 'x',
      FRIST_OTHER_PEM: 'x',
      FRIST_OTHER_HEX: 'x',
      FRIST_OTHER_BIN: 'x',
    };
    expect(readSettings({ env, readFile: () => '' }).load('acme-dk').strangers).toEqual([
      { name: 'FRIST_OTHER_BIN' },
    ]);
  });
});
