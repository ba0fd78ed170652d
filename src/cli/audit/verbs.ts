/** From an `audit …` command line to its verb, with the trail that it asks for. None of them opens a source. */
import { openReader } from '../../audit/lookup/reader.ts';
import type { Settings } from '../../config.ts';
import { FristError } from '../../errors.ts';
import { openInquiry, type Inquiry } from '../../installation/inquiry.ts';
import type { PolicyFile } from '../../policy/policy.ts';
import type { World } from '../../installation/wiring.ts';
import { auditVerify } from './verify.ts';
import type { Options } from '../program.ts';
import { readText, writeNew } from '../shared/files.ts';
import type { Io } from '../print/io.ts';
import { openTrail } from '../shared/verified.ts';
import { auditFind } from './find.ts';
import { auditList } from './list.ts';
import { auditProve } from './prove.ts';

export interface AuditWorld {
  readonly settings: Settings;
  readonly world: World;
  readonly io: Io;
  /** Reads the policy files of the command line; only some verbs need them. */
  readonly policies: () => readonly PolicyFile[];
}

/** Performs an `audit …` verb. Answers the exit status. */
export async function auditVerb(verb: string, options: Options, given: AuditWorld): Promise<number> {
  const { settings, world, io, policies } = given;
  switch (verb) {
    case 'audit verify':
      return auditVerify(settings, world, { ...options, readFile: readText }, io);
    case 'audit report': {
      const { auditReport } = await import('./report.ts');
      return auditReport(settings, world, { ...options, readFile: readText, writeFile: writeNew }, io);
    }
    case 'audit list':
      return auditList(await openReader(await openTrail(settings, world, options)), options, io);
    case 'audit find': {
      const files = policies();
      return inquire(given, (inquiry) => auditFind(inquiry, { ...options, files }, io));
    }
    case 'audit prove': {
      const files = policies();
      return inquire(given, (inquiry) => auditProve(inquiry, { ...options, files }, io));
    }
    default:
      throw new FristError('USAGE', { what: `there is no verb ${verb}` });
  }
}

async function inquire(
  { settings, world }: AuditWorld,
  ask: (inquiry: Inquiry) => Promise<number>,
): Promise<number> {
  const inquiry = await openInquiry(settings, world);
  try {
    return await ask(inquiry);
  } finally {
    await inquiry.close();
  }
}
