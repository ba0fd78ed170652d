// A wire to a database server on which one statement, or the answer to it, can be made to wait.
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** Whether the statement waits before it reaches the server, or the server's answer before it reaches the client. */
export type Held = 'statement' | 'answer';

export interface Gate {
  /** The address of the same database by way of this gate. */
  readonly url: string;
  /** Stops the n-th statement from now on that matches, or its answer; resolves when it waits. */
  stop(statement: RegExp, held: Held, nth: number): Promise<void>;
  /** Lets go what waits. */
  open(): void;
  close(): Promise<void>;
}

interface Stop {
  readonly statement: RegExp;
  readonly held: Held;
  left: number;
  readonly reached: () => void;
}

/** A gate to the server of `url`. */
export async function openGate(url: string): Promise<Gate> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  let stop: Stop | undefined;
  let letGo: () => void = () => undefined;

  const stopAt = (chunk: Uint8Array): Held | undefined => {
    if (stop?.statement.test(Buffer.from(chunk).toString('latin1')) !== true || --stop.left > 0)
      return undefined;
    const { held, reached } = stop;
    stop = undefined;
    reached();
    return held;
  };

  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    const waiting: { readonly to: Socket; readonly chunk: Uint8Array }[] = [];
    let held: Held | undefined;
    const pass = (to: Socket, from: Held) => (chunk: Uint8Array) => {
      if (held === undefined && from === 'statement') {
        held = stopAt(chunk);
        if (held !== undefined)
          letGo = () => {
            held = undefined;
            for (const one of waiting.splice(0)) one.to.write(one.chunk);
          };
      }
      if (held === from) waiting.push({ to, chunk });
      else to.write(chunk);
    };
    client.on('data', pass(upstream, 'statement'));
    upstream.on('data', pass(client, 'answer'));
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket
        .on('error', () => undefined)
        .on('close', () => {
          sockets.delete(socket);
          client.destroy();
          upstream.destroy();
        });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const through = new URL(url);
  through.port = String((server.address() as AddressInfo).port);
  return {
    url: through.href,
    stop: (statement, held, nth) =>
      new Promise((reached) => {
        stop = { statement, held, left: nth, reached };
      }),
    open: () => {
      letGo();
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
