import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Spool, type Selected } from '../../../src/erasure/survey/spool.ts';

const record = (i: number, text: string): Selected => ({
  commitment: i.toString(16).padStart(64, '0'),
  stage: i % 13,
  key: [String(i), text],
  starts: [null, text],
  subjects: [text, null],
});

describe('spool', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'frist-spool-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const readAll = async (spool: Spool): Promise<Selected[]> => {
    const all: Selected[] = [];
    for await (const piece of spool.read()) all.push(...piece);
    return all;
  };

  it('gives back what was added, in order, as often as asked', async () => {
    const spool = await Spool.create(folder, 'a');
    // Longer than one read, and with every kind of text that a key can be, so that pieces are cut inside characters.
    const texts = ['', '0', '007', 'line\nbreak', 'tab\t', 'Åse “😀”', '\u2028', 'a'.repeat(5000)];
    const records = Array.from({ length: 400 }, (_, i) => record(i, texts[i % texts.length] ?? ''));
    for (const one of records) {
      spool.add(one);
      await spool.drain();
    }
    expect(await readAll(spool)).toEqual(records);
    expect(await readAll(spool)).toEqual(records);
    expect(spool.count).toBe(400);
    await spool.close();
  });

  it('is empty when nothing was added', async () => {
    const spool = await Spool.create(folder, 'b');
    expect(await readAll(spool)).toEqual([]);
    await spool.close();
  });

  it('leaves no file that a crash could leave behind', async () => {
    const spool = await Spool.create(folder, 'c');
    for (let i = 0; i < 5000; i++) spool.add(record(i, 'jens@example.dk'));
    await spool.drain();
    expect(await readdir(folder)).toEqual([]);
    await spool.close();
  });
});
