import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import type { User } from '../../web/client/index.ts';
import { type Core, createCore, type Session, type SessionKeeper } from '../../web/state/index.ts';
import { HandClock } from './hand-clock.ts';

export interface Asked {
  method: string;
  /** With its query. */
  path: string;
  headers: IncomingHttpHeaders;
  token: string | null;
  response: ServerResponse;
}

const USER: User = {
  id: 1,
  username: 'admin',
  name: null,
  role: 'ADMIN',
  created_at: '2026-01-01T00:00:00.000Z',
  must_change_password: false,
  room_ids: [],
  acl: { publish: [], subscribe: [] },
};

export const sessionOf = (token: string, clock = new HandClock()): Session => ({
  token,
  expiresAt: clock.now() + 7 * 86_400_000,
  user: USER,
});

export class Keeper implements SessionKeeper {
  kept: Session | null;
  constructor(kept: Session | null) {
    this.kept = kept;
  }
  read = () => this.kept;
  write = (session: Session | null) => {
    this.kept = session;
  };
}

export const answerWith = (
  { response }: Asked,
  body: unknown,
  { status = 200, headers = {} }: { status?: number; headers?: Record<string, string> } = {},
) => response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body));

export const refuseWith = (asked: Asked, status: number, code: string, headers = {}) =>
  answerWith(asked, { error: `it is ${code}`, code, details: [] }, { status, headers });

/** The app without a view, at a server of HTTP whose answers are told by the test. */
export class AppAt {
  readonly clock = new HandClock();
  readonly keeper: Keeper;
  readonly core: Core;
  readonly asked: Asked[] = [];
  answer: (asked: Asked) => void;
  readonly #listen: () => Promise<void>;
  readonly #close: () => Promise<void>;

  static async start(t: TestContext, answer: (asked: Asked) => void, token: string | null = 'first') {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const app = new AppAt(server, port, answer, token);
    t.after(async () => {
      app.core.stop();
      await app.away();
    });
    return app;
  }

  private constructor(
    server: ReturnType<typeof createServer>,
    port: number,
    answer: (asked: Asked) => void,
    token: string | null,
  ) {
    this.answer = answer;
    this.keeper = new Keeper(token === null ? null : sessionOf(token, this.clock));
    this.core = createCore({
      baseUrl: `http://127.0.0.1:${port}`,
      clock: this.clock,
      keeper: this.keeper,
    });
    server.on('request', (request, response) => {
      const { method = '', url: path = '', headers } = request;
      const token = headers.authorization?.replace('Bearer ', '') ?? null;
      const asked = { method, path, headers, token, response };
      request.resume().on('end', () => {
        this.asked.push(asked);
        this.answer(asked);
      });
    });
    this.#listen = async () => {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
    };
    this.#close = async () => {
      if (!server.listening) return;
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    };
  }

  away = () => this.#close();
  back = () => this.#listen();
  get state() {
    return this.core.store.get();
  }
  askedFor(path: string): Asked[] {
    return this.asked.filter((each) => each.path === path);
  }
}
