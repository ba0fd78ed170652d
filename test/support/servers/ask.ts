import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

/** Asks the keeper for a server. Undefined, with a line on stderr, where it cannot be had; with CI=true an error. */
export async function ask(server: string): Promise<string | undefined> {
  const path = process.env['FRIST_TEST_KEEPER'];
  if (path === undefined) throw new Error('test servers are started by jest: run `npm run jest -- <file>`');
  const socket = connect(path);
  socket.write(`${server}\n`);
  const found = JSON.parse(await text(socket)) as { url?: string; missing?: string };
  if (found.url !== undefined) return found.url;
  const line = `NO ${server.toUpperCase()} FOR THE TESTS: ${found.missing ?? ''}`;
  if (process.env['CI'] === 'true') throw new Error(line);
  process.stderr.write(`${line}; ITS TESTS ARE LEFT OUT\n`);
  return undefined;
}
