/** Alerts by e-mail: plain text, one mail for all that there is to say. The one home of nodemailer. */
import { hash } from 'node:crypto';
import { connect } from 'node:net';
import { createTransport } from 'nodemailer';
import type { AlertSettings, MailServer } from '../../config/alerts.ts';
import type { Message } from '../message.ts';
import type { Channel } from './channel.ts';
import { lookupOutside, unsent, until } from './reach.ts';

/** By when a mail must have been taken: servers keep strangers waiting before they greet them. */
const LONGEST_MS = 25_000;

export function email(
  { to, from, server }: Required<AlertSettings>['email'],
  now: () => number,
  longestMs = LONGEST_MS,
): Channel {
  const sendAll = async (messages: readonly Message[], signal: AbortSignal): Promise<void> => {
    const late = AbortSignal.timeout(longestMs);
    const end = AbortSignal.any([late, signal]);
    const mail = {
      ...{ from, to, date: new Date(now()), subject: subjectOf(messages), text: textOf(messages) },
      // The same messages are the same mail, however often they are sent.
      messageId: `<${hash('sha256', messages.map(({ id }) => id).join(' '), 'hex')}@frist.invalid>`,
      headers: { 'Auto-Submitted': 'auto-generated' },
      disableFileAccess: true,
      disableUrlAccess: true,
    };
    try {
      await until(end, createTransport(transportTo(server, end)).sendMail({ ...mail, signal: end }));
    } catch (error) {
      throw unsent('email', error, late);
    }
  };
  return { name: 'email', place: `${to} (${server.host})`, together: true, send: sendAll };
}

/** The socket is our own: the library would look names up by itself, and ask no one where they lead. */
function transportTo({ host, port, tls, login }: MailServer, end: AbortSignal) {
  const auth = login === undefined ? {} : { auth: { user: login.user, pass: login.password } };
  return {
    ...{ host, port, ...auth },
    secure: tls === 'wrapped',
    requireTLS: tls === 'required',
    ignoreTLS: tls === 'off',
    getSocket: (_: unknown, callback: (error: Error | null, socket?: object) => void): void => {
      const connection = connect({ host, port, lookup: lookupOutside, signal: end });
      const failed = (error: Error): void => callback(error);
      // Whatever happens to it later, the library knows from its own listeners.
      connection.on('error', () => undefined);
      connection.once('error', failed).once('connect', () => {
        connection.off('error', failed);
        callback(null, { connection });
      });
    },
  };
}

const HEADINGS = { raised: 'ALERT', reminder: 'STILL', resolved: 'OVER', test: 'TEST' } as const;

function subjectOf(messages: readonly Message[]): string {
  const whose = new Set(messages.flatMap(({ about, controllers }) => about.controller ?? controllers));
  const what = Map.groupBy(messages, ({ event }) => HEADINGS[event]);
  const parts = [...what].map(
    ([heading, those]) => `${heading} ${[...new Set(those.map(({ cause }) => cause))].join(', ')}`,
  );
  return `[frist] ${parts.join('; ')} (${[...whose].join(', ')})`;
}

function textOf(messages: readonly Message[]): string {
  const parts = messages.map(({ event, cause, text, remedy, runbook, since, id }) =>
    [
      `${HEADINGS[event]} ${cause}`,
      text,
      ...(event === 'resolved' ? [] : [remedy, `What it means: ${runbook}`]),
      `Seen first ${since}. ${id}`,
    ].join('\n'),
  );
  const [{ controllers, installation } = { controllers: [], installation: '' }] = messages;
  const which = installation === '' ? '' : `; installation ${installation}`;
  return `${parts.join('\n\n')}\n\n-- \nfrist for ${controllers.join(', ')}${which}\n`;
}
