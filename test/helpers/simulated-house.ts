import type { Random } from './random.ts';

type Status = 'queued' | 'sent' | 'executed' | 'rejected' | 'timed_out' | 'expired';

export interface HouseCommand {
  id: number;
  value: number;
  status: Status;
  result: number | null;
  error: string | null;
}

export interface Exchange {
  method: string;
  path: string;
  /** Of a POST: what was asked for. */
  value: number | null;
  /** On its way to the server, held back there for the device's answer, or on its way back. */
  phase: 'there' | 'held' | 'back';
  command: HouseCommand | null;
  status: number;
  body: string;
  resolve: (response: Response) => void;
  reject: (error: unknown) => void;
}

const isOpen = ({ status }: HouseCommand) => status === 'queued' || status === 'sent';

/** One widget, its device and the server between, each of whose steps the test takes when it likes. */
export class SimulatedHouse {
  readonly exchanges: Exchange[] = [];
  readonly commands: HouseCommand[] = [];
  /** What the widget was, oldest first: no value comes twice. */
  readonly truths: number[] = [0];
  #last = 0;

  get value(): number {
    return this.truths.at(-1) ?? 0;
  }

  fresh(): number {
    this.#last += 1;
    return this.#last;
  }

  fetch: typeof fetch = (input, init = {}) =>
    new Promise((resolve, reject) => {
      const path = String(input);
      const { method = 'GET', body, signal } = init;
      const value = typeof body === 'string' ? (JSON.parse(body) as { value: number }).value : null;
      const exchange: Exchange = {
        ...{ method, path, value, resolve, reject },
        ...{ phase: 'there', command: null, status: 0, body: '' },
      };
      this.exchanges.push(exchange);
      signal?.addEventListener('abort', () => this.#end(exchange) && reject(signal.reason));
    });

  #end(exchange: Exchange): boolean {
    const at = this.exchanges.indexOf(exchange);
    if (at >= 0) this.exchanges.splice(at, 1);
    return at >= 0;
  }

  #widget(): object {
    const youngest = this.commands.filter(isOpen).at(-1);
    return {
      widget_id: 1,
      name: 'Level',
      value: this.value,
      pending: youngest === undefined ? null : { value: youngest.value, command_id: youngest.id, since: '' },
      device: { device_id: 'lamp', device_name: 'Lamp', status: 'online' },
      capability: { capability_type: 'level', control_type: 'slider' },
    };
  }

  #answer(exchange: Exchange, status: number, body: object): void {
    Object.assign(exchange, { phase: 'back', status, body: JSON.stringify(body) });
  }

  #answerCommand(exchange: Exchange, command: HouseCommand): void {
    const { result: result_value, ...rest } = command;
    const body = { command: { ...rest, result_value, widget_id: 1 } };
    // A copy: on its way back it tells what was.
    exchange.command = { ...command };
    this.#answer(exchange, isOpen(command) ? 202 : 200, body);
  }

  command(value: number, status: Status = 'sent'): HouseCommand {
    const command = { id: this.commands.length + 1, value, status, result: null, error: null };
    this.commands.push(command);
    return command;
  }

  /** The server takes a request. */
  arrive(exchange: Exchange, { pick, next }: Random): void {
    const { method, path, value } = exchange;
    if (method === 'POST' && value !== null) {
      if (next() < 0.05) {
        this.#answer(exchange, 409, { error: 'too many', code: 'QUEUE_FULL', details: [] });
        return;
      }
      exchange.command = this.command(value, pick(['sent', 'sent', 'queued']));
      exchange.phase = 'held';
      return;
    }
    const [, id] = /\/api\/commands\/(\d+)/.exec(path) ?? [];
    const command = this.commands[Number(id) - 1];
    if (command !== undefined) this.#answerCommand(exchange, command);
    else this.#answer(exchange, 200, path.includes('/devices/') ? this.#device() : this.#room());
  }

  #room = () => ({ widgets: [this.#widget()] });
  #device = () => ({ device_id: 'lamp', widgets: [this.#widget()] });

  /** The server waits no longer for the device. */
  waitIsOver(exchange: Exchange): void {
    const command = this.commands.find(({ id }) => id === exchange.command?.id);
    if (exchange.phase === 'held' && command !== undefined) this.#answerCommand(exchange, command);
  }

  /** The answer reaches the app. */
  deliver(exchange: Exchange): void {
    if (!this.#end(exchange)) return;
    const { status, body: text } = exchange;
    exchange.resolve(new Response(text, { status, headers: { 'Content-Type': 'application/json' } }));
  }

  lose(exchange: Exchange): void {
    if (this.#end(exchange)) exchange.reject(new TypeError('fetch failed'));
  }

  report(value: number): void {
    this.truths.push(value);
  }

  /** The device, or the time, brings an open command on. */
  act(command: HouseCommand, { next, pick }: Random): void {
    if (!isOpen(command)) return;
    if (command.status === 'queued' && next() < 0.7) {
      command.status = 'sent';
      return;
    }
    command.status =
      command.status === 'queued' ? 'expired' : pick(['executed', 'executed', 'rejected', 'timed_out']);
    if (command.status === 'executed') {
      // Some devices do a little else than they were asked for.
      command.result = next() < 0.8 ? command.value : this.fresh();
      this.report(command.result);
    }
    if (command.status === 'rejected') command.error = 'no';
    const waiting = this.exchanges.filter(
      (exchange) => exchange.phase === 'held' && exchange.command?.id === command.id,
    );
    for (const exchange of waiting) this.#answerCommand(exchange, command);
  }

  get open(): HouseCommand[] {
    return this.commands.filter(isOpen);
  }
}
