/** The channels that the settings name. */
import type { AlertSettings } from '../../config/alerts.ts';
import type { Channel } from './channel.ts';
import { email } from './email.ts';
import { webhook } from './webhook.ts';

/** None where none is set. `now`: milliseconds since the epoch. */
export function openChannels(settings: AlertSettings, now: () => number): Channel[] {
  return [
    ...(settings.webhook === undefined ? [] : [webhook(settings.webhook, now)]),
    ...(settings.email === undefined ? [] : [email(settings.email, now)]),
  ];
}
