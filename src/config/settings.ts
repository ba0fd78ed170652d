/** The settings of the process: what there is, and what the rest of the program gets to see. */
import type { LogLevel } from '../logger.ts';
import type { FORMATS } from './formats.ts';

export interface Settings {
  readonly data: { readonly folder: string };
  /** `url` may hold a password: never printed. */
  readonly state: { readonly url: string };
  /** `origin`: name of the log in its checkpoints; undefined: made from the installation id. */
  readonly audit: { readonly folder: string; readonly origin?: string; readonly patienceMs: number };
  readonly keys: { readonly signing: string; readonly wrapping: string };
  readonly spool: { readonly folder: string };
  /** Id (not a name) of who runs the process, for the trail. */
  readonly operator: string;
  readonly log: { readonly level: LogLevel; readonly format: 'json' | 'text' | 'auto' };
  readonly http: { readonly host: string; readonly port: number };
  /** Cron expression, in the controller's zone. */
  readonly schedule: string;
  readonly run: { readonly deadlineMs: number };
  readonly batch: { readonly max: number; readonly targetMs: number };
  /** Rest after a batch, as a share of the time it took. */
  readonly pace: number;
  readonly page: { readonly size: number };
  /** Whether `run --as-of` may be given. */
  readonly clock: { readonly settable: boolean };
  readonly plan: { readonly expiresDays: number };
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
  'audit.folder': { format: 'path', doc: 'Folder of the audit trail. Default: <data>/audit.' },
  'audit.origin': {
    format: 'origin',
    doc: 'Name of the trail in its checkpoints. Default: from the installation id.',
  },
  'audit.patience': {
    format: 'duration',
    doc: 'How long a command or a run waits for an audit store that fails, before it stops.',
  },
  'keys.signing': {
    format: 'path',
    doc: 'File of the key that signs the trail. Default: <data>/keys/signing.',
  },
  'keys.wrapping': {
    format: 'path',
    doc: 'File of the key that wraps the epoch keys. Default: <data>/keys/wrapping.',
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
  'page.size': { format: 'page-size', doc: 'Records read at once.' },
  'clock.settable': { format: 'bool', doc: 'Whether `run --as-of` may be given; recorded in the trail.' },
  'plan.expires': { format: 'days', doc: 'How long a plan that waits can be approved.' },
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof SETTINGS;
export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[];

/** Environment variable of a setting. */
export function envOf(name: string): string {
  return `FRIST_${name.replaceAll('.', '_').toUpperCase()}`;
}
