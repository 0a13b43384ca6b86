import type { EventEmitter } from 'node:events';
import type { Redis } from 'ioredis';
import MQEmitterRedis from 'mqemitter-redis';
import type { Bus, Hear, Nodes } from '../db/domain/cluster.ts';
import type { Log } from '../db/domain/ports.ts';
import { createQuestions } from '../db/domain/questions.ts';
import { atMost } from '../db/domain/within.ts';
import { guardListeners } from './guard-listeners.ts';
import { orderedPublisher } from './ordered-publisher.ts';
import { createPeers } from './peers.ts';
import type { RedisConnection } from './redis.ts';

/** Each node tells that it is there, so that a message that was the last one is missed too. */
const BEAT_MS = 1000;
/** Our own beats come back: when none does, the connection that listens is dead, whatever it says. */
const DEAF_MS = 4000;
/** What Redis answers to whoever has no password, another one, or not the rights. */
const REFUSED = /^(NOAUTH|WRONGPASS|NOPERM)/;
const REFUSES = 'Redis refuses this node, look at the user and password in REDIS_URL';
/** Messages that Redis has not taken yet; beyond it nothing more is sent, and others learn of the hole. */
const MAX_UNSENT = 20_000;

/** For what was told last. */
const LAST_WORDS_MS = 500;
/** So often at most a node tells all that it has. */
const ANNOUNCE_EVERY_MS = 250;

interface Message {
  topic: string;
  from: string;
  /** Counts the messages of a node from its start. */
  seq: number;
  kind: string;
  body: unknown;
  /** Answered by whoever has dealt with it. */
  ask?: number;
}

export interface BusDeps {
  nodeId: string;
  /** That all nodes of the cluster listen to, and no others. */
  channel: string;
  publisher: RedisConnection;
  subscriber: RedisConnection;
  /** Tells of those whose lease has ended. */
  nodes: Pick<Nodes, 'onGone'>;
  log: Log;
}

