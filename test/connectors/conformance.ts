/**
 * The suite that every kind of connector passes: the contract of src/connectors/connector.ts, as tests. It asks for
 * capabilities, never for a kind's name. To add a kind: make a harness, call `conformance`, and name it in kinds.ts.
 */
import { afterAll, beforeAll, describe } from '@jest/globals';
import { around } from './conformance/around.ts';
import { checking } from './conformance/checking.ts';
import { erasing } from './conformance/erasing.ts';
import { failing } from './conformance/failing.ts';
import { FIXTURE } from './conformance/fixture.ts';
import type { Harness, MakeHarness } from './conformance/harness.ts';
import { going } from './conformance/going.ts';
import { meaning } from './conformance/meaning.ts';
import { reading } from './conformance/reading.ts';
import { verifying } from './conformance/verifying.ts';

export type { Harness, MakeHarness } from './conformance/harness.ts';

/** Declares the whole suite for one kind; `make` is called once. */
export function conformance(name: string, make: MakeHarness): void {
  describe(`conformance: ${name}`, () => {
    let harness: Harness | undefined;
    const open = (): Harness => {
      if (harness === undefined) throw new Error('the harness is not there yet');
      return harness;
    };
    beforeAll(async () => {
      harness = await make(FIXTURE);
    });
    afterAll(async () => {
      await harness?.close();
    });

    describe('check', () => checking(open));
    describe('scan, read and count', () => reading(open));
    describe('the meaning of conditions and values', () => meaning(open));
    describe('what stands around a record', () => around(open));
    describe('erase', () => erasing(open));
    describe('erase what goes with a record', () => going(open));
    describe('verify and find', () => verifying(open));
    describe('failures', () => failing(open));
  });
}
