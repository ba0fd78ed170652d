/**
 * What every kind of connector owes, whatever its records are: the part of src/connectors/connector.ts that needs no tables.
 * Kinds with tables pass the conformance suite besides (conformance.ts). It asks for capabilities, never for a kind's name.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Connector } from '../../src/connectors/connector.ts';
import { SourceFailure } from '../../src/connectors/connector.ts';
import type { Facts, Key, View } from '../../src/policy/policy.ts';
import { ON, batchOf, eraseOnce, failureOf, inSession, keyText, keysOf, pagesOf, printed, scanAll } from './conformance/support.ts'; // prettier-ignore

export interface ContractBed {
  /** Another connector on the same data, as another process would have one. */
  connect(pageSize?: number): Connector;
  /** On all records; it deletes them, and their one identifier is the e-mail `<name>@Example.org`. */
  readonly view: View;
  put(names: readonly string[]): Promise<void>;
  keyOf(name: string): Key;
  /** Names of the records that are there, in order. */
  names(): Promise<readonly string[]>;
  close(): Promise<void>;
}

const ABORTED = { name: 'SourceFailure', failure: 'transient', code: 'ABORTED' };
const NAMES = Array.from({ length: 12 }, (_, i) => `person${String(i + 10)}`);

/** Declares the tests for one kind; `make` is called anew for each. */
export function contract(name: string, make: () => Promise<ContractBed>): void {
  describe(`contract: ${name}`, () => {
    let bed: ContractBed;
    let connector: Connector;
    beforeEach(async () => {
      bed = await make();
      await bed.put(NAMES);
      connector = bed.connect();
    });
    afterEach(async () => {
      await connector.close();
      await bed.close();
    });
    const keys = (...names: readonly string[]): Key[] => names.map((one) => bed.keyOf(one));
    const without = (...names: readonly string[]): readonly string[] =>
      NAMES.filter((one) => !names.includes(one));

    reading();
    erasing();
    failing();

    function reading(): void {
      it('scans every record, in pages, and on behind any of them', async () => {
        const seen: Facts[] = [];
        for await (const page of pagesOf(bed.connect(5), bed.view)) {
          expect(page.facts.length).toBeLessThanOrEqual(5);
          seen.push(...page.facts);
          const rest = await scanAll(bed.connect(), bed.view, undefined, page.cursor);
          expect(keysOf([...seen, ...rest])).toEqual(keysOf(await scanAll(connector, bed.view)));
        }
        expect(keysOf(seen)).toEqual(
          keys(...NAMES)
            .map(keyText)
            .sort(),
        );
        if (!connector.capabilities.scanRepeats) expect(seen).toHaveLength(NAMES.length);
      });

      it('misses nothing when the records of earlier pages go away meanwhile', async () => {
        const seen: Facts[] = [];
        for await (const page of pagesOf(bed.connect(3), bed.view)) {
          seen.push(...page.facts);
          await eraseOnce(connector, bed.view, page.facts.slice(0, 1).map((one) => one.key)); // prettier-ignore
        }
        expect(keysOf(seen)).toEqual(
          keys(...NAMES)
            .map(keyText)
            .sort(),
        );
      });

      it('counts them, and reads by key exactly what it scans', async () => {
        expect(await connector.count(bed.view, ON)).toEqual({ population: 12, matching: 12 });
        const scanned = await scanAll(connector, bed.view);
        const read = await connector.read(bed.view, keys(...NAMES, 'nobody'), ON);
        const inOrder = (facts: readonly Facts[]): Facts[] =>
          [...facts].sort((a, b) => (keyText(a.key) < keyText(b.key) ? -1 : 1));
        expect(inOrder(read)).toEqual(inOrder(scanned));
        expect(await connector.read(bed.view, [], ON)).toEqual([]);
      });

      it('finds people by any spelling that is equal, and nobody by none', async () => {
        expect(await connector.find(bed.view.record, 'email', ' PERSON11@example.ORG')).toBe(1);
        expect(await connector.find(bed.view.record, 'email', '')).toBe(0);
        expect(await connector.find(bed.view.record, 'phone', 'person11@example.org')).toBe(0);
        const found = await connector.lookup(bed.view, 0, ['person11@example.org', 'person13@example.org', ''], ON); // prettier-ignore
        expect(keysOf(found)).toEqual(keys('person11', 'person13').map(keyText).sort());
      });

      it('tells its clock where it has one', async () => {
        const now = await connector.now();
        expect(now === undefined).toBe(!connector.capabilities.ownClock);
      });
    }

    function erasing(): void {
      it('erases the records named and no other, and says so at the right places', async () => {
        const asked = keys('nobody', 'person12', 'person10', 'noone');
        const facts = await connector.read(bed.view, asked, ON);
        const result = await eraseOnce(connector, bed.view, asked);
        expect(result.outcomes).toEqual(['already-absent', 'erased', 'erased', 'already-absent']);
        expect(result.facts.map((one) => one?.key)).toEqual([undefined, asked[1], asked[2], undefined]);
        expect(result.facts.filter((one) => one !== undefined)).toEqual(expect.arrayContaining([...facts]));
        expect(await bed.names()).toEqual(without('person12', 'person10'));
        expect(await connector.verify(bed.view, 0, asked, ON)).toEqual(['gone', 'gone', 'gone', 'gone']);
        expect((await eraseOnce(connector, bed.view, asked.slice(1, 3))).outcomes).toEqual(['already-absent', 'already-absent']); // prettier-ignore
      });

      it('asks once more, and leaves alone what is not due any more', async () => {
        const asked = keys('person10', 'person11', 'person12');
        const seen: Facts[] = [];
        const stillDue = (facts: readonly Facts[]): boolean[] => {
          seen.push(...facts);
          return facts.map((one) => keyText(one.key) !== keyText(asked[1]!));
        };
        const { outcomes } = await eraseOnce(connector, bed.view, asked, { stillDue });
        expect(outcomes).toEqual(['erased', 'changed', 'erased']);
        expect(keysOf(seen)).toEqual(asked.map(keyText).sort());
        expect(await connector.verify(bed.view, 0, asked, ON)).toEqual(['gone', 'present', 'gone']);
        expect(await bed.names()).toEqual(without('person10', 'person12'));
      });

      it('does nothing with an empty batch, verifies nothing for no keys', async () => {
        expect(await eraseOnce(connector, bed.view, [])).toMatchObject({ outcomes: [], facts: [] });
        expect(await connector.verify(bed.view, 0, [], ON)).toEqual([]);
        expect(await bed.names()).toEqual(NAMES);
      });

      it('takes a batch of the largest size it names, and refuses a larger one whole', async () => {
        const { maxBatch } = connector.capabilities;
        const strangers = Array.from({ length: maxBatch - 1 }, (_, i) => `stranger${String(i)}`);
        const { outcomes } = await eraseOnce(connector, bed.view, keys(...strangers, 'person10'));
        expect([outcomes[0], outcomes.at(-1)]).toEqual(['already-absent', 'erased']);
        await failureOf(() => eraseOnce(connector, bed.view, keys('person11', 'person12', ...strangers)));
        expect(await bed.names()).toEqual(without('person10'));
      });

      it('works through several batches in one session', async () => {
        await inSession(connector, bed.view, async (session) => {
          for (const one of NAMES.slice(0, 3))
            expect((await session.erase(batchOf(bed.view, keys(one)), ON)).outcomes).toEqual(['erased']);
        });
        expect(await bed.names()).toEqual(NAMES.slice(3));
      });
    }

    function failing(): void {
      it('applies nothing when the answer whether records are still due fails', async () => {
        const stillDue = (): boolean[] => {
          throw new RangeError('decided wrongly');
        };
        await expect(eraseOnce(connector, bed.view, keys('person10'), { stillDue })).rejects.toThrow('decided wrongly'); // prettier-ignore
        expect(await bed.names()).toEqual(NAMES);
        expect((await eraseOnce(connector, bed.view, keys('person10'))).outcomes).toEqual(['erased']);
      });

      it('lets one session at a time erase for a policy, where it can lock', async () => {
        const session = await connector.erasing(bed.view, ON);
        const other = connector.capabilities.locks ? bed.connect() : connector;
        for (const one of [connector, other]) {
          const error = await failureOf(() => one.erasing(bed.view, ON));
          expect(error).toBeInstanceOf(SourceFailure);
          expect(error).toMatchObject({ code: 'BUSY' });
        }
        expect(await connector.read(bed.view, keys('person10'), ON)).toHaveLength(1);
        await session.release();
        await session.release();
        await expect(session.erase(batchOf(bed.view, keys('person10')), ON)).rejects.toMatchObject({ code: 'RELEASED' }); // prettier-ignore
        expect((await eraseOnce(other, bed.view, keys('person10'))).outcomes).toEqual(['erased']);
      });

      it('does nothing once its signal is aborted', async () => {
        const off = AbortSignal.abort();
        const some = keys('person10');
        for (const call of [
          () => connector.check([bed.view], off),
          () => connector.count(bed.view, off),
          () => connector.read(bed.view, some, off),
          () => connector.dependents(bed.view, 0, some, off),
          () => connector.verify(bed.view, 0, some, off),
          () => connector.erasing(bed.view, off),
          () => connector.lookup(bed.view, 0, ['person10@example.org'], off),
          () => connector.scan(bed.view, undefined, off)[Symbol.asyncIterator]().next(),
        ])
          await expect(call()).rejects.toMatchObject(ABORTED);
        await inSession(connector, bed.view, async (session) => {
          await expect(session.erase(batchOf(bed.view, some), off)).rejects.toMatchObject(ABORTED);
        });
        expect(await bed.names()).toEqual(NAMES);
      });

      it('lets a scan be left early, stops one between pages, and closes twice', async () => {
        const small = bed.connect(5);
        const stop = new AbortController();
        const pages = small.scan(bed.view, undefined, stop.signal)[Symbol.asyncIterator]();
        await pages.next();
        stop.abort();
        await expect(pages.next()).rejects.toMatchObject(ABORTED);
        for await (const page of pagesOf(small, bed.view)) if (page.facts.length > 0) break;
        await small.close();
        await small.close();
      });

      it('carries no value of a record in an error', async () => {
        const error = await failureOf(async () => {
          await inSession(connector, bed.view, async (session) => {
            await session.erase(batchOf(bed.view, keys('person10', ...Array.from({ length: connector.capabilities.maxBatch }, (_, i) => `person-${String(i)}`))), ON); // prettier-ignore
          });
        });
        expect(printed(error)).not.toMatch(/person-?\d/);
      });
    }
  });
}
