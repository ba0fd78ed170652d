/** The settings `alerts.*`: where alerts go, and what contradicts itself there. */
import { BlockList } from 'node:net';
import type { Flat } from './inputs.ts';
import type { SettingName } from './settings.ts';

/** A mail server. */
export interface MailServer {
  readonly host: string;
  readonly port: number;
  /** `wrapped`: TLS from the first byte; `required`: asked for before anything is said; `off`: none. */
  readonly tls: 'wrapped' | 'required' | 'off';
  readonly login?: { readonly user: string; readonly password: string };
}

export interface AlertSettings {
  /** Both are secret: the address of a webhook often has a token in it. */
  readonly webhook?: { readonly url: string; readonly secret: string };
  readonly email?: { readonly to: string; readonly from: string; readonly server: MailServer };
  /** Asked for while all is well. Secret likewise. */
  readonly heartbeat?: { readonly url: string };
  readonly reminderDays: number;
}

/** Addresses that only a machine's own network segment knows: clouds give their secrets away there. */
const LINK_LOCAL = new BlockList();
LINK_LOCAL.addSubnet('169.254.0.0', 16, 'ipv4');
LINK_LOCAL.addSubnet('fe80::', 10, 'ipv6');
LINK_LOCAL.addAddress('fd00:ec2::254', 'ipv6');
// The same addresses of IPv4 as IPv6 writes them: compatible, translated, by NAT64. Node knows of the mapped ones.
for (const prefix of ['::', '::ffff:0:', '64:ff9b::']) LINK_LOCAL.addSubnet(`${prefix}a9fe:0`, 112, 'ipv6');

/** Whether an IP address is link-local; a name is not. */
export function isLinkLocal(address: string): boolean {
  return LINK_LOCAL.check(address, address.includes(':') ? 'ipv6' : 'ipv4');
}

function urlOf(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.hostname === '' || url.hash !== '') return undefined;
  return isLinkLocal(hostOf(url)) ? undefined : url;
}

/** The host without the brackets that an IPv6 address has in a URL. */
function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}

/** Whether it is the URL of something that alerts may be sent to. */
export function isWebAddress(text: string): boolean {
  const url = urlOf(text);
  return url !== undefined && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
}

const MAIL_PORTS = { 'smtp:': 587, 'smtps:': 465 };

/** A mail server from `smtp://[user:password@]host[:port][?tls=off]` or `smtps://…`; undefined where it is none. */
export function mailServerOf(text: string): MailServer | undefined {
  const url = urlOf(text);
  if (url === undefined || (url.protocol !== 'smtp:' && url.protocol !== 'smtps:')) return undefined;
  const plain = url.protocol === 'smtp:' && url.search === '?tls=off';
  if (!/^\/?$/.test(url.pathname) || (url.search !== '' && !plain)) return undefined;
  const wrapped = url.protocol === 'smtps:';
  const login = loginOf(url);
  if (login === null) return undefined;
  return {
    host: hostOf(url),
    port: url.port === '' ? MAIL_PORTS[url.protocol] : Number(url.port),
    tls: wrapped ? 'wrapped' : plain ? 'off' : 'required',
    ...(login === undefined ? {} : { login }),
  };
}

/** User and password; undefined where there are none, null where they cannot be read. */
function loginOf({ username, password }: URL): MailServer['login'] | undefined | null {
  if (username === '' && password === '') return undefined;
  try {
    return { user: decodeURIComponent(username), password: decodeURIComponent(password) };
  } catch {
    return null;
  }
}

/** Settings that only make sense together. */
const TOGETHER: readonly (readonly SettingName[])[] = [
  ['alerts.webhook.url', 'alerts.webhook.secret'],
  ['alerts.email.to', 'alerts.email.from', 'alerts.email.smtp'],
];

/** What is missing beside what is given, at which setting. */
export function alertContradictions(
  values: Flat,
): { readonly name: SettingName; readonly message: string; readonly remedy: string }[] {
  return TOGETHER.flatMap((names) => {
    const missing = names.filter((name) => values.get(name) == null);
    const [given] = names.filter((name) => !missing.includes(name));
    if (given === undefined || missing.length === 0) return [];
    return [
      {
        name: given,
        message: `${given} is set, but not ${missing.join(' and ')}: no alert could be sent`,
        remedy: 'Set them all, or none.',
      },
    ];
  });
}

/** The settings in their own types; they must be valid. */
export function alertSettings(values: Flat): AlertSettings {
  const text = (name: SettingName): string => String(values.get(name));
  const given = (name: SettingName): boolean => values.get(name) != null;
  const server = mailServerOf(text('alerts.email.smtp'));
  return {
    ...(given('alerts.webhook.url')
      ? { webhook: { url: text('alerts.webhook.url'), secret: text('alerts.webhook.secret') } }
      : {}),
    ...(server === undefined
      ? {}
      : { email: { to: text('alerts.email.to'), from: text('alerts.email.from'), server } }),
    ...(given('alerts.heartbeat.url') ? { heartbeat: { url: text('alerts.heartbeat.url') } } : {}),
    reminderDays: Number(values.get('alerts.reminder')),
  };
}
