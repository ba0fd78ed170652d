// A mail server that keeps what it gets: enough of SMTP (RFC 5321) for one client, with STARTTLS where it has a key.
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createServer as createTlsServer, TLSSocket } from 'node:tls';

export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  /** Header lines, unfolded, by lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly secure: boolean;
  /** What stood behind AUTH, decoded. */
  readonly login?: string;
}

/** `refuses`: 550 to every recipient; `busy`: 451 after the text; `silent`: takes connections and says nothing. */
export type Temper = 'well' | 'refuses' | 'busy' | 'silent';

export interface Certified {
  readonly key: string;
  readonly cert: string;
}

export interface Mailbox {
  readonly port: number;
  readonly mails: readonly Mail[];
  /** Every line that a client said, in the clear or not. */
  readonly heard: readonly string[];
  behave(temper: Temper): void;
  close(): Promise<void>;
}

interface Shared {
  readonly mails: Mail[];
  readonly heard: string[];
  temper: Temper;
  readonly tls: Certified | undefined;
}

/** Opens one. `wrapped`: it speaks TLS from the first byte. */
export async function openMailbox(tls?: Certified, wrapped = false): Promise<Mailbox> {
  const shared: Shared = { mails: [], heard: [], temper: 'well', tls };
  const sockets = new Set<Socket>();
  const take = (socket: Socket, secure: boolean): void => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    if (shared.temper !== 'silent') {
      socket.write('220 mailbox ESMTP\r\n');
      converse(socket, shared, secure);
    }
  };
  const server =
    wrapped && tls !== undefined
      ? createTlsServer({ ...tls }, (socket) => take(socket, true))
      : createServer((socket) => take(socket, false));
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    mails: shared.mails,
    heard: shared.heard,
    behave: (temper) => {
      shared.temper = temper;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}

function converse(socket: Socket, shared: Shared, secure: boolean): void {
  let [from, login, data, rest] = ['', '', undefined as string[] | undefined, ''];
  let to: string[] = [];
  const say = (line: string): void => void socket.write(`${line}\r\n`);
  const offers = (): string[] => [
    'mailbox',
    ...(shared.tls !== undefined && !secure ? ['STARTTLS'] : []),
    'AUTH PLAIN',
  ];
  const ended = (lines: readonly string[]): void => {
    if (shared.temper === 'busy') {
      say('451 try again later');
      return;
    }
    shared.mails.push({ ...readMail(lines), from, to, secure, ...(login === '' ? {} : { login }) });
    [from, to] = ['', []];
    say('250 taken');
  };
  const obey = (line: string): void => {
    shared.heard.push(line);
    const [, verb = '', words = ''] = /^(\S+)\s*(.*)$/.exec(line) ?? [];
    const commands: Readonly<Record<string, () => void>> = {
      EHLO: () => offers().forEach((offer, i, all) => say(`250${i === all.length - 1 ? ' ' : '-'}${offer}`)),
      MAIL: () => {
        from = between(words);
        say('250 well');
      },
      RCPT: () => {
        if (shared.temper === 'refuses') {
          say('550 nobody here by that name');
          return;
        }
        to = [...to, between(words)];
        say('250 well');
      },
      AUTH: () => {
        login = Buffer.from(words.split(' ')[1] ?? '', 'base64')
          .toString()
          .split('\0')
          .slice(1)
          .join(':');
        say('235 welcome');
      },
      DATA: () => {
        data = [];
        say('354 go on');
      },
      QUIT: () => socket.end('221 bye\r\n'),
      STARTTLS: () => {
        say('220 now');
        socket.removeAllListeners('data');
        const wrapped = new TLSSocket(socket, { isServer: true, ...shared.tls });
        wrapped.on('error', () => undefined);
        converse(wrapped, shared, true);
      },
    };
    const known = verb !== 'STARTTLS' || shared.tls !== undefined ? commands[verb.toUpperCase()] : undefined;
    (known ?? (() => say('500 what?')))();
  };
  socket.on('data', (bytes: Buffer) => {
    const lines = (rest + bytes.toString('utf8')).split('\r\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (data === undefined) obey(line);
      else if (line === '.') {
        const all = data;
        data = undefined;
        ended(all);
      } else data.push(line.startsWith('.') ? line.slice(1) : line);
    }
  });
}

const between = (words: string): string => /<([^>]*)>/.exec(words)?.[1] ?? '';

function readMail(lines: readonly string[]): Pick<Mail, 'headers' | 'text'> {
  const end = lines.indexOf('');
  const unfolded = lines
    .slice(0, end)
    .join('\r\n')
    .replaceAll(/\r\n[ \t]/g, ' ')
    .split('\r\n');
  const headers = Object.fromEntries(
    unfolded.map((line) => {
      const [, name = '', value = ''] = /^([^:]+):\s*(.*)$/.exec(line) ?? [];
      return [name.toLowerCase(), value];
    }),
  );
  const body = lines.slice(end + 1).join('\n');
  const quoted = headers['content-transfer-encoding'] === 'quoted-printable';
  const base64 = headers['content-transfer-encoding'] === 'base64';
  const text = base64 ? Buffer.from(body, 'base64').toString() : quoted ? unquote(body) : body;
  return { headers, text };
}

function unquote(text: string): string {
  const bytes = text
    .replaceAll('=\n', '')
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
