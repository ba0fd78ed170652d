// A wire to a database server that can be cut at the worst moment: when COMMIT has been sent.
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * What happens to the next COMMIT:
 * `lost`: it never reaches the server, and both ends are cut;
 * `unheard`: the server carries it out, and the client is cut before it hears so;
 * `late`: the client is cut at once, and the server gets the COMMIT `lateMs` later, on a connection that lives on.
 */
export type Fate = 'lost' | 'unheard' | 'late';

export interface Wire {
  /** The address of the same database by way of this wire. */
  readonly url: string;
  /** Lays in wait for the next COMMIT. */
  arm(fate: Fate, lateMs?: number): void;
  /** Resolves when that COMMIT has met its fate, as far as the server is concerned. */
  readonly happened: () => Promise<void>;
  close(): Promise<void>;
}

/** A wire to the server of `url`. */
export async function openWire(url: string): Promise<Wire> {
  const target = new URL(url);
  let armed: { readonly fate: Fate; readonly lateMs: number } | undefined;
  let happened = Promise.resolve();
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    }
    let fated = false;
    client.on('data', (chunk) => {
      if (fated || armed === undefined || !/COMMIT\0?$/.test(chunk.toString('latin1')))
        return void upstream.write(chunk);
      const { fate, lateMs } = armed;
      [fated, armed] = [true, undefined];
      happened = meet(fate, lateMs, chunk, client, upstream);
    });
    upstream.on('data', (chunk) => {
      if (!fated) client.write(chunk);
    });
    client.on('close', () => {
      if (!fated) upstream.destroy();
    });
    upstream.on('close', () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const wired = new URL(url);
  wired.port = String((server.address() as AddressInfo).port);
  return {
    url: wired.href,
    arm: (fate, lateMs = 0) => (armed = { fate, lateMs }),
    happened: () => happened,
    close: () => closeAll(server, sockets),
  };
}

async function meet(
  fate: Fate,
  lateMs: number,
  commit: Uint8Array,
  client: Socket,
  upstream: Socket,
): Promise<void> {
  if (fate === 'lost') {
    client.destroy();
    upstream.destroy();
    return;
  }
  const answered = new Promise<void>((resolve) => upstream.once('data', () => resolve()));
  if (fate === 'late') {
    client.destroy();
    await delay(lateMs);
  }
  upstream.write(commit);
  await answered;
  client.destroy();
  upstream.destroy();
}

async function closeAll(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
}
