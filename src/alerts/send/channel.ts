/** A way to people: a webhook, a mailbox. */
import type { Message } from '../message.ts';

export interface Channel {
  readonly name: 'webhook' | 'email';
  /** Where it leads, as far as everybody may see it. */
  readonly place: string;
  /** Whether one call takes all that is to be said, or one message. */
  readonly together: boolean;
  /**
   * Sends; resolves when the other side has taken it over. It ends within half a minute, whatever the other side does,
   * and at once when the signal aborts.
   * @throws FristError ALERT_UNSENT. Then it may have arrived all the same: it is sent again under the same id.
   */
  send(messages: readonly Message[], signal: AbortSignal): Promise<void>;
}
