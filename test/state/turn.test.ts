// Transactions, the outbox and leases, with another process on the same state.
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { State } from '../../src/state/state.ts';
import { openState } from '../../src/state/open.ts';
import { engines } from '../support/servers/index.ts';
import { aBatch, aHold, aRun, clock, codeOf, freshState } from './support.ts';
import type { TestState } from './support.ts';

const entriesOf = async (state: State): Promise<string[]> =>
  (await state.pendingOutbox(10_000)).flatMap(({ entries }) => entries);

/** Ends every connection to the state but the one that asks for it. */
async function cutAll({ database }: TestState): Promise<void> {
  if (database.engine === 'postgres') {
    await database.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    );
    return;
  }
  const others =
    'select id from information_schema.processlist where db = database() and id <> connection_id()';
  for (const { id } of await database.query(others)) await database.query(`kill ${String(id)}`);
}

describe.each(await engines())('two processes on %s', (engine) => {
  let test: TestState;
  let here: State;
  let there: State;
  beforeEach(async () => {
    test = await freshState(engine);
    here = test.state;
    there = await test.open();
  });
  afterEach(async () => {
    await test.drop();
  });

  describe('a transaction', () => {
    it('leaves nothing when its work fails, and the error comes out as it is', async () => {
      const mine = new Error('mine');
      const failing = here.transaction(async (t) => {
        await t.addHold(aHold());
        await t.openBatch(aBatch());
        await t.emit(['{}']);
        throw mine;
      });
      await expect(failing).rejects.toBe(mine);
      expect(await here.holds({ active: true })).toEqual([]);
      expect(await here.openBatches()).toEqual([]);
      expect(await entriesOf(here)).toEqual([]);
      await expect(here.transaction(async () => Promise.reject(new Error('again')))).rejects.toThrow('again');
      expect(await here.transaction((t) => t.emit(['{}']))).toBeGreaterThan(0);
    });

    it('does not commit when one of its steps failed and the work went on', async () => {
      const hold = aHold({ subjects: [['email', 'secret-4711@example.dk']] });
      await here.transaction((t) => t.addHold(hold));
      const swallowing = here.transaction(async (t) => {
        await t.emit(['{"untrue":true}']);
        await t.addHold(hold).catch(() => undefined);
      });
      const error = await swallowing.catch((thrown: unknown) => thrown as Error);
      expect(error).toMatchObject({ code: 'STATE_REFUSED' });
      expect(`${JSON.stringify(error)} ${String((error as Error).stack)}`).not.toContain('secret-4711');
      expect((error as Error).cause).toBeUndefined();
      expect(await entriesOf(here)).toEqual([]);
    });

    it('is over when it is over', async () => {
      let late: (() => Promise<unknown>) | undefined;
      await here.transaction(async (t) => {
        late = () => t.emit(['{"late":1}']);
      });
      expect(await codeOf(late!())).toMatch(/^STATE_/);
      expect(await entriesOf(here)).toEqual([]);
    });

    it('is alone: neither of a batch and a hold is placed without knowing the other', async () => {
      for (let round = 0; round < 10; round++) {
        const hold = aHold();
        const batch = aBatch();
        const [known, open] = await Promise.all([
          here.transaction(async (t) => {
            await t.openBatch(batch);
            return await t.activeHolds();
          }),
          there.transaction((t) => t.addHold(hold)).then(() => there.openBatches()),
        ]);
        const seen = [known.some(({ id }) => id === hold.id), open.some(({ id }) => id === batch.id)];
        expect(seen).toContain(true);
      }
    });

    it('waits for the other to end', async () => {
      const order: string[] = [];
      const slow = here.transaction(async (t) => {
        await t.emit(['{}']);
        order.push('begin');
        await pause(150);
        order.push('end');
      });
      while (order.length === 0) await pause(1);
      await there.transaction(async () => void order.push('other'));
      await slow;
      expect(order).toEqual(['begin', 'end', 'other']);
    });

    it('gives up, with a code, when the other does not end', async () => {
      const hurried = await openState(test.url, { clock, patience: 100 });
      let release: (() => void) | undefined;
      const slow = here.transaction(async (t) => {
        await t.emit(['{}']);
        await new Promise<void>((resolve) => (release = resolve));
      });
      while (release === undefined) await pause(1);
      expect(await codeOf(hurried.transaction((t) => t.addHold(aHold())))).toBe('STATE_BUSY');
      expect(await hurried.openBatches()).toEqual([]);
      release();
      await slow;
      await hurried.transaction((t) => t.addHold(aHold()));
      await hurried.close();
    });

    it('does not run without the row that all wait for', async () => {
      await test.database.query('delete from frist_turn');
      expect(await codeOf(here.transaction((t) => t.emit(['{}'])))).toBe('STATE_MISSING');
      expect(await entriesOf(here)).toEqual([]);
    });

    // SQLite has no server that could.
    if (engine !== 'sqlite')
      it('is rolled back when the server cuts the connection, and the next one goes through', async () => {
        const cut = here.transaction(async (t) => {
          await t.addHold(aHold());
          await cutAll(test);
          await t.emit(['{}']);
        });
        expect(await codeOf(cut)).toBe('STATE_UNREACHABLE');
        await here.transaction((t) => t.addHold(aHold({ id: 'after' })));
        expect((await here.holds({ active: true })).map(({ id }) => id)).toEqual(['after']);
        expect(await entriesOf(here)).toEqual([]);
      });

    it('is one of many, and none is lost', async () => {
      const work = [here, there].flatMap((state, who) =>
        Array.from({ length: 25 }, (_, n) => state.transaction((t) => t.emit([`{"n":${who * 25 + n}}`]))),
      );
      const ids = await Promise.all(work);
      expect(new Set(ids).size).toBe(50);
      expect(new Set(await entriesOf(here)).size).toBe(50);
    });
  });

  describe('the outbox', () => {
    it('gives rows in the order of their commits, whoever wrote them', async () => {
      let number = 0;
      const emit = (state: State): Promise<number> =>
        state.transaction(async (t) => {
          await pause(number % 3);
          return await t.emit([`{"n":${++number}}`]);
        });
      await Promise.all([here, there].flatMap((state) => Array.from({ length: 10 }, () => emit(state))));
      const rows = await here.pendingOutbox(100);
      expect(rows.flatMap(({ entries }) => entries)).toEqual(rows.map((_, at) => `{"n":${at + 1}}`));
      expect(rows.map(({ id }) => id)).toEqual(rows.map(({ id }) => id).sort((a, b) => a - b));
    });

    it('shows no row before its transaction has committed', async () => {
      await here.transaction(async (t) => {
        await t.emit(['{"early":1}']);
        expect(await entriesOf(there)).toEqual([]);
      });
      expect(await entriesOf(there)).toEqual(['{"early":1}']);
    });

    it('keeps a row until it is acknowledged, also one that comes late with a small id', async () => {
      const ids: number[] = [];
      for (let n = 0; n < 3; n++) ids.push(await here.transaction((t) => t.emit([`{"n":${n}}`])));
      await there.acknowledgeOutbox(ids.slice(1), { size: 2, root: 'AA==' });
      expect((await here.pendingOutbox(10)).map(({ id }) => id)).toEqual(ids.slice(0, 1));
      expect(await here.outboxSpan()).toEqual({ first: ids[0], last: ids[0] });
      await there.acknowledgeOutbox(ids, { size: 3, root: 'BB==' });
      expect(await here.pendingOutbox(10)).toEqual([]);
      expect(await here.outboxSpan()).toBeUndefined();
      const next = await here.transaction((t) => t.emit(['{}']));
      expect(next).toBeGreaterThan(ids[2]!);
    });

    it('holds the entries of an emission together, byte by byte, and takes large ones in pieces', async () => {
      const odd = ['{"a":"\\n\\u0000 Ø 🜁 \\" \\\\"}', '', "'--", '{"n":1}'];
      const large = Array.from({ length: 10_000 }, (_, n) => `{"n":${n},"commitment":"${'x'.repeat(500)}"}`);
      await here.transaction(async (t) => {
        expect(await t.emit([])).toBe(0);
        await t.emit(odd);
        await t.emit(large);
      });
      const rows = await here.pendingOutbox(1000);
      expect(rows[0]?.entries).toEqual(odd);
      const entries: string[] = [];
      for (let left = rows; left.length > 0; left = await here.pendingOutbox(1000)) {
        expect(left.length).toBeLessThan(5);
        entries.push(...left.flatMap((row) => row.entries));
        await here.acknowledgeOutbox(
          left.map(({ id }) => id),
          { size: entries.length, root: 'AA==' },
        );
      }
      expect(entries.length).toBe(odd.length + large.length);
      expect(entries.slice(odd.length)).toEqual(large);
    });

    it('refuses an entry with a line end: it would come out as two', async () => {
      const torn = here.transaction((t) => t.emit(['{"n":1}', '{"a":"\n"}']));
      expect(await codeOf(torn)).toBe('DEFECT');
      expect(await here.pendingOutbox(10)).toEqual([]);
    });

    it('gives no more rows than were asked for', async () => {
      for (let n = 0; n < 3; n++) await here.transaction((t) => t.emit([`{"n":${n}}`]));
      expect((await here.pendingOutbox(2)).flatMap(({ entries }) => entries)).toEqual(['{"n":0}', '{"n":1}']);
    });

    it('remembers the newest head', async () => {
      expect(await here.lastHead()).toBeUndefined();
      await here.acknowledgeOutbox([], { size: 10, root: 'AA==' });
      await there.acknowledgeOutbox([], { size: 9, root: 'BB==' });
      await there.acknowledgeOutbox([], { size: 10, root: 'CC==' });
      expect(await here.lastHead()).toEqual({ size: 10, root: 'AA==' });
      await there.acknowledgeOutbox([], { size: 11, root: 'DD==' });
      expect(await here.lastHead()).toEqual({ size: 11, root: 'DD==' });
    });
  });

  describe('a slot', () => {
    it('goes to one of those who race for it', async () => {
      for (let round = 0; round < 5; round++) {
        const slot = `2026-11-${10 + round}T02:00:00Z`;
        const won = await Promise.all(
          [here, there, here, there].map((state) =>
            state.transaction(async (t) => {
              const run = aRun({ policy: `race-${round}`, slot });
              if (!(await t.startRun(run))) return false;
              await t.emit([`{"started":"${run.id}"}`]);
              return true;
            }),
          ),
        );
        expect(won.filter(Boolean).length).toBe(1);
      }
      expect((await entriesOf(here)).length).toBe(5);
    });

    it('cannot be taken twice, even past the code', async () => {
      await here.transaction((t) => t.startRun(aRun({ id: 'one', policy: 'p', slot: 's' })));
      const copy = (policy: string, slot: string): string =>
        `insert into frist_runs (id, controller, policy, slot, kind, state, running, as_of, started)
         values ('${policy}${slot}', 'Kunde A/S', '${policy}', '${slot}', 'schedule', 'running', 1, '', '')`;
      await expect(test.database.query(copy('p', 's'))).rejects.toThrow();
      await expect(test.database.query(copy('p', 't'))).rejects.toThrow();
      await test.database.query(copy('q', 's'));
    });
  });

  describe('a lease', () => {
    it('goes to one of those who race for it', async () => {
      const fences = await Promise.all(
        [here, there, here, there].map((state, who) => state.lease('publisher', `holder-${who}`, 60_000)),
      );
      expect(fences.filter((fence) => fence !== undefined)).toEqual([1]);
    });

    it('is renewed under its number, and ends by release or by time', async () => {
      expect(await here.lease('l', 'a', 60_000)).toBe(1);
      expect(await there.lease('l', 'b', 60_000)).toBeUndefined();
      expect(await here.lease('l', 'a', 60_000)).toBe(1);
      await there.releaseLease('l', 'b');
      expect(await there.lease('l', 'b', 60_000)).toBeUndefined();
      await here.releaseLease('l', 'a');
      expect(await there.lease('l', 'b', 1)).toBe(2);
      await pause(20);
      expect(await here.lease('l', 'a', 60_000)).toBe(3);
      expect(await here.lease('other', 'a', 60_000)).toBe(1);
      await here.releaseLease('l', 'a');
      expect(await here.lease('l', 'a', 60_000)).toBe(4);
    });

    it('keeps the number of a holder who was late, when nobody came in between', async () => {
      expect(await here.lease('late', 'a', 1)).toBe(1);
      await pause(20);
      expect(await here.lease('late', 'a', 60_000)).toBe(1);
    });

    it('fences off the one who slept through its end', async () => {
      const fence = (await here.lease('run', 'a', 1))!;
      let acts = 0;
      const act = (state: State, number: number): Promise<string> =>
        codeOf(
          state.transaction(async (t) => {
            await t.openBatch(aBatch({ id: `act-${++acts}` }));
            await t.requireLease('run', number);
          }),
        );
      expect(await act(here, fence)).toBe('none');
      await pause(20);
      const next = (await there.lease('run', 'b', 60_000))!;
      expect(await act(here, fence)).toBe('STATE_LEASE_LOST');
      expect(await act(there, next)).toBe('none');
      await there.releaseLease('run', 'b');
      expect(await act(there, next)).toBe('STATE_LEASE_LOST');
      expect(await act(there, 99)).toBe('STATE_LEASE_LOST');
      expect((await here.openBatches()).map(({ id }) => id)).toEqual(['act-1', 'act-3']);
    });

    it('is judged by the clock of the server where there is one', async () => {
      const ahead = await openState(test.url, { clock: () => clock() + 3_600_000 });
      await here.lease('clock', 'a', 60_000);
      const taken = await ahead.lease('clock', 'b', 60_000);
      const server = await ahead.now();
      await ahead.close();
      expect(taken).toBe(engine === 'sqlite' ? 2 : undefined);
      if (engine === 'sqlite') expect(server).toBeUndefined();
      else expect(Math.abs(server! - Date.now())).toBeLessThan(60_000);
    });

    it('lasts no longer than its length when the clock was set back', async () => {
      await here.lease('back', 'a', 50);
      await test.database.query(`update frist_leases set until = until + 3600000 where name = 'back'`);
      expect(await there.lease('back', 'b', 1000)).toBeUndefined();
      await pause(70);
      expect(await there.lease('back', 'b', 1000)).toBe(2);
    });
  });
});
