// A web server that takes alerts, as bad as a test wants it.
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A status to answer with; `silent`: it takes the request and never answers; `upgrades`: it wants to speak otherwise. */
export type Manner = number | 'silent' | 'upgrades' | 'hangs up';

export interface Receiver {
  readonly url: string;
  readonly received: readonly Received[];
  /** From now on. */
  behave(manner: Manner, headers?: Readonly<Record<string, string>>): void;
  close(): Promise<void>;
}

const UPGRADE = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n';

export async function openReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  let manner: Manner = 204;
  let extra: Readonly<Record<string, string>> = {};
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      received.push({
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        body,
      });
      if (manner === 'upgrades') request.socket.write(UPGRADE);
      else if (manner === 'hangs up') request.socket.destroy();
      else if (manner !== 'silent') response.writeHead(manner, extra).end();
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}`,
    received,
    behave: (next, headers = {}) => {
      manner = next;
      extra = headers;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}
