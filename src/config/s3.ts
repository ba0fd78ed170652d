/** The settings `audit.s3.*` in their own types. */
import type { S3Settings } from '../audit/store/s3/place.ts';
import { durationMs } from './formats.ts';
import type { Flat } from './inputs.ts';
import type { SettingName } from './settings.ts';

/** Servers other than AWS mostly have no regions, but the signature needs one. */
const ANY_REGION = 'us-east-1';

/** Settings that only make sense together, or not at all: what is wrong, at which of them. */
export function s3Contradictions(
  values: Flat,
): { readonly name: SettingName; readonly message: string; readonly remedy: string }[] {
  const given = (name: SettingName): boolean => values.get(name) != null;
  const found: ReturnType<typeof s3Contradictions> = [];
  if (given('audit.folder') && given('audit.s3.bucket'))
    found.push({
      name: 'audit.folder',
      message: 'audit.folder and audit.s3.bucket are both set: the trail has one place',
      remedy: 'Unset one of them.',
    });
  if (given('audit.s3.access.key') !== given('audit.s3.access.secret'))
    found.push({
      name: 'audit.s3.access.key',
      message: 'audit.s3.access.key and audit.s3.access.secret come together',
      remedy: 'Set both, or neither: then the environment, the files of AWS or the machine give them.',
    });
  return found;
}

export function s3Settings(values: Flat): S3Settings {
  const text = (name: SettingName): string => String(values.get(name));
  const optional = <K extends string>(name: SettingName, key: K): { readonly [P in K]?: string } =>
    values.get(name) == null ? {} : ({ [key]: text(name) } as { readonly [P in K]: string });
  const endpoint = optional('audit.s3.endpoint', 'endpoint');
  const elsewhere = endpoint.endpoint !== undefined;
  const pathStyle = values.get('audit.s3.pathstyle');
  const evidence = values.get('audit.s3.lock.evidence');
  return {
    ...optional('audit.s3.bucket', 'bucket'),
    ...optional('audit.s3.state', 'stateBucket'),
    prefix: optional('audit.s3.prefix', 'prefix').prefix ?? '',
    ...endpoint,
    ...(elsewhere ? { region: ANY_REGION } : {}),
    ...optional('audit.s3.region', 'region'),
    ...(values.get('audit.s3.access.key') == null
      ? {}
      : { credentials: { key: text('audit.s3.access.key'), secret: text('audit.s3.access.secret') } }),
    pathStyle: pathStyle == null ? elsewhere : pathStyle === true,
    checksums: text('audit.s3.checksums') as S3Settings['checksums'],
    timeoutMs: durationMs(text('audit.s3.timeout')) ?? 0,
    lock: {
      mode: text('audit.s3.lock.mode') as S3Settings['lock']['mode'],
      years: Number(values.get('audit.s3.lock.years')),
      ...(evidence == null ? {} : { evidenceDays: Number(evidence) }),
    },
  };
}
