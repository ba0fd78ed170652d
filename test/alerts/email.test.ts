// E-mail against a real server of SMTP, in the clear and over TLS.
import { afterEach, describe, expect, it } from '@jest/globals';
import { email } from '../../src/alerts/send/email.ts';
import { mailServerOf } from '../../src/config/alerts.ts';
import { FristError } from '../../src/errors.ts';
import { openMailbox, type Mailbox, type Temper } from '../support/alerts/mailbox.ts';
import { certificate } from '../support/alerts/certificate.ts';
import { AT, FAILED, OVER, WAITING } from '../support/alerts/messages.ts';

const going = new AbortController().signal;
let mailbox: Mailbox;
afterEach(() => mailbox.close());

function to(url: string, longestMs?: number) {
  const server = mailServerOf(url)!;
  return email({ to: 'ops@example.dk', from: 'frist@example.dk', server }, () => Date.parse(AT), longestMs);
}

const plain = (longestMs?: number) => to(`smtp://127.0.0.1:${mailbox.port}?tls=off`, longestMs);

async function reason(sending: Promise<void>): Promise<unknown> {
  const error = await sending.then(
    () => undefined,
    (one: unknown) => one,
  );
  return error instanceof FristError ? error.params['reason'] : error;
}

describe('a mail', () => {
  it('says all that there is to say, in plain text', async () => {
    mailbox = await openMailbox();
    await plain().send([WAITING, OVER], going);
    const [mail, ...others] = mailbox.mails;
    expect(others).toEqual([]);
    expect(mail).toMatchObject({ from: 'frist@example.dk', to: ['ops@example.dk'], secure: false });
    expect(mail!.headers).toMatchObject({
      subject: '[frist] ALERT FristPlanWaiting; OVER FristRunFailed (Eksempel A/S)',
      date: 'Sat, 31 Jan 2026 03:15:00 +0000',
      'auto-submitted': 'auto-generated',
    });
    expect(mail!.headers['content-type']).toContain('text/plain');
    expect(mail!.text.trim()).toBe(
      [
        'ALERT FristPlanWaiting',
        WAITING.text,
        WAITING.remedy,
        'What it means: deploy/RUNBOOK.md#fristplanwaiting',
        `Seen first ${AT}. 01M8127CSP25QF5TMF0WH8NKYS.raised`,
        '',
        'OVER FristRunFailed',
        `It is over since 2026-02-01T03:15:00.000Z. It was: ${FAILED.text}`,
        `Seen first ${AT}. 01M8127CSP25QF5TMF0WH8NKYT.resolved`,
        '',
        '-- ',
        'frist for Eksempel A/S; installation 01M80000000000000000000000',
      ].join('\n'),
    );
  });

  it('is the same mail when it is sent again, and another when it says something else', async () => {
    mailbox = await openMailbox();
    await plain().send([WAITING], going);
    await plain().send([WAITING], going);
    await plain().send([FAILED], going);
    const [first, again, other] = mailbox.mails.map(({ headers }) => headers['message-id']);
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });

  it('logs in where the address says so', async () => {
    mailbox = await openMailbox();
    await to(`smtp://us%40er:pass%3Aword@127.0.0.1:${mailbox.port}?tls=off`).send([WAITING], going);
    expect(mailbox.mails[0]?.login).toBe('us@er:pass:word');
  });
});

describe('TLS', () => {
  it('is asked for, and without it nothing is said', async () => {
    mailbox = await openMailbox();
    const sending = to(`smtp://user:password@127.0.0.1:${mailbox.port}`).send([WAITING], going);
    expect(await reason(sending)).toMatch(/^ETLS/);
    expect(mailbox.heard.join(' ')).not.toMatch(/AUTH|MAIL|RCPT/);
    expect(mailbox.mails).toEqual([]);
  });

  it.each(['smtp', 'smtps'])('of %s:// refuses a certificate that nobody has signed', async (scheme) => {
    mailbox = await openMailbox(certificate(), scheme === 'smtps');
    const sending = to(`${scheme}://user:password@127.0.0.1:${mailbox.port}`).send([WAITING], going);
    expect(await reason(sending)).toMatch(/^(?:ETLS|ESOCKET|DEPTH_ZERO_SELF_SIGNED_CERT)/);
    expect(mailbox.mails).toEqual([]);
    expect(mailbox.heard.join(' ')).not.toMatch(/AUTH|MAIL/);
  });
});

describe('a mail server', () => {
  it.each<[Temper, RegExp]>([
    ['refuses', /^EENVELOPE 550$/],
    ['busy', /^EMESSAGE 451$/],
  ])('that %s is a failure, by its code', async (temper, said) => {
    mailbox = await openMailbox();
    mailbox.behave(temper);
    expect(await reason(plain().send([WAITING], going))).toMatch(said);
  });

  it('that says nothing is given up', async () => {
    mailbox = await openMailbox();
    mailbox.behave('silent');
    expect(await reason(plain(300).send([WAITING], going))).toBe('TIMEOUT');
  });

  it('that is not there is a failure', async () => {
    mailbox = await openMailbox();
    const channel = plain();
    await mailbox.close();
    expect(await reason(channel.send([WAITING], going))).toBe('ECONNREFUSED');
    mailbox = await openMailbox();
  });
});
