import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type {
  ClientSpec,
  Connected,
  ConnectOptions,
  Load,
  LoadResult,
  Reply,
  RequestName,
  Requests,
  Target,
} from './protocol.ts';

export interface LoadGenerator {
  pid: number;
  /**
   * Opens all of them, clean sessions; those that fail are tried again. With clients of an earlier call that have been
   * closed meanwhile: opens those again, under the same specs.
   */
  connect(
    target: Target,
    clients: ClientSpec[],
    payload: string,
    options?: ConnectOptions,
  ): Promise<Connected>;
  /** After the window it waits up to 30 s for what is still unacknowledged. */
  run(load: Load, warmUpMs: number, measureMs: number): Promise<LoadResult>;
  /** Closes all connections and forgets the clients. */
  disconnect(): Promise<void>;
  stop(): Promise<void>;
}

export function startLoad(): LoadGenerator {
  const child: ChildProcess = fork(new URL('./process.js', import.meta.url), [], { execArgv: [] });
  const { pid } = child;
  if (pid === undefined) throw new Error('the load generator could not be started');
  const waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  let last = 0;
  child.on('message', (reply: Reply) => {
    const asker = waiting.get(reply.id);
    waiting.delete(reply.id);
    if ('error' in reply) asker?.reject(new Error(reply.error));
    else asker?.resolve(reply.result);
  });
  const ended = once(child, 'exit').then(() => {
    for (const { reject } of waiting.values()) reject(new Error('the load generator ended'));
  });
  const ask = <N extends RequestName>(name: N, ...args: Requests[N]['args']) =>
    new Promise<Requests[N]['result']>((resolve, reject) => {
      const id = ++last;
      waiting.set(id, { resolve: resolve as (result: unknown) => void, reject });
      child.send({ id, name, args });
    });
  return {
    pid,
    connect: (target, clients, payload, options = {}) => ask('connect', target, clients, payload, options),
    run: (load, warmUpMs, measureMs) => ask('run', load, warmUpMs, measureMs),
    disconnect: async () => void (await ask('disconnect')),
    stop: async () => {
      child.kill();
      await ended;
    },
  };
}
