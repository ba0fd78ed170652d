// docs/alerts.md: its table is that of the program, its message is one, and its receiver knows frist from others.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { CAUSES } from '../../src/alerts/causes.ts';
import { signatureOf } from '../../src/alerts/send/webhook.ts';
import { WAITING } from '../support/alerts/messages.ts';
import { blocks, tableUnder } from './pages.ts';

const PAGE = 'docs/alerts.md';
const folder = mkdtempSync(join(tmpdir(), 'frist-receiver-'));
afterAll(() => rmSync(folder, { recursive: true }));

type Receiver = (body: string, header: string, secret: string, now?: number) => boolean;

describe(PAGE, () => {
  it('has every cause, and no other', () => {
    const named = tableUnder(PAGE, 'What it calls for').map(([cause]) => cause);
    expect([...named].sort()).toEqual(CAUSES);
  });

  it('shows a message as it is sent', () => {
    const [shown, ...others] = blocks('json', [PAGE]);
    expect(others).toEqual([]);
    expect(Object.keys(JSON.parse(shown!.text) as object)).toEqual(Object.keys(WAITING));
  });

  it('has a receiver that takes what frist signed, and nothing else', async () => {
    const [script] = blocks('js', [PAGE]);
    const file = join(folder, 'receiver.mjs');
    writeFileSync(file, script!.text);
    const { isFromFrist } = (await import(file)) as { readonly isFromFrist: Receiver };
    const [body, secret, now] = [JSON.stringify(WAITING), 'known to both of them', 1_769_829_300_000];
    const header = signatureOf(body, secret, now / 1000);
    expect(isFromFrist(body, header, secret, now + 60_000)).toBe(true);
    expect(isFromFrist(body.replace('120', '121'), header, secret, now)).toBe(false);
    expect(isFromFrist(body, header, 'another secret', now)).toBe(false);
    expect(isFromFrist(body, header, secret, now + 600_000)).toBe(false);
    expect(isFromFrist(body, header.replace('t=1', 't=2'), secret, now)).toBe(false);
    expect(isFromFrist(body, 'v1=', secret, now)).toBe(false);
    expect(isFromFrist(body, '', secret, now)).toBe(false);
  });
});