export interface BusService extends Bus {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * See `Bus`: mqemitter-redis on one channel. It says nothing of what it missed, so each node counts what it sends: a hole in
 * the count of another makes that one tell everything anew.
 */
export function createBus({ nodeId, channel, publisher, subscriber, nodes, log }: BusDeps): BusService {
  // Cluster connections have the same methods.
  const mq = MQEmitterRedis({ pubConn: orderedPublisher(publisher) as Redis, subConn: subscriber as Redis });
  // Its types leave it out; without a listener an error would end the process.
  const { state } = mq as unknown as { state: EventEmitter };
  state.on('error', (error: Error) => log.debug({ err: error }, 'Redis is away'));
  guardListeners(subscriber, (error) =>
    log.warn({ err: error }, 'a message on the channel of the nodes is none of theirs'),
  );
  const hearers = new Map<string, Hear[]>();
  const gaps: ((from: string) => void)[] = [];
  const announcers: (() => void)[] = [];
  const peers = createPeers();
  const questions = createQuestions();
  let unsent = 0;
  let seq = 0;
  let timer: NodeJS.Timeout | undefined;
  let echoedAt = 0;
  let beatAt = 0;

  let lastError: Error | null = null;
  publisher.on('error', (error: Error) => {
    lastError = error;
  });
  let toldReady: boolean | null = null;
  let readySince = 0;
  let listeningSince = performance.now();

  const isReady = () => publisher.status === 'ready' && performance.now() - echoedAt < DEAF_MS;

  const post = (kind: string, body: unknown, ask?: number): boolean => {
    // Counted although it is lost: that is how others learn of it.
    seq++;
    if (publisher.status !== 'ready' || unsent >= MAX_UNSENT) return false;
    const message: Message = {
      topic: channel,
      from: nodeId,
      seq,
      kind,
      body,
      ...(ask !== undefined && { ask }),
    };
    unsent++;
    mq.emit(message, (error?: Error) => {
      unsent--;
      if (!error) return;
      if (REFUSED.test(error.message)) lastError = error;
      log.debug({ err: error, kind }, 'other nodes could not be told');
    });
    return true;
  };

  let announced: NodeJS.Timeout | undefined;
  let mustAnnounce = false;
  /** At once, and not again for each of many that ask at the same time, as all do when Redis is back. */
  const announce = () => {
    mustAnnounce = announced !== undefined;
    if (mustAnnounce) return;
    for (const tellAll of announcers) tellAll();
    announced = setTimeout(() => {
      announced = undefined;
      if (mustAnnounce) announce();
    }, ANNOUNCE_EVERY_MS).unref();
  };

  nodes.onGone((node) => {
    if (!peers.hears(node)) peers.lose(node);
  });

  const hearOne = async (each: Hear, body: unknown, from: string) => {
    try {
      await each(body as never, from);
    } catch (error) {
      log.warn({ err: error }, 'what another node told could not be dealt with');
    }
  };

  const onMessage = (message: Message) => {
    if (typeof message.from !== 'string' || !Number.isSafeInteger(message.seq)) return;
    const { from, seq: number, kind, body, ask } = message;
    const now = performance.now();
    if (from === nodeId) {
      echoedAt = now;
      return;
    }
    if (!peers.heard(from, number)) {
      for (const gap of gaps) gap(from);
      // Of this message itself nothing is lost.
      post('announce', from);
    }
    if (kind === 'bye') return peers.lose(from);
    if (kind === 'announce') {
      if (body === nodeId || body === null) announce();
      return;
    }
    if (kind === 'answer') {
      const [to, id] = body as [string, number];
      if (to === nodeId) questions.answered(id, from);
      return;
    }
    const dealt = Promise.all((hearers.get(kind) ?? []).map((each) => hearOne(each, body, from)));
    if (ask !== undefined) void dealt.then(() => post('answer', [from, ask]));
  };

  const tellState = () => {
    const ready = isReady();
    const isStarting = toldReady === null && performance.now() - listeningSince < DEAF_MS;
    if (ready === toldReady || (!ready && isStarting)) return;
    if (!ready) {
      const what = 'readings are stored, but messages do not reach subscribers at other nodes';
      const state = REFUSED.test(lastError?.message ?? '') ? REFUSES : 'Redis is away';
      log.warn(
        { ...(lastError && { err: lastError }) },
        `${state}: ${what}, and people cannot resume their sessions`,
      );
    } else if (toldReady === false) log.info({}, 'Redis is back');
    lastError = null;
    if (ready) readySince = performance.now();
    toldReady = ready;
  };

  const beat = () => {
    tellState();
    const now = performance.now();
    // While Redis is away nobody is heard.
    if (toldReady === true) peers.loseSilent(readySince);
    if (publisher.status === 'ready' && beatAt - Math.max(echoedAt, listeningSince) > DEAF_MS) {
      log.warn({}, 'messages of other nodes do not arrive: listening anew');
      listeningSince = now;
      subscriber.disconnect(true);
    }
    if (post('beat', null)) beatAt = now;
  };

  return {
    get ready() {
      return isReady();
    },
    hears: (ids) => [...ids].every(peers.hears),
    tell: (kind, body) => post(kind, body),
    ask: (kind, body, milliseconds) =>
      questions.ask(new Set(peers.answering()), milliseconds, (id) => post(kind, body, id)),
    on: (kind, each) => void hearers.set(kind, [...(hearers.get(kind) ?? []), each]),
    onGap: (gap) => void gaps.push(gap),
    onLost: peers.onLost,
    onAnnounce: (tellAll) => void announcers.push(tellAll),
    start: async () => {
      const listening = new Promise<void>((resolve) => {
        mq.on(
          channel,
          (message, done) => {
            onMessage(message as Message);
            done();
          },
          resolve,
        );
      });
      timer = setInterval(beat, BEAT_MS);
      await atMost(DEAF_MS, listening, null);
      post('announce', null);
      beat();
    },
    stop: async () => {
      clearInterval(timer);
      clearTimeout(announced);
      post('bye', null);
      // What was told last goes first; the library itself cannot be closed while Redis is away.
      if (publisher.status === 'ready')
        await atMost(
          LAST_WORDS_MS,
          publisher.ping().catch(() => {}),
          null,
        );
      publisher.disconnect();
      subscriber.disconnect();
    },
  };
}
