// Where alerts may be sent, by settings.
import { describe, expect, it } from '@jest/globals';
import { lookupOutside } from '../../src/alerts/send/reach.ts';
import { loadSettings } from '../../src/config.ts';
import { isLinkLocal, isWebAddress, mailServerOf } from '../../src/config/alerts.ts';
import { ConfigError } from '../../src/errors.ts';

const load = (env: Readonly<Record<string, string>>) =>
  loadSettings({ env, readFile: () => 'from a file, 16 characters\n' }).settings.alerts;

/** `setting: message` for everything that is wrong. */
function wrong(env: Readonly<Record<string, string>>): string[] {
  try {
    load(env);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ path, message }) => `${path.join('.')}: ${message}`);
  }
}

describe('alerts.*', () => {
  it('name a webhook, a mail server and a watch; secrets may lie in files', () => {
    expect(
      load({
        FRIST_ALERTS_WEBHOOK_URL: 'https://hooks.example/T0/B0?x=1',
        FRIST_ALERTS_WEBHOOK_SECRET_FILE: '/run/secrets/hook',
        FRIST_ALERTS_EMAIL_TO: 'ops@example.dk',
        FRIST_ALERTS_EMAIL_FROM: 'frist@example.dk',
        FRIST_ALERTS_EMAIL_SMTP: 'smtps://us%40er:p%3Aw@mail.example',
        FRIST_ALERTS_HEARTBEAT_URL: 'https://hc.example/uuid',
        FRIST_ALERTS_REMINDER: '3',
      }),
    ).toEqual({
      webhook: { url: 'https://hooks.example/T0/B0?x=1', secret: 'from a file, 16 characters' },
      email: {
        to: 'ops@example.dk',
        from: 'frist@example.dk',
        server: {
          host: 'mail.example',
          port: 465,
          tls: 'wrapped',
          login: { user: 'us@er', password: 'p:w' },
        },
      },
      heartbeat: { url: 'https://hc.example/uuid' },
      reminderDays: 3,
    });
  });

  it('are refused by halves', () => {
    expect(wrong({ FRIST_ALERTS_WEBHOOK_URL: 'https://hooks.example/' })).toEqual([
      'alerts.webhook.url: alerts.webhook.url is set, but not alerts.webhook.secret: no alert could be sent',
    ]);
    expect(wrong({ FRIST_ALERTS_EMAIL_TO: 'ops@example.dk' })).toEqual([
      'alerts.email.to: alerts.email.to is set, but not alerts.email.from and alerts.email.smtp: no alert could be sent',
    ]);
  });

  it('are never printed where they are wrong', () => {
    const [problem] = wrong({
      FRIST_ALERTS_WEBHOOK_URL: 'ftp://hooks.example/token',
      FRIST_ALERTS_WEBHOOK_SECRET: 'sixteen characters',
    });
    expect(problem).toMatch(/alerts.webhook.url must be an http/);
    expect(problem).not.toContain('token');
    expect(wrong({ FRIST_ALERTS_WEBHOOK_SECRET: 'short' }).join()).not.toContain('short');
  });
});

describe('an address', () => {
  it.each(['https://a.example/x?y=z', 'http://localhost:8080', 'http://10.0.0.1/', 'https://[fd00::1]/'])(
    '%s may be told',
    (url) => expect(isWebAddress(url)).toBe(true),
  );

  it.each([
    'http://169.254.169.254/latest/meta-data',
    'http://0xa9fea9fe/',
    'http://2852039166/',
    'https://[fe80::1]/',
    'https://[::ffff:169.254.169.254]/',
    'https://[::ffff:0:a9fe:a9fe]/',
    'https://[64:ff9b::a9fe:a9fe]/',
    'https://[::a9fe:a9fe]/',
    'https://[fd00:ec2::254]/',
    'https://user:pw@a.example/',
    'https://a.example/#x',
    'file:///etc/passwd',
    'a.example',
    '',
  ])('%s may not', (url) => expect(isWebAddress(url)).toBe(false));

  it('is link-local by its numbers, not by its name', () => {
    for (const address of ['169.254.0.1', '169.254.255.255', 'fe80::1', 'febf::1', '::ffff:169.254.1.1'])
      expect([address, isLinkLocal(address)]).toEqual([address, true]);
    for (const address of ['64:ff9b::169.254.0.1', '::169.254.255.255', '::ffff:0:169.254.0.1'])
      expect([address, isLinkLocal(address)]).toEqual([address, true]);
    for (const address of ['169.253.255.255', '169.255.0.0', 'fec0::1', '127.0.0.1', '::1', 'localhost'])
      expect([address, isLinkLocal(address)]).toEqual([address, false]);
    for (const address of ['64:ff9b::10.0.0.1', '::a9fd:ffff', 'fd00:ec2::253', 'fd00::1'])
      expect([address, isLinkLocal(address)]).toEqual([address, false]);
  });

  it.each([false, true])('is held against what its name leads to (all: %s)', async (all) => {
    const found = (host: string): Promise<unknown> =>
      new Promise((resolve) =>
        lookupOutside(host, { all }, (error, address) => resolve(error?.code ?? address)),
      );
    expect(await found('169.254.169.254')).toBe('ELINKLOCAL');
    expect(await found('127.0.0.1')).toEqual(all ? [{ address: '127.0.0.1', family: 4 }] : '127.0.0.1');
    expect(await found('no-such-host.invalid')).toMatch(/^E/);
  });
});

describe('a mail server', () => {
  it.each([
    ['smtp://mail.example', { host: 'mail.example', port: 587, tls: 'required' }],
    ['smtp://mail.example:25?tls=off', { host: 'mail.example', port: 25, tls: 'off' }],
    ['smtps://[fd00::1]:4650/', { host: 'fd00::1', port: 4650, tls: 'wrapped' }],
  ])('%s', (url, server) => expect(mailServerOf(url)).toEqual(server));

  it.each([
    'smtp://mail.example?tls=no',
    'smtp://mail.example?requireTLS=false',
    'smtps://mail.example?tls=off',
    'smtp://mail.example/path',
    'smtp://us%zzer:pw@mail.example',
    'smtp://169.254.0.5',
    'smtp://[fe80::1]',
    'smtp://',
    'https://mail.example',
    'mail.example',
  ])('%s is none', (url) => expect(mailServerOf(url)).toBeUndefined());
});
