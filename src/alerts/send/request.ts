/** One HTTP request to an address of the settings. Redirects are not followed: the settings decide which host is told. */
import { request as http } from 'node:http';
import { request as https } from 'node:https';
import { FristError } from '../../errors.ts';
import { lookupOutside, unsent, until } from './reach.ts';

/** By when a server must have answered. */
export const LONGEST_MS = 10_000;

export interface Outgoing {
  /** What it is for, in errors: webhook, heartbeat. */
  readonly channel: string;
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** LONGEST_MS where it is left out. */
  readonly longestMs?: number;
}

/**
 * Sends a request, and resolves when the other side answered 2xx. What else it answers is not read.
 * @throws FristError ALERT_UNSENT
 */
export async function send(
  { channel, url, method, headers = {}, body = '', longestMs = LONGEST_MS }: Outgoing,
  signal: AbortSignal,
): Promise<void> {
  const late = AbortSignal.timeout(longestMs);
  const open = url.startsWith('https:') ? https : http;
  const length = { 'content-length': String(Buffer.byteLength(body)) };
  const end = AbortSignal.any([late, signal]);
  try {
    const answered = new Promise<number>((resolve, reject) => {
      const options = { method, headers: { ...headers, ...length }, agent: false, lookup: lookupOutside };
      const outgoing = open(url, { ...options, signal: end }, (answer) => {
        resolve(answer.statusCode ?? 0);
        answer.destroy();
      });
      // Node calls an answer of 101 an upgrade, and hands its socket over: no other event comes of it, no error either.
      outgoing.on('upgrade', ({ statusCode = 0 }, socket) => {
        resolve(statusCode);
        socket.destroy();
      });
      outgoing.on('error', reject);
      outgoing.on('close', () => reject(new Error('closed without an answer')));
      outgoing.end(body);
    });
    const status = await until(end, answered);
    if (status < 200 || status > 299)
      throw new FristError('ALERT_UNSENT', { channel, reason: `HTTP ${String(status)}` });
  } catch (error) {
    throw unsent(channel, error, late);
  }
}
