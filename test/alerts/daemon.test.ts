// Each cause, from a real installation's state, by webhook and by mail: once when it comes, once when it is over.
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CAUSES, type Cause } from '../../src/alerts/causes.ts';
import { formatEntry } from '../../src/audit/entry.ts';
import { personalIn } from '../support/bad-days/people.ts';
import { CONTROLLER } from '../support/bad-days/installation.ts';
import { openDaemon } from '../support/bad-days/daemon.ts';
import {
  DAY,
  HOUR,
  MIDNIGHT,
  MINUTE,
  openWorld,
  VERIFIED,
  watchOf,
  type World,
} from '../support/alerts/world.ts';

let on: World;
const shown = new Set<Cause>();
beforeAll(async () => {
  on = await openWorld(MIDNIGHT);
});
afterAll(() => on.end());

const WORDS = { raised: 'ALERT', reminder: 'STILL', resolved: 'OVER', test: 'TEST' } as const;

/** Both channels were told exactly this since the last question: all of it in one mail. */
function told(...expected: readonly string[]): void {
  const posted = on.posted();
  expect(posted.map(({ event, cause }) => `${WORDS[event]} ${cause}`).sort()).toEqual([...expected].sort());
  const mails = on.mailed().map((headings) => headings.sort());
  expect(mails).toEqual(expected.length === 0 ? [] : [[...expected].sort()]);
  for (const { event, cause } of posted) if (event === 'raised') shown.add(cause as Cause);
}

/** Both channels are told that this is over ten minutes after the last look, which saw it no more, and not before. */
async function over(...causes: readonly Cause[]): Promise<void> {
  told();
  on.now += 10 * MINUTE;
  await on.look();
  told(...causes.map((cause) => `OVER ${cause}`));
}

/** The daemon at this moment: its jobs, and then a look at what came of them. */
async function tickAt(moment: number): Promise<void> {
  on.now = moment;
  await on.daemon.tick();
  on.now += MINUTE;
  await on.daemon.tick();
}

const { stringify } = JSON;

