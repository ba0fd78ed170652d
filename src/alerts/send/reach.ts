/** What every way out has in common: where it may not lead, how long it may take, and what may be said of its failure. */
import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { isLinkLocal } from '../../config/alerts.ts';
import { FristError } from '../../errors.ts';

/** A name that leads to a link-local address is no better than the address itself. */
export const lookupOutside: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) {
      callback(error, '');
      return;
    }
    const [first] = addresses;
    if (addresses.some(({ address }) => isLinkLocal(address)))
      callback(Object.assign(new Error('link-local'), { code: 'ELINKLOCAL' }), '');
    else if (options.all === true) callback(null, addresses);
    else callback(null, first?.address ?? '', first?.family);
  });
};

/** What `work` comes to, or a rejection once the signal aborts: whatever a library does, whoever waits for it goes on. */
export async function until<T>(end: AbortSignal, work: Promise<T>): Promise<T> {
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(Object.assign(new Error('ended'), { code: 'ABORT_ERR' }));
  if (end.aborted) stop();
  end.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([work, ended]);
  } finally {
    end.removeEventListener('abort', stop);
  }
}

/** Codes of the system, of TLS and of the mail library; texts are not passed on, for they quote what the other side said. */
const CODE = /^[A-Z][A-Z0-9_]{2,60}$/;

/** ALERT_UNSENT for whatever went wrong. `late`: the signal that ends what takes too long. */
export function unsent(channel: string, error: unknown, late: AbortSignal): FristError {
  if (error instanceof FristError) return error;
  const { code, responseCode } = error as { readonly code?: unknown; readonly responseCode?: unknown };
  const said = typeof responseCode === 'number' ? ` ${String(responseCode)}` : '';
  const known = typeof code === 'string' && CODE.test(code) ? code : 'UNKNOWN';
  return new FristError('ALERT_UNSENT', { channel, reason: late.aborted ? 'TIMEOUT' : `${known}${said}` });
}
