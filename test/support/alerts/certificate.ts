// A certificate for 127.0.0.1 that nobody has signed.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Certified } from './mailbox.ts';

/** Needs openssl, as docs/auditing.md does. */
export function certificate(): Certified {
  const folder = mkdtempSync(join(tmpdir(), 'frist-cert-'));
  const [key, cert] = [join(folder, 'key'), join(folder, 'cert')];
  const words =
    'req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1';
  try {
    execFileSync('openssl', [...words.split(' '), '-keyout', key, '-out', cert], { stdio: 'ignore' });
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