describe('an alarm', () => {
  it('comes once for a plan that waits and for what is overdue, and not again after a restart', async () => {
    await tickAt(MIDNIGHT + 3 * HOUR + 15 * MINUTE);
    const [plan] = await on.daemon.app.state.plans({ status: 'waiting' });
    const [waiting] = on.posted().filter(({ cause }) => cause === 'FristPlanWaiting');
    expect(waiting).toMatchObject({
      event: 'raised',
      about: { controller: CONTROLLER, policy: 'contacts', plan: plan!.id },
      text: expect.stringMatching(/a plan of 40 records waits .*guard first-run-records: 40, the limit is 5/),
      remedy: expect.stringContaining(`frist approve ${plan!.id}`),
      runbook: 'deploy/RUNBOOK.md#fristplanwaiting',
      controllers: [CONTROLLER],
    });
    expect(on.mailed()).toEqual([
      expect.arrayContaining(['ALERT FristPlanWaiting', 'ALERT FristOverdueRecords']),
    ]);
    for (const cause of ['FristPlanWaiting', 'FristOverdueRecords'] as const) shown.add(cause);
    await on.restart();
    await tickAt(on.now + HOUR);
    told();
  });

  it('is over for both when the plan was approved', async () => {
    const [plan] = await on.daemon.app.state.plans({ status: 'waiting' });
    expect((await on.on.frist('approve', plan!.id, '--why', 'looked at')).status).toBe(0);
    await on.look();
    await over('FristPlanWaiting', 'FristOverdueRecords');
    await on.look();
    told();
  });

  it('comes for a run that failed, by its code, and goes with a run that did not', async () => {
    await on.people.db.query('alter table notes rename to notes_away');
    await tickAt(MIDNIGHT + DAY + 3 * HOUR + 15 * MINUTE);
    const [failed] = on.posted();
    expect(failed).toMatchObject({
      cause: 'FristRunFailed',
      about: { controller: CONTROLLER, policy: 'contacts' },
      text: expect.stringContaining('CHECK_FAILED'),
    });
    expect(on.mailed()).toEqual([['ALERT FristRunFailed']]);
    shown.add('FristRunFailed');
    await on.people.db.query('alter table notes_away rename to notes');
    await tickAt(MIDNIGHT + 2 * DAY + 3 * HOUR + 15 * MINUTE);
    await over('FristRunFailed');
  });

  it('comes for a pause that lasts longer than a day, but not for what it holds up', async () => {
    on.now = MIDNIGHT + 2 * DAY + 4 * HOUR;
    const pause = { since: new Date(on.now).toISOString(), by: 'ops.1' };
    await on.daemon.app.state.transaction((t) => t.setPause(pause));
    await tickAt(on.now + 23 * HOUR);
    told();
    await tickAt(on.now + 2 * HOUR);
    const [alert] = on.posted();
    expect(alert).toMatchObject({
      cause: 'FristPaused',
      text: expect.stringContaining('paused by `frist pause` since'),
      remedy: expect.not.stringContaining('file'),
    });
    expect(on.mailed()).toEqual([['ALERT FristPaused']]);
    shown.add('FristPaused');
    await on.daemon.app.state.transaction((t) => t.setPause(undefined));
    await tickAt(on.now);
    await over('FristPaused');
  });

  it('comes for a file that pauses, by its age', async () => {
    writeFileSync(on.on.at('data/pause'), '');
    on.now = Math.max(on.now, Date.now() + 25 * HOUR);
    await on.look();
    const [alert] = on.posted();
    expect(alert).toMatchObject({
      cause: 'FristPaused',
      text: expect.stringContaining('paused by the file that `pause.file` names since'),
      remedy: expect.stringMatching(/remove the file.*`frist resume` does not end it/),
    });
    expect(on.mailed()).toEqual([['ALERT FristPaused']]);
    renameSync(on.on.at('data/pause'), on.on.at('no-pause'));
    await on.look();
    await over('FristPaused');
  });

  it('comes for a hold past its review', async () => {
    const { state, newId } = on.daemon.app;
    const [id, placed] = [newId(), new Date(on.now).toISOString()];
    const review = new Date(on.now - 2 * DAY).toISOString().slice(0, 10);
    const subjects = [['email', 'somebody']] as const;
    await state.transaction((t) => t.addHold({ id, kind: 'hold', subjects, placed, by: 'dpo.1', review }));
    await on.look();
    told('ALERT FristHoldPastReview');
    await state.transaction((t) => t.releaseHold(id, placed));
    await on.look();
    await over('FristHoldPastReview');
  });

  it('comes for a second look that is overdue', async () => {
    const proof = {
      batch: 'b1',
      controller: CONTROLLER,
      policy: 'contacts',
      source: 'crm',
      stage: 0,
    } as const;
    const due = new Date(on.now - MINUTE).toISOString();
    const { state } = on.daemon.app;
    await state.transaction((t) => t.addProof({ ...proof, action: 'delete', sense: '', due, keys: [['1']] }));
    await on.look();
    told('ALERT FristProofOverdue');
    await state.transaction((t) => t.closeProof('b1'));
    await on.look();
    await over('FristProofOverdue');
  });

  it('comes for a controller whose policy file is broken, while the others are worked for', async () => {
    await on.look([{ name: 'other', code: 'CONFIG_INVALID', controller: 'Other A/S' }]);
    told('ALERT FristControllerDown');
    await on.look();
    await over('FristControllerDown');
  });

  it('comes for a batch without an outcome, and for one that no policy can settle', async () => {
    const { state } = on.daemon.app;
    const opened = new Date(on.now - 2 * HOUR).toISOString();
    const open = (id: string, policy: string) =>
      state.transaction((t) =>
        t.openBatch({
          ...{ id, run: 'r', controller: CONTROLLER, policy, source: 'crm', stage: 0, opened },
          ...{ asOf: opened, epoch: 'e', keys: [['1']], detail: '[]' },
        }),
      );
    await open('b2', 'contacts');
    await open('b3', 'renamed since');
    await on.look();
    told('ALERT FristBatchOpen', 'ALERT FristBatchAstray');
    for (const id of ['b2', 'b3']) await state.transaction((t) => t.settleBatch(id));
    await on.look();
    await over('FristBatchOpen', 'FristBatchAstray');
  });

  it('comes by the other channel when one has failed for an hour', async () => {
    on.mailbox.behave('refuses');
    const { state, newId } = on.daemon.app;
    const [id, placed] = [newId(), new Date(on.now).toISOString()];
    const hold = { id, kind: 'hold', subjects: [], placed, by: 'dpo.1', review: '2020-01-01' } as const;
    await state.transaction((t) => t.addHold(hold));
    await on.look();
    on.now += 61 * MINUTE;
    await on.look();
    expect(on.posted()).toMatchObject([
      { cause: 'FristHoldPastReview' },
      { cause: 'FristAlertUndelivered', about: { channel: 'email' } },
    ]);
    expect(on.mailed()).toEqual([]);
    shown.add('FristAlertUndelivered');
    on.mailbox.behave('well');
    on.now += 2 * HOUR;
    await on.look();
    expect(on.mailed()).toEqual([['ALERT FristHoldPastReview']]);
    await on.look();
    on.now += 10 * MINUTE;
    await on.look();
    expect(on.posted()).toMatchObject([{ cause: 'FristAlertUndelivered', event: 'resolved' }]);
    await state.transaction((t) => t.releaseHold(id, placed));
    await on.look();
    await over('FristHoldPastReview');
  });

  it('comes when the trail cannot be written, and goes when it can', async () => {
    const { state, trail, newId } = on.daemon.app;
    await trail.flush();
    renameSync(on.on.at('data/audit'), on.on.at('data/away'));
    const entry = formatEntry({ v: 1, type: 'heartbeat', eid: newId(), at: new Date(on.now).toISOString() });
    await state.transaction((t) => t.emit([entry]));
    on.now += 9 * MINUTE;
    await on.look();
    told();
    on.now += 2 * MINUTE;
    await on.look();
    told('ALERT FristTrailBehind');
    renameSync(on.on.at('data/away'), on.on.at('data/audit'));
    await trail.flush();
    await on.look();
    await over('FristTrailBehind');
  });

  it('comes when the state cannot be asked, from each process by itself', async () => {
    const { app, end } = await openDaemon(on.on, () => on.now);
    const run = watchOf(app);
    on.now += HOUR;
    await run();
    told();
    await app.state.close();
    await run();
    on.now += 9 * MINUTE;
    await run();
    told();
    on.now += 2 * MINUTE;
    await run();
    told('ALERT FristStateUnreachable');
    await run();
    told();
    await end().catch(() => undefined);
  });

  it('is taken back neither by a process that sees other policy files, nor while the one that calls is alive', async () => {
    const other = await openDaemon(on.on, () => on.now);
    const missing = [{ name: 'other', code: 'CONFIG_INVALID', controller: 'Other A/S' }];
    on.now += HOUR;
    await on.look(missing);
    told('ALERT FristControllerDown');
    const run = watchOf(other.app);
    await run();
    told();
    on.now += 4 * MINUTE;
    await run();
    told();
    on.now += 10 * MINUTE;
    await run();
    told('OVER FristControllerDown');
    await other.end();
    on.now += 4 * MINUTE;
  });

  it('comes when the trail does not verify', async () => {
    const tiles = readdirSync(on.on.at('data/audit/tile/entries'), { recursive: true, withFileTypes: true });
    const [bundle] = tiles.filter((file) => file.isFile()).map((file) => `${file.parentPath}/${file.name}`);
    const whole = readFileSync(bundle!);
    const spoilt = whole.toString('latin1').replace('"v":1', '"v":2');
    writeFileSync(bundle!, Buffer.from(spoilt, 'latin1'));
    await tickAt(VERIFIED + 5 * HOUR + 20 * MINUTE);
    expect(on.posted()).toContainEqual(
      expect.objectContaining({ cause: 'FristTrailUnverified', event: 'raised' }),
    );
    expect(on.mailed().flat()).toContain('ALERT FristTrailUnverified');
    shown.add('FristTrailUnverified');
    writeFileSync(bundle!, whole);
  });

  it('comes when nothing happens any more: no sweep, no sign of life, no copy of the head, no verification', async () => {
    await tickAt(VERIFIED + 23 * HOUR + 59 * MINUTE);
    on.posted();
    on.mailed();
    on.now = VERIFIED + 9 * DAY;
    await on.look();
    expect(on.posted().filter(({ event }) => event === 'raised')).toEqual([]);
    on.now += 6 * MINUTE;
    await on.look();
    const causes = on
      .posted()
      .filter(({ event }) => event === 'raised')
      .map(({ cause, about }) => `${cause} ${about.job ?? ''}`.trim());
    expect(causes.sort()).toEqual([
      'FristJobBehind heads',
      'FristNoSuccess',
      'FristTrailSilent heartbeat',
      'FristVerificationMissing verification',
    ]);
    expect(
      on
        .mailed()
        .flat()
        .filter((one) => one.startsWith('ALERT')),
    ).toHaveLength(4);
    for (const cause of ['FristJobBehind', 'FristNoSuccess', 'FristTrailSilent'] as const) shown.add(cause);
    shown.add('FristVerificationMissing');
  });
});

it('every cause was shown', () => {
  expect([...shown].sort()).toEqual(CAUSES);
});

it('nothing of a person was sent', () => {
  const sent = [
    ...on.receiver.received.map(({ body, headers }) => body + stringify(headers)),
    ...on.mailbox.heard,
  ];
  for (const { text, headers } of on.mailbox.mails) sent.push(text, stringify(headers));
  expect(sent.length).toBeGreaterThan(40);
  expect(sent.flatMap(personalIn)).toEqual([]);
});
