/** The controller and their calendar. */
import type { Controller } from '../../policy.ts';
import type { Path } from '../position.ts';
import { suggestion } from '../report.ts';
import type { Report } from '../report.ts';
import { controllerShape } from '../schema/source.ts';
import { readFields } from '../shape.ts';

/** February with 29: a year that ends 02-29 ends on the last day of February. */
const DAYS_OF_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Whether this machine's time zone data know the zone. An offset such as +01:00 is none: it has no summer time. */
function isZone(zone: string): boolean {
  if (!/^[A-Za-z]/.test(zone)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

/** An IANA time zone; undefined, and reported, where it is none. */
export function readZone(zone: string, path: Path, report: Report): string | undefined {
  if (isZone(zone)) return zone;
  const near = suggestion(zone, Intl.supportedValuesOf('timeZone'), '').split(' Known ')[0] ?? '';
  report.add({
    code: 'bad-timezone',
    path,
    message: `"${zone}" is no IANA time zone`,
    remedy: `${near.startsWith('Did') ? `${near} ` : ''}Write one such as Europe/Copenhagen or UTC.`,
  });
  return undefined;
}

function readYearEnd(text: string, path: Path, report: Report): Controller['financialYearEnd'] | undefined {
  const [, month = 0, day = 0] = (/^(\d\d)-(\d\d)$/.exec(text) ?? []).map(Number);
  if (day >= 1 && day <= (DAYS_OF_MONTH[month - 1] ?? 0)) return { month, day };
  report.add({
    code: 'bad-date',
    path,
    message: `"${text}" is no day of the year`,
    remedy: 'Write the last day of the financial year as MM-DD, e.g. 12-31 or 06-30.',
  });
  return undefined;
}

/** Reads `controller:`; undefined where something in it is wrong. */
export function readController(raw: unknown, path: Path, report: Report): Controller | undefined {
  const { values } = readFields(controllerShape, raw, path, report);
  const timezone =
    values.timezone === undefined ? undefined : readZone(values.timezone, [...path, 'timezone'], report);
  const end = 'financial year ends';
  const financialYearEnd = readYearEnd(values[end] ?? '12-31', [...path, end], report);
  if (values.name === undefined || timezone === undefined || financialYearEnd === undefined) return undefined;
  const id = values.id === undefined ? {} : { id: values.id };
  return { name: values.name, ...id, timezone, financialYearEnd };
}
