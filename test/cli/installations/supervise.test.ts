import { describe, expect, it } from '@jest/globals';
import { supervise, type Supervisor, type Unit } from '../../../src/cli/installations/supervise.ts';
import { FristError } from '../../../src/errors.ts';
import type { App, Down } from '../../../src/installation/app.ts';

/** What happened, in order. */
type Story = string[];

/** An installation of which only that is there that is looked at. */
function appNamed(name: string, story: Story, missing: readonly Down[] = []): App {
  const app: Partial<App> = {
    missing,
    newId: () => '01M8127CTCRZ7YMQR8FSTTYK63',
    now: () => 0,
    state: { transaction: () => Promise.resolve() } as unknown as App['state'],
    trail: { flush: () => Promise.resolve() },
    close: () => {
      story.push(`${name} closed`);
      return Promise.resolve();
    },
  };
  return app as App;
}

interface World {
  readonly supervisor: Supervisor;
  readonly story: Story;
  /** Lets a minute pass. */
  readonly minute: () => Promise<void>;
}

function world(units: readonly Unit[], story: Story, end = new AbortController()): World {
  let sleeping: (() => void)[] = [];
  const supervisor = supervise(units, {
    createJobs: (app) => {
      const name = app.missing.length === 0 ? 'whole' : 'part';
      return Promise.resolve({
        start: () => void story.push(`${name} starts`),
        tick: () => {
          story.push(`${name} ends its work`);
          return Promise.resolve();
        },
        stop: () => {
          story.push(`${name} stops`);
          return Promise.resolve();
        },
        lastTick: () => 0,
        firstSlot: () => undefined,
        missed: () => Promise.resolve({}),
      });
    },
    version: 'test',
    sleep: (_, signal) =>
      new Promise((resolve) => {
        sleeping.push(resolve);
        signal.addEventListener('abort', () => {
          resolve();
        });
      }),
    signal: end.signal,
    logger: {
      debug: () => undefined,
      info: (event, { controller } = {}) => void story.push(`${event}: ${String(controller)}`),
      warn: () => undefined,
      error: (event, { controller, code, error } = {}) =>
        void story.push(
          `${event}: ${String(controller)} ${code ?? (error instanceof FristError ? error.code : String(error))}`,
        ),
    },
  });
  return {
    supervisor,
    story,
    minute: async () => {
      const before = sleeping;
      sleeping = [];
      for (const wake of before) wake();
      for (let i = 0; i < 50; i++) await Promise.resolve();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

const unit = (name: string, open: Unit['open'], mended = () => false): Unit => ({
  whose: () => ({ name, controller: `${name} A/S` }),
  open,
  mended,
});

describe('a supervisor', () => {
  it('passes over one that throws whatever it throws, tells it once for each reason, and tries again', async () => {
    const story: Story = [];
    let broken: Error | undefined = new TypeError('a defect');
    const bad = unit('bad', () =>
      broken === undefined ? Promise.resolve(appNamed('bad', story)) : Promise.reject(broken),
    );
    const good = unit('good', () => Promise.resolve(appNamed('good', story)));
    const { supervisor, minute } = world([bad, good], story);
    await supervisor.begin();
    await minute();
    expect(supervisor.running()).toHaveLength(1);
    expect(supervisor.opening()).toEqual([]);
    expect(supervisor.down()).toEqual([{ name: 'bad', code: 'DEFECT', controller: 'bad A/S' }]);
    broken = new FristError('STATE_MISSING');
    await minute();
    await minute();
    broken = undefined;
    await minute();
    expect(supervisor.down()).toEqual([]);
    await supervisor.stop();
    expect(story).toEqual([
      'controller does not run: bad TypeError: a defect',
      'whole starts',
      'installation opened: good',
      'controller does not run: bad STATE_MISSING',
      'whole starts',
      'controller runs again: bad',
      'installation opened: bad',
      'whole stops',
      'whole stops',
      'bad closed',
      'good closed',
    ]);
  });

  it('where none can be opened, throws what the first of them says, and tries no more once it is stopped', async () => {
    const story: Story = [];
    let tries = 0;
    const bad = (code: 'STATE_MISSING' | 'AUDIT_MISSING'): Unit =>
      unit(code, () => {
        tries += 1;
        return Promise.reject(new FristError(code));
      });
    const { supervisor, minute } = world([bad('STATE_MISSING'), bad('AUDIT_MISSING')], story);
    await expect(supervisor.begin()).rejects.toThrow(new FristError('STATE_MISSING'));
    await supervisor.stop();
    await minute();
    expect(tries).toBe(2);
  });

  it('opens one anew whose files are mended, once what it does has ended', async () => {
    const story: Story = [];
    const missing = [{ name: 'acme', code: 'CONFIG_INVALID', controller: undefined }];
    let isMended = false;
    const shared = unit(
      'all',
      () => Promise.resolve(appNamed('all', story, isMended ? [] : missing)),
      () => isMended,
    );
    const { supervisor, minute } = world([shared], story);
    await supervisor.begin();
    expect(supervisor.down()).toEqual(missing);
    await minute();
    isMended = true;
    await minute();
    expect(supervisor.down()).toEqual([]);
    await supervisor.stop();
    expect(story).toEqual([
      'part starts',
      'installation opened: all',
      'controller does not run: acme CONFIG_INVALID',
      'part ends its work',
      'part stops',
      'all closed',
      'whole starts',
      'installation opened: all',
      'whole stops',
      'all closed',
    ]);
  });

  it('closes what comes to be open only after it was told to stop', async () => {
    const story: Story = [];
    const end = new AbortController();
    let arrive: (app: App) => void = () => undefined;
    const late = unit('late', () => new Promise<App>((resolve) => (arrive = resolve)));
    const { supervisor, minute } = world([late], story, end);
    const begun = supervisor.begin();
    expect(supervisor.opening()).toEqual([late]);
    end.abort();
    await supervisor.stop();
    arrive(appNamed('late', story));
    await begun;
    await minute();
    expect(story).toEqual(['late closed']);
    expect(supervisor.running()).toEqual([]);
  });
});
