import type { StoreReport } from '../../audit/store/examine.ts';
import type { SettingOrigin } from '../../config.ts';
import type { CheckReport, Connector, Finding, Strain } from '../../connectors/connector.ts';
import { SourceFailure } from '../../connectors/connector.ts';
import { codedError } from '../../erasure/run/prepare.ts';
import { EXIT, FristError, type Problem } from '../../errors.ts';
import { explainPolicy } from '../../policy/explain/policy.ts';
import { explainTask } from '../../policy/explain/task.ts';
import { coverageGaps } from '../../policy/outline/coverage.ts';
import type { Located } from '../../policy/parse/parse.ts';
import type { View } from '../../policy/policy.ts';
import type { Task } from '../../policy/view.ts';
import { exitOf } from '../shared/exit.ts';
import { printJson, type Io } from '../print/io.ts';
import { alertsText, isCut, type AlertRoute } from './alerts.ts';
import { printGrants } from './grants.ts';
import { problemText } from '../print/tell.ts';
import { storeProblems, storeText } from '../print/store-report.ts';
import { table } from '../print/text.ts';

export interface CheckInput {
  readonly files: readonly {
    readonly located: Located;
    readonly tasks: readonly Task[];
    readonly connector: (source: string) => Connector;
    readonly strain: (source: string) => Promise<Strain | undefined>;
  }[];
  /** What is wrong beside the files. */
  readonly stray: readonly Problem[];
  /** Tries out the store of the trail. */
  readonly store: () => Promise<StoreReport>;
  /** Whether the state is there. */
  readonly state: () => Promise<boolean>;
  /** Where each setting comes from; secrets masked. */
  readonly origins: readonly SettingOrigin[];
  /** Print what this account needs in the sources, in place of all else, once nothing is wrong. */
  readonly grants: string | undefined;
  /** Where alerts go, and whether they arrive where that was to be tried. */
  readonly alerts: () => Promise<readonly AlertRoute[]>;
  readonly json: boolean;
  readonly signal: AbortSignal;
}

interface Explained {
  readonly policy: string;
  readonly sentences: readonly string[];
}

/** `frist check`: the policy files against the catalogues of their sources, where it only reads. Answers the exit status. */
export async function check(input: CheckInput, io: Io): Promise<number> {
  const problems: Problem[] = [...input.stray];
  const statuses = new Set<number>();
  const understood: Explained[] = [];
  for (const { located, tasks, connector, strain } of input.files) {
    problems.push(...located.warnings);
    for (const policy of located.file.policies) {
      const task = tasks.find((one) => one.policy === policy);
      const sentences = task === undefined ? explainPolicy(policy) : explainTask(task);
      understood.push({ policy: policy.name, sentences });
    }
    for (const source of located.file.sources) {
      const ofSource = (view: View): boolean => view.source === source.name;
      const views = tasks.map((task) => task.view).filter(ofSource);
      const asked = tasks.flatMap((task) => task.inquiries.map((one) => one.view)).filter(ofSource);
      try {
        const report = await connector(source.name).check([...views, ...asked], input.signal);
        const advice = await adviceOn(connector(source.name), views, report, input.signal);
        problems.push(...[...report.findings, ...advice].map((finding) => placed(located, finding)));
        const gaps = coverageGaps(located.file, source, await connector(source.name).outline(input.signal));
        problems.push(...gaps.map((gap) => placed(located, { severity: 'warning', ...gap })));
        problems.push(...(await pulseOf(source.name, strain)).map((one) => placed(located, one)));
      } catch (error) {
        if (!(error instanceof SourceFailure)) throw error;
        const { code, message, remedy } = codedError(error, source.name);
        problems.push(
          placed(located, {
            severity: 'error',
            code,
            path: ['sources', source.name, 'connection'],
            message,
            remedy,
          }),
        );
        statuses.add(EXIT.failed);
      }
    }
  }
  if (input.grants !== undefined && problems.every((one) => one.severity !== 'error'))
    return await printGrants(input, input.grants, io);
  const store = await examined(input.store, problems);
  const state = await stateOf(input.state, problems);
  if (store === undefined || state === 'not reached') statuses.add(EXIT.failed);
  if (problems.some((problem) => problem.severity === 'error' && !isUnreachable(problem)))
    statuses.add(EXIT.config);
  const alerts = await input.alerts();
  if (isCut(alerts)) statuses.add(EXIT.failed);
  const list = [...statuses];
  const exit = exitOf(list);
  if (input.json)
    printJson(io, {
      problems,
      understood,
      trail: store,
      state,
      alerts,
      settings: input.origins,
      exit,
      statuses: list,
    });
  else {
    const trail = store === undefined ? '' : storeText(store);
    io.out(
      `${checkText(problems, understood)}${trail}${stateText(state)}${alertsText(alerts)}${settingsText(input.origins)}`,
    );
  }
  return exit;
}

