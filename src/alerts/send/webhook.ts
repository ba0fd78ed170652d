/**
 * Alerts by webhook: one POST of JSON for each message, signed, so that its receiver knows who it is from.
 *
 *   Frist-Id: 01M8127CSP25QF5TMF0WH8NKYS.raised     the id of the message: whoever has seen it need not look again
 *   Frist-Signature: t=1769829300,v1=5257a8…        seconds since the epoch; HMAC-SHA256 in hex, keyed with the secret,
 *                                                   over the time, a dot and the body as it was sent
 */
import { createHmac } from 'node:crypto';
import type { AlertSettings } from '../../config/alerts.ts';
import type { Channel } from './channel.ts';
import { LONGEST_MS, send } from './request.ts';

/** The header `Frist-Signature`. `seconds` since the epoch. */
export function signatureOf(body: string, secret: string, seconds: number): string {
  const at = String(seconds);
  return `t=${at},v1=${createHmac('sha256', secret).update(`${at}.${body}`).digest('hex')}`;
}

export function webhook(
  { url, secret }: Required<AlertSettings>['webhook'],
  now: () => number,
  longestMs = LONGEST_MS,
): Channel {
  const sendOne = async (id: string, body: string, signal: AbortSignal): Promise<void> => {
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'frist',
      'frist-id': id,
      'frist-signature': signatureOf(body, secret, Math.floor(now() / 1000)),
    };
    await send({ channel: 'webhook', url, method: 'POST', headers, body, longestMs }, signal);
  };
  return {
    name: 'webhook',
    place: new URL(url).origin,
    together: false,
    send: async (messages, signal) => {
      for (const message of messages) await sendOne(message.id, JSON.stringify(message), signal);
    },
  };
}
