import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Widget } from '../../web/client/index.ts';
import {
  type Core,
  createCore,
  knownOf,
  type Shown,
  shownOf,
  type Wanted,
  wanted,
} from '../../web/state/index.ts';
import { Keeper, sessionOf } from '../helpers/app-core.ts';
import { HandClock, settled } from '../helpers/hand-clock.ts';
import { type Random, randomOf } from '../helpers/random.ts';
import { type Exchange, SimulatedHouse } from '../helpers/simulated-house.ts';

const RUNS = 150;
const STEPS = 160;
const VIEWS: Wanted<unknown>[] = [
  wanted('GET /api/rooms/{id}/widgets', { params: { id: 1 } }),
  wanted('GET /api/devices/{device_id}', { params: { device_id: 'lamp' } }),
];

/** The last command of the app, as far as the app has been told of it. */
interface Latest {
  value: number;
  id: number | null;
  end: 'good' | 'bad' | null;
  dismissed: boolean;
}

class Run {
  readonly house = new SimulatedHouse();
  readonly clock = new HandClock();
  readonly core: Core;
  readonly random: Random;
  readonly log: string[] = [];
  latest: Latest | null = null;
  /** The place in the house's history of the newest value that the app has been told to be obeyed. */
  #newest = 0;
  readonly #toldEnds = new Set<number>();
  #lastObeyed = 0;

  constructor(seed: number) {
    this.random = randomOf(seed);
    this.clock.chance = this.random.next();
    this.core = createCore({
      fetch: this.house.fetch,
      clock: this.clock,
      keeper: new Keeper(sessionOf('token', this.clock)),
    });
    for (const view of VIEWS) this.core.poller.watch(view);
  }

  give(): void {
    const value = this.house.fresh();
    this.log.push(`give ${value}`);
    this.latest = { value, id: null, end: null, dismissed: false };
    this.core.commander.give(1, value);
  }

  dismiss(): void {
    this.log.push('dismiss');
    if (this.latest?.end === 'bad') this.latest.dismissed = true;
    this.core.commander.dismiss(1);
  }

  deliver(exchange: Exchange): void {
    const { command, status, value } = exchange;
    this.log.push(`deliver ${exchange.method} ${exchange.path} ${exchange.body}`);
    this.house.deliver(exchange);
    if (command !== null && status === 200) {
      this.#toldEnds.add(command.id);
      if (command.status === 'executed') {
        this.#lastObeyed = Math.max(this.#lastObeyed, command.id);
        this.#newest = Math.max(this.#newest, this.house.truths.indexOf(command.result ?? 0));
      }
    }
    const { latest } = this;
    if (latest === null || latest.end !== null || latest.value !== (command?.value ?? value)) return;
    latest.id = command?.id ?? null;
    if (status === 409) latest.end = 'bad';
    if (status === 200) latest.end = command?.status === 'executed' ? 'good' : 'bad';
  }

  lose(exchange: Exchange): void {
    this.log.push(`lose ${exchange.method} ${exchange.path}, ${exchange.phase}`);
    this.house.lose(exchange);
    const { latest } = this;
    if (exchange.method === 'POST' && latest?.value === exchange.value) latest.end = 'bad';
  }

  async step(): Promise<void> {
    const { house, random, log } = this;
    const { next, pick, below } = random;
    const inPhase = (phase: Exchange['phase']) => house.exchanges.filter((each) => each.phase === phase);
    const some = <T>(items: T[], work: (item: T) => void) => items.length > 0 && work(pick(items));
    const n = next();
    if (n < 0.1) this.give();
    else if (n < 0.3) {
      some(inPhase('there'), (exchange) => {
        log.push(`arrive ${exchange.method} ${exchange.path}`);
        house.arrive(exchange, random);
      });
    } else if (n < 0.52) some(inPhase('back'), (exchange) => this.deliver(exchange));
    else if (n < 0.55) some(house.exchanges, (exchange) => this.lose(exchange));
    else if (n < 0.68) {
      some(house.open, (command) => {
        house.act(command, random);
        log.push(`device ${JSON.stringify(command)}`);
      });
    } else if (n < 0.71) {
      house.report(house.fresh());
      log.push(`device is ${house.value}`);
    } else if (n < 0.73) log.push(`another app: ${JSON.stringify(house.command(house.fresh()))}`);
    else if (n < 0.76) this.dismiss();
    else if (n < 0.82) some(inPhase('held'), (exchange) => house.waitIsOver(exchange));
    else await this.clock.advance(below(2500));
    await settled();
  }

  check(): void {
    for (const view of VIEWS) {
      const answer = knownOf(this.core.store.get(), view).value as { widgets: Widget[] } | null;
      const [widget] = answer?.widgets ?? [];
      if (widget !== undefined) this.#checkShown(shownOf(widget, this.core.store.get().commands.get(1)));
    }
  }

  #checkShown({ value, waiting, fault }: Shown): void {
    const { latest, house } = this;
    if (latest !== null && latest.end === null) {
      assert.equal(value, latest.value, 'what is under way is shown');
      assert.notEqual(waiting, null, 'and said to be');
      assert.equal(fault, null);
      return;
    }
    const isTold = latest?.end === 'bad' && !latest.dismissed;
    assert.equal(fault?.asked ?? null, isTold ? latest.value : null, 'a bad end is told until it is read');
    if (waiting === null) {
      const place = house.truths.indexOf(Number(value));
      assert.ok(place >= 0, `${value} was never the device's`);
      assert.ok(place >= this.#newest, `${value} is older than what was obeyed`);
    } else {
      const command = house.commands.find((each) => each.value === value);
      assert.ok(command !== undefined, `${value} was asked for by nobody`);
      assert.ok(!this.#toldEnds.has(command.id), `${value} is known to have ended`);
      assert.ok(command.id > this.#lastObeyed, `${value} was asked for before what was obeyed`);
    }
  }

  /** The network is well, the device has answered all, and nobody does anything more. */
  async comeToRest(): Promise<void> {
    const { house, random } = this;
    for (let turn = 0; turn < 60; turn += 1) {
      for (const command of house.open) house.act(command, random);
      for (const exchange of [...house.exchanges]) {
        if (exchange.phase === 'there') house.arrive(exchange, random);
        if (exchange.phase === 'back') this.deliver(exchange);
      }
      await settled();
      this.check();
      if (house.exchanges.length === 0) await this.clock.advance(10_000);
    }
    for (const view of VIEWS) {
      const answer = knownOf(this.core.store.get(), view).value as { widgets: Widget[] } | null;
      const [widget] = answer?.widgets ?? [];
      assert.ok(widget !== undefined);
      const { value, waiting } = shownOf(widget, this.core.store.get().commands.get(1));
      assert.equal(value, house.value, 'in the end the truth is shown');
      assert.equal(waiting, null);
    }
  }
}

void test('no widget snaps back, waits for what has ended, or keeps a bad end to itself', async () => {
  const ends = { good: 0, bad: 0 };
  for (let seed = 1; seed <= RUNS; seed += 1) {
    const run = new Run(seed);
    try {
      for (let step = 0; step < STEPS; step += 1) {
        await run.step();
        run.check();
        if (run.latest?.end && run.log.at(-1)?.startsWith('deliver')) ends[run.latest.end] += 1;
      }
      await run.comeToRest();
    } catch (error) {
      throw new Error(`seed ${seed}\n${run.log.slice(-40).join('\n')}`, { cause: error });
    } finally {
      run.core.stop();
    }
  }
  assert.ok(ends.good > RUNS && ends.bad > RUNS, JSON.stringify(ends));
});
