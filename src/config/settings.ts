/** The settings of the process: what there is, and what the rest of the program gets to see. */
import type { S3Settings } from '../audit/store/s3/place.ts';
import type { LogLevel } from '../logger.ts';
import type { AlertSettings } from './alerts.ts';
import type { FORMATS } from './formats.ts';

/** Where a key is: in a file, in a variable of the environment, or behind a program that is asked. */
export type KeySource =
  | { readonly file: string }
  | { readonly variable: string; readonly text: string }
  | { readonly command: readonly string[] };

/** What belongs to the process, however many installations it has. */
export interface CommonSettings {
  readonly log: { readonly level: LogLevel; readonly format: 'json' | 'text' | 'auto' };
  readonly http: { readonly host: string; readonly port: number };
  readonly page: { readonly size: number };
}

export interface Settings extends CommonSettings {
  readonly data: { readonly folder: string };
  /** `url` may hold a password: never printed. */
  readonly state: { readonly url: string; readonly backupDays: number };
  /** `origin`: name of the log in its checkpoints; undefined: made from the installation id. */
  readonly audit: {
    readonly folder: string;
    readonly origin?: string;
    readonly patienceMs: number;
    /** `store`: where heads are kept besides the trail's own. Cron expressions are read in UTC. */
    readonly heads: { readonly store?: string; readonly schedule: string };
    readonly verify: { readonly schedule: string };
    /** With a bucket the trail lies there, and not in the folder. */
    readonly s3: S3Settings;
  };
  readonly keys: {
    readonly signing: KeySource;
    readonly wrapping: KeySource;
    readonly rotateDays: number;
    readonly keepDays: number;
  };
  readonly evidence: { readonly keepDays: number };
  readonly spool: { readonly folder: string };
  /** Id (not a name) of who runs the process, for the trail. */
  readonly operator: string;
  /** Cron expression, in the controller's zone. */
  readonly schedule: string;
  readonly run: { readonly deadlineMs: number };
  readonly batch: { readonly max: number; readonly targetMs: number };
  /** Rest after a batch, as a share of the time it took. */
  readonly pace: number;
  /** While this file is there, nothing is erased. */
  readonly pause: { readonly file: string };
  /** Whether `run --as-of` may be given. */
  readonly clock: { readonly settable: boolean };
  /** Share of the erased records that are looked at again, and how long that may be put off. */
  readonly verify: { readonly percent: number; readonly withinDays: number };
  readonly plan: { readonly expiresDays: number };
  /** Whether who made a plan may let it go. */
  readonly approval: { readonly own: boolean };
  /** `redis` may hold a password: never printed. Without it a daemon erases alone. `size`: records of a partition. */
  readonly queue: {
    readonly redis?: string;
    readonly workers: number;
    readonly size: number;
    readonly attempts: number;
  };
  /** Where the daemon calls for help; nowhere by default. */
  readonly alerts: AlertSettings;
}

export interface Setting {
  readonly format: keyof typeof FORMATS;
  readonly doc: string;
  readonly secret?: true;
}