/** What the store of the trail can do; undefined, with a problem, where it cannot be reached. */
async function examined(store: CheckInput['store'], problems: Problem[]): Promise<StoreReport | undefined> {
  try {
    const report = await store();
    problems.push(...storeProblems(report));
    return report;
  } catch (error) {
    if (!(error instanceof FristError) || error.code !== 'AUDIT_STORE') throw error;
    const { code, message, remedy } = error;
    problems.push({ severity: 'error', code, path: ['audit', 's3'], message, remedy });
    return undefined;
  }
}

type StateReport = 'made' | 'not made' | 'not reached';

/** With a problem, where it cannot be used. */
async function stateOf(isMade: CheckInput['state'], problems: Problem[]): Promise<StateReport> {
  try {
    return (await isMade()) ? 'made' : 'not made';
  } catch (error) {
    if (!(error instanceof FristError) || !error.code.startsWith('STATE_')) throw error;
    const { code, message, remedy } = error;
    problems.push({ severity: 'error', code, path: ['state', 'url'], message, remedy });
    return 'not reached';
  }
}

function stateText(state: StateReport): string {
  return state === 'not made' ? '\nState: not made yet: `frist state init` makes it.\n' : '';
}

/** Advice is worth having once nothing is wrong. */
async function adviceOn(
  connector: Connector,
  views: readonly View[],
  { findings }: CheckReport,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  if (findings.some((finding) => finding.severity === 'error')) return [];
  return await connector.advise(views, signal);
}

/** Whether the limits under `pause above` can be told, and whether erasing would wait at this moment. */
async function pulseOf(
  source: string,
  strain: (source: string) => Promise<Strain | undefined>,
): Promise<Finding[]> {
  const path = ['sources', source, 'pause above'];
  try {
    const now = await strain(source);
    if (now === undefined) return [];
    const message =
      now.observed === undefined
        ? `The ${now.name} cannot be told: a replica does not replicate`
        : `The ${now.name} is ${String(now.observed)} now, and may be ${String(now.limit)}`;
    const remedy = 'Erasing waits until it is below; see to the server, or set another limit.';
    return [{ severity: 'warning', code: 'strained', path, message, remedy }];
  } catch (error) {
    if (!(error instanceof SourceFailure)) throw error;
    const message = `How busy the server is cannot be told (${error.code})`;
    const remedy =
      'Give the user of frist the right to ask (docs/operating.md, "A server that is too busy"), or remove `pause above`.';
    return [{ severity: 'error', code: 'no-pulse', path, message, remedy }];
  }
}

function isUnreachable(problem: Problem): boolean {
  return /^(?:SOURCE_|STATE_|AUDIT_STORE$)/.test(problem.code);
}

function placed(located: Located, finding: Finding): Problem {
  const { severity, code, path, message, remedy } = finding;
  return {
    severity: severity === 'error' ? 'error' : 'warning',
    code,
    path,
    message,
    remedy,
    file: located.file.file,
    ...located.locate(path),
  };
}

function checkText(problems: readonly Problem[], understood: readonly Explained[]): string {
  const errors = problems.filter((problem) => problem.severity === 'error');
  const warnings = problems.filter((problem) => problem.severity === 'warning');
  const parts = [...errors, ...warnings].map(problemText);
  if (errors.length === 0) {
    parts.push('What frist understood:');
    for (const { policy, sentences } of understood)
      parts.push([policy, ...sentences.map((one) => `  ${one}`)].join('\n'));
  }
  parts.push(`${String(errors.length)} error(s), ${String(warnings.length)} warning(s)`);
  return `${parts.join('\n\n')}\n`;
}

/** What was set by somebody; of the rest, how many. */
function settingsText(origins: readonly SettingOrigin[]): string {
  const set = origins.filter((one) => one.origin !== 'default');
  const rest = `${String(origins.length - set.length)} settings have their default (--json lists them).\n`;
  if (set.length === 0) return `\n${rest}`;
  const rows = set.map((one) => [one.name, one.value, whence(one)]);
  return `\nSettings that are not the default:\n${table(rows)}\n${rest}`;
}

function whence({ origin, env, path = 'settings file' }: SettingOrigin): string {
  if (origin === 'env') return env;
  return origin === 'env file' ? `${path} (${env}_FILE)` : path;
}
