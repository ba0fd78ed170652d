/** A cable between a connector and its database server that can be cut at the worst moment. */
import { createServer, connect } from 'node:net';
import type { Socket } from 'node:net';

export interface Cable {
  /** The server's address with the cable in between. */
  readonly url: string;
  /** Cuts what is connected now: what the client sends from here on never arrives. */
  cut(): void;
  /** Lets the next bytes through to the server and cuts when the answer comes: the server did it, nobody heard. */
  swallowAnswer(): void;
  close(): Promise<void>;
}

export async function cableTo(url: string): Promise<Cable> {
  const target = new URL(url);
  const pairs = new Set<readonly [Socket, Socket]>();
  let swallowing = false;
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    const pair = [client, upstream] as const;
    pairs.add(pair);
    const end = (): void => {
      client.destroy();
      upstream.destroy();
      pairs.delete(pair);
    };
    client.on('data', (bytes) => upstream.write(bytes));
    upstream.on('data', (bytes) => {
      if (swallowing) {
        swallowing = false;
        end();
      } else client.write(bytes);
    });
    for (const socket of pair) socket.on('error', end).on('close', end);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const through = new URL(url);
  through.port = typeof address === 'object' && address !== null ? String(address.port) : '';
  const cut = (): void => {
    for (const [client, upstream] of pairs) {
      client.destroy();
      upstream.destroy();
    }
    pairs.clear();
  };
  return {
    url: through.href,
    cut,
    swallowAnswer: () => {
      swallowing = true;
    },
    close: async () => {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
