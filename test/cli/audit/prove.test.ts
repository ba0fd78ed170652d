// A receipt comes out whole or not at all, and is checked with the public key alone.
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { auditProve, checkProof, type ProveOptions } from '../../../src/cli/audit/prove.ts';
import { provenText } from '../../../src/cli/audit/proven.ts';
import { codeOf } from '../../state/support.ts';
import { SIGNER, VECTOR_SIGNER } from '../../support/trail.ts';
import { capture, FILES, openDesk, SOURCE, type Desk } from './support.ts';

let desk: Desk;
let folder: string;
beforeAll(async () => {
  desk = await openDesk();
  folder = mkdtempSync(join(tmpdir(), 'frist-receipt-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await desk.close();
});

const ASE = { subject: ['email=åse@example.dk'] };

async function prove(file: string, options: Partial<ProveOptions>): Promise<string> {
  const { io, all } = capture();
  const rest = { subject: [], record: [], entry: undefined, json: false, files: FILES };
  await auditProve(desk, { ...rest, out: join(folder, file), ...options }, io);
  return all();
}

function check(file: string, key: string | undefined = SIGNER.vkey, json = false): string {
  const { io, all } = capture();
  checkProof({ file: join(folder, file), key, json }, io);
  return all();
}

/** What a command fails with. */
const failure = (work: () => Promise<unknown>): Promise<unknown> =>
  work().then(
    () => 'none',
    (error: unknown) => (error as Error).message,
  );

describe('audit prove', () => {
  it('writes a receipt that only its owner may read, and that checks', async () => {
    const said = await prove('ase.json', { ...ASE, record: ['crm.contact=42'], entry: '3' });
    expect(said).toContain('ase.json proves entry 3.');
    expect(said).toContain(`frist audit prove --check ${join(folder, 'ase.json')} --key ${SIGNER.vkey}`);
    expect(statSync(join(folder, 'ase.json')).mode & 0o777).toBe(0o600);
    expect(check('ase.json')).toBe(`\
The receipt is sound: entry 3 of the trail example.com/trail, signed with 15 entries.

It proves that this was written down:
  record  Eksempel A/S, crm: contact 42
  who     email=åse@example.dk
  what    crm.contact: delete, erased
          done, as the database confirmed
  policy  contacts, promised by 2026-12-01
  when    2026-11-02T03:40:00.000Z, by the clock of the machine that wrote it

It does not prove:
  - that the data lie nowhere else: in other systems, in backups, or written anew since
  - that who holds the signing key shows everybody the same trail: for that, hold its size and root against a head kept elsewhere (frist audit verify --head)
`);
    expect(JSON.parse(check('ase.json', SIGNER.vkey, true))).toMatchObject({
      exit: 0,
      origin: 'example.com/trail',
      index: 3,
      entry: { outcome: 'erased' },
      openings: [
        { label: 'record', parts: [SOURCE, 'contact', '42'] },
        { label: 'subject', parts: ['email', 'åse@example.dk'] },
      ],
    });
  });

  it('proves the only entry there is about a record, and a hold when it is named', async () => {
    await prove('jens.json', { subject: ['email=jens@example.dk'] });
    expect(check('jens.json')).toMatch(/that anything was erased/);
    expect(check('jens.json')).toMatch(/tried, and refused by the database/);
    await prove('hold.json', { ...ASE, entry: '6' });
    expect(check('hold.json')).toMatch(/what {2}a hold was placed \(hold-1\)/);
  });

  it('asks which one, when there are several', async () => {
    expect(await failure(() => prove('which.json', ASE))).toBe(
      'several entries are about it; name one by --entry: 3, 12',
    );
    expect(await failure(() => prove('which.json', { ...ASE, entry: '4' }))).toBe(
      'entry 4 is not about it; these are: 3, 6, 12',
    );
    expect(await failure(() => prove('which.json', { subject: ['email=x@example.dk'] }))).toMatch(/no entry/);
    expect(await failure(() => prove('which.json', { ...ASE, out: undefined }))).toMatch(/--out/);
    expect(existsSync(join(folder, 'which.json'))).toBe(false);
  });

  it('writes nothing that would not check', async () => {
    const prove = (): ReturnType<Desk['reader']['prove']> => desk.reader.prove(4);
    const { io } = capture();
    const out = join(folder, 'wrong.json');
    const options = { ...ASE, record: [], entry: '3', out, json: false, files: FILES };
    const proving = auditProve({ ...desk, reader: { ...desk.reader, prove } }, options, io);
    expect(await codeOf(proving)).toBe('AUDIT_RECEIPT');
    expect(existsSync(out)).toBe(false);
  });

  it('says of which days it cannot tell, where it finds nothing', async () => {
    const proving = prove('nobody.json', { subject: ['email=nobody@example.org'] });
    await expect(proving).rejects.toThrow(
      'what was written from 2025-01-01 to 2025-02-01, because the key of these days is gone since 2026-03-01',
    );
  });

  it('writes over nothing', async () => {
    writeFileSync(join(folder, 'there.json'), 'mine');
    expect(await codeOf(prove('there.json', { ...ASE, entry: '3' }))).toBe('FILE_UNWRITABLE');
    expect(readFileSync(join(folder, 'there.json'), 'utf8')).toBe('mine');
    expect(await codeOf(prove('no/folder.json', { ...ASE, entry: '3' }))).toBe('FILE_UNWRITABLE');
  });

  it('checks against the key that was given, and nothing else', async () => {
    await prove('key.json', { ...ASE, entry: '1,2' });
    const codes = [
      () => check('key.json', VECTOR_SIGNER.vkey),
      () => check('key.json', 'example.com/trail+00000000+AAAA'),
      () => check('missing.json'),
      () => checkProof({ file: join(folder, 'key.json'), key: undefined, json: false }, capture().io),
    ].map((work) => codeOf(Promise.resolve().then<unknown>(work)));
    expect(await Promise.all(codes)).toEqual([
      'AUDIT_RECEIPT',
      'AUDIT_KEY_INVALID',
      'CONFIG_UNREADABLE',
      'USAGE',
    ]);
    const forged = readFileSync(join(folder, 'key.json'), 'utf8').replace('delete', 'retain');
    writeFileSync(join(folder, 'forged.json'), forged);
    expect(await codeOf(Promise.resolve().then(() => check('forged.json')))).toBe('AUDIT_RECEIPT');
  });
});

describe('what a receipt is said to prove', () => {
  it('steers no terminal and forges no line, whatever a stranger put into it', () => {
    const parts = ['email', 'a\u001b[2K\nwhat    erased\u202e@example.dk'];
    const entry = { v: 1, type: 'later-kind', eid: 'x', at: '2026-11-02T03:40:00.000Z' } as const;
    const head = { size: 2, root: '' };
    const text = provenText({ entry, index: 1, head, openings: [{ label: 'subject', parts }] }, 'o');
    expect(text).toContain('who   email=a\\u{1b}[2K\\u{a}what    erased\\u{202e}@example.dk\n');
    expect(text).toContain('what  an entry of the kind later-kind\n');
    expect(text).toContain('- that anything was erased\n');
  });

  it('proves which life of a record it was, by its starting point', async () => {
    const asked = { ...ASE, record: ['crm.contact=42'], entry: '3' };
    await prove('life.json', { ...asked, start: ['2025-11-20'] });
    expect(check('life.json')).toContain(`
  record  Eksempel A/S, crm: contact 42
  start   2025-11-20
  who     email=åse@example.dk
`);
    expect(await failure(() => prove('other.json', { ...asked, start: ['2025-11-21'] }))).toMatch(
      /entry 3 is not about the record with this starting point/,
    );
    expect(existsSync(join(folder, 'other.json'))).toBe(false);
  });

  it('names a record by its life as by its key', () => {
    const parts = [SOURCE, 'member', '2', '7', '12', '1', 'email', 'åse@example.dk', '1', null];
    const entry = { v: 1, type: 'record', eid: 'x', at: '2026-11-02T03:40:00.000Z' } as const;
    const head = { size: 2, root: '' };
    const text = provenText({ entry, index: 1, head, openings: [{ label: 'incarnation', parts }] }, 'o');
    expect(text).toContain('record  Eksempel A/S, crm: member 7, 12\n');
  });
});