/** Every setting. Its variable is FRIST_ and its name in capitals; its default stands in config/settings.json or below. */
export const SETTINGS = {
  'data.folder': {
    format: 'path',
    doc: 'Folder of everything that frist keeps; the other places follow from it.',
  },
  'state.url': {
    format: 'database-url',
    doc: 'State database. Default: sqlite:<data>/state.db.',
    secret: true,
  },
  'state.backups': { format: 'backups', doc: 'How long the oldest backup of the state database lives.' },
  'audit.folder': { format: 'path', doc: 'Folder of the audit trail. Default: <data>/audit.' },
  'audit.origin': {
    format: 'origin',
    doc: 'Name of the trail in its checkpoints. Default: from the installation id.',
  },
  'audit.patience': {
    format: 'duration',
    doc: 'How long a command or a run waits for an audit store that fails, before it stops.',
  },
  'audit.heads.store': {
    format: 'path',
    doc: 'Where copies of the signed head are kept besides the trail, out of reach of whoever holds its key.',
  },
  'audit.heads.schedule': { format: 'cron', doc: 'When the head is copied, in UTC.' },
  'audit.verify.schedule': { format: 'cron', doc: 'When the daemon verifies its trail, in UTC.' },
  'audit.s3.bucket': {
    format: 'bucket',
    doc: 'Bucket of the audit trail, in place of a folder. It must be there.',
  },
  'audit.s3.prefix': { format: 'prefix', doc: 'Before every key of the trail in the bucket. Default: none.' },
  'audit.s3.state': {
    format: 'bucket',
    doc: 'Second bucket, without versions, for what changes, where the first cannot swap (`frist check` says so).',
  },
  'audit.s3.endpoint': {
    format: 'endpoint',
    doc: 'URL of the S3 server. Default: that of AWS in the region.',
  },
  'audit.s3.region': { format: 'id', doc: 'Region. Default: what AWS_REGION or the files of AWS say.' },
  'audit.s3.access.key': {
    format: 'secret',
    doc: 'Access key. Default: what the environment, the files of AWS or the machine give.',
    secret: true,
  },
  'audit.s3.access.secret': { format: 'secret', doc: 'Secret of the access key.', secret: true },
  'audit.s3.pathstyle': {
    format: 'bool',
    doc: 'The bucket in the path of URLs instead of in the host name. Default: true with an endpoint.',
  },
  'audit.s3.checksums': {
    format: 'checksums',
    doc: 'supported: send checksums that only newer servers know, too. MD5 is always sent.',
  },
  'audit.s3.timeout': { format: 'duration', doc: 'Longest time of one request.' },
  'audit.s3.lock.mode': {
    format: 'lock',
    doc: 'Object Lock of what never changes. compliance: nobody can delete it before its day, whoever asks.',
  },
  'audit.s3.lock.years': {
    format: 'years',
    doc: 'How long the trail is locked, from when each part is written.',
  },
  'audit.s3.lock.evidence': { format: 'life', doc: 'Days that evidence is locked. Default: not at all.' },
  'keys.signing': {
    format: 'key-source',
    doc: 'The key that signs the trail: a file, `env:NAME` or `command:PROGRAM …`. Default: <data>/keys/signing.',
  },
  'keys.wrapping': {
    format: 'key-source',
    doc: 'The key that wraps the epoch keys, likewise. Default: <data>/keys/wrapping.',
  },
  'keys.rotate': { format: 'days', doc: 'How long an epoch of the commitments lasts.' },
  'keys.keep': {
    format: 'life',
    doc: 'How long after its epoch a key is kept; at least the longest life of a backup of a source.',
  },
  'evidence.keep': {
    format: 'life',
    doc: 'How long evidence (reasons, wordings of policies) is kept when it is no longer needed.',
  },
  'spool.folder': {
    format: 'path',
    doc: 'Folder of the selected keys between the passes. Default: <data>/spool.',
  },
  operator: { format: 'id', doc: 'Id (not a name) of who runs the process, for the trail.' },
  'log.level': { format: 'level', doc: 'Least level that is logged.' },
  'log.format': { format: 'output', doc: 'Form of the log; auto: text on a terminal, else JSON.' },
  'http.host': { format: 'host', doc: 'Address that the daemon listens on.' },
  'http.port': { format: 'port', doc: 'Port that the daemon listens on; 0: any.' },
  schedule: { format: 'cron', doc: 'When the daemon sweeps, in the zone of the controller.' },
  'run.deadline': { format: 'duration', doc: 'Longest time of one run.' },
  'batch.max': { format: 'batch-size', doc: 'Most records erased at once.' },
  'batch.target': {
    format: 'milliseconds',
    doc: 'Time that one batch should take; batches grow and shrink towards it.',
  },
  pace: { format: 'share', doc: 'Rest after a batch, as a share of the time it took; 0: none.' },
  'pause.file': {
    format: 'path',
    doc: 'While this file is there, nothing is erased. Default: <data>/pause.',
  },
  'page.size': { format: 'page-size', doc: 'Records read at once.' },
  'clock.settable': { format: 'bool', doc: 'Whether `run --as-of` may be given; recorded in the trail.' },
  'verify.share': {
    format: 'percent',
    doc: 'How many of the erased records are looked at again, in percent; at least one of each batch.',
  },
  'verify.within': {
    format: 'days',
    doc: 'How long that look may be put off while the source cannot be asked.',
  },
  'plan.expires': { format: 'days', doc: 'How long a plan that waits can be approved.' },
  'approval.own': {
    format: 'permission',
    doc: 'forbidden: a plan is approved under another operator id than it was made under.',
  },
  'queue.redis': {
    format: 'redis-url',
    doc: 'Redis, by which all daemons of the installation share large sweeps. Default: none; each erases alone.',
    secret: true,
  },
  'queue.workers': {
    format: 'workers',
    doc: 'How many partitions this daemon works at at a time; 0: it only coordinates its own sweeps.',
  },
  'queue.partition': {
    format: 'partition-size',
    doc: 'Records of one partition; what one policy erases is shared when it is more.',
  },
  'queue.attempts': {
    format: 'attempts',
    doc: 'How often a partition is tried whose source fails for a passing reason.',
  },
  'alerts.webhook.url': {
    format: 'web-address',
    doc: 'URL that alerts are posted to, signed with the secret.',
    secret: true,
  },
  'alerts.webhook.secret': {
    format: 'signing-secret',
    doc: 'Secret that signs what is posted, at least 16 characters; its receiver has it too.',
    secret: true,
  },
  'alerts.email.to': {
    format: 'mail-address',
    doc: 'Address that alerts are mailed to: a list, not a person.',
  },
  'alerts.email.from': { format: 'mail-address', doc: 'Address that they come from.' },
  'alerts.email.smtp': {
    format: 'mail-server',
    doc: 'Mail server: `smtp://` with STARTTLS, which it must offer, or `smtps://`; `smtp://…?tls=off` without TLS.',
    secret: true,
  },
  'alerts.heartbeat.url': {
    format: 'web-address',
    doc: 'URL that is asked for while all is well, for a watch that calls when it is not.',
    secret: true,
  },
  'alerts.reminder': {
    format: 'days',
    doc: 'Days after which an alert is sent again while its cause lasts.',
  },
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof SETTINGS;
export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[];

/** Environment variable of a setting. */
export function envOf(name: string): string {
  return `FRIST_${name.replaceAll('.', '_').toUpperCase()}`;
}
