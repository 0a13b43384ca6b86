import type { Packet } from 'mqtt-packet';
import { type TakePublish, takePublications } from './fast-lane.ts';
import { watchKeepalive } from './keepalive.ts';
import type { PaceBook } from './pace.ts';
import { noteRepeated } from './repeated.ts';
import { checkPacket, type Fault } from './strict.ts';
import { recordGrants } from './subscriptions.ts';
import { type Gate, Throttle } from './throttle.ts';
import type { EngineClient } from './types.ts';

/** Nobody is known yet: a will of 64 KiB fits, and what many strangers together can make us keep stays small. */
const MAX_CONNECT_BYTES = 80 * 1024;
const NOTHING = Buffer.alloc(0);

/** Aedes drops messages that it takes for duplicates when they are emitted out of order: nothing is remembered here. */
const NO_DUPLICATES: Record<string, number> = new Proxy(Object.create(null), {
  get: () => 0,
  set: () => true,
  deleteProperty: () => true,
});

export interface IntakeLimits {
  packetBytes: number;
  unreadBytes: number;
}

export interface AdoptOptions {
  gate: Gate;
  limits: IntakeLimits;
  paces: PaceBook;
  /** Milliseconds. */
  now: () => number;
  onPacket: () => void;
  /** What is to be done with a publication before the parser sees it. `done` is called once when it has been dealt with. */
  publication: (done: () => void) => TakePublish;
  /** It met a limit: it is made to wait, or (a packet that is too large) disconnected. */
  onLimit: (limit: 'packets_per_second' | 'bytes_per_second' | 'packet_bytes') => void;
}

/**
 * Takes the reading of a client's socket over from Aedes. A packet is begun only when there is room for it: nothing
 * between CONNECT and CONNACK, a bound on packets under way, a pace for each client, a pause while the gate is closed;
 * and it is checked against the standard before anything lenient reads it. What is not begun stays in the socket.
 */
export function adoptClient(client: EngineClient, options: AdoptOptions): void {
  const { gate, limits, paces, now, onPacket, onLimit } = options;
  const { conn, _parser: parser } = client;
  const throttle = new Throttle(client, { gate, paces, now, onLimit, onRoom: () => pump() });
  let greeted = false;
  let admitted = false;
  let reading = false;
  /** What may not begin yet was given back to the socket, which is paused: something else must ask for it. */
  let kept = false;
  /** Bytes of it, which come a second time. */
  let keptBytes = 0;
  /** The parser was stopped before a packet whose first bytes it has. */
  let stalled = false;

  recordGrants(client);
  client.maxUnread = limits.unreadBytes;
  client.duplicates = NO_DUPLICATES;
  // A full socket is dealt with in authorizeForward; to wait here would stop whoever publishes.
  client.waitForDrain = (callback) => setImmediate(callback, null, client);

  /** From its CONNACK on it is read, also while it is being sent what was kept for it: its answers make room for more. */
  const admit = () => {
    admitted = true;
    throttle.admit();
    watchKeepalive(client, isMadeToWait);
  };

  /** May the next packet begin? Whoever says no sees to it that `pump` is called again. */
  const mayBegin = (): boolean => {
    // Nothing is acted on after a DISCONNECT [MQTT-3.14.4-2].
    if (client._paused === true || client.closed || client._disconnected) return false;
    if (!client.connackSent) return !greeted;
    if (!admitted) admit();
    return throttle.mayBegin();
  };

  const isMadeToWait = () => kept || throttle.waits;

  const isBetweenPackets = () => client.connected && parser._stateCounter === 0 && parser._list.length === 0;

  const pump = () => {
    // What is dealt with at once asks for more from within the reading of it.
    if (reading || !kept || !mayBegin()) return;
    kept = false;
    conn.resume();
  };

  const dealtWith = () => {
    if (client._parsingBatch > 0) client._parsingBatch--;
    pump();
  };
  const publish = options.publication(dealtWith);
  const take: TakePublish = (chunk, topicAt, topicEnd, packetId, dup, payloadAt, end) => {
    // Before it: it may be dealt with at once.
    client._parsingBatch++;
    if (publish(chunk, topicAt, topicEnd, packetId, dup, payloadAt, end)) {
      throttle.begin();
      return true;
    }
    client._parsingBatch--;
    return false;
  };

  /** Gives what may not begin yet. The rest of a packet that has begun waits too: many large ones are much to keep. */
  const begin = (chunk: Buffer): Buffer => {
    if (!mayBegin()) return chunk;
    let rest = chunk;
    if (isBetweenPackets()) {
      const taken = takePublications(chunk, limits.packetBytes, mayBegin, take);
      if (taken.bytes > 0 && client._keepaliveInterval > 0) client._keepaliveTimer?.refresh();
      if (taken.bytes === chunk.length) return NOTHING;
      rest = chunk.subarray(taken.bytes);
      if (taken.blocked) return rest;
    }
    parser.parse(rest);
    if (!stalled) return NOTHING;
    stalled = false;
    rest = parser._list.slice();
    parser._list.consume(rest.length);
    return rest;
  };

  const onData = (chunk: Buffer) => {
    if (keptBytes === 0) throttle.newTurn();
    throttle.arrived(chunk.length - keptBytes);
    reading = true;
    try {
      const rest = begin(chunk);
      keptBytes = rest.length;
      kept = keptBytes > 0;
      // Not kept here: the end of the connection would be told before what came ahead of it had been dealt with.
      if (kept) {
        conn.pause();
        conn.unshift(rest);
      }
    } finally {
      reading = false;
    }
    pump();
  };

  const fail = ({ reason, answer }: Fault): boolean => {
    const end = () => parser._emitError(new Error(reason));
    if (answer === undefined) end();
    else {
      client.pause();
      conn.write(answer, end);
    }
    return false;
  };

  const { _parseHeader, _parseLength, _parsePayload } = parser;
  parser._parseHeader = function begun() {
    stalled = !mayBegin();
    if (stalled) return false;
    throttle.begin();
    return _parseHeader.call(this) === true;
  };
  parser._parseLength = function limited() {
    if (!_parseLength.call(this)) return false;
    const max = greeted ? limits.packetBytes : Math.min(limits.packetBytes, MAX_CONNECT_BYTES);
    if (this.packet.length <= max) return true;
    onLimit('packet_bytes');
    return fail({ reason: `a packet of ${this.packet.length} bytes exceeds ${max}` });
  };
  parser._parsePayload = function checked() {
    if (this._list.length < this.packet.length) return false;
    const fault = checkPacket(this.packet, this._list, greeted);
    if (fault !== null) return fail(fault);
    greeted = true;
    return _parsePayload.call(this);
  };
  parser.prependListener('packet', (packet: Packet) => {
    onPacket();
    if (packet.cmd === 'subscribe') {
      throttle.weigh(packet.subscriptions.length - 1);
      noteRepeated(client, packet);
    }
    if (packet.cmd === 'unsubscribe') throttle.weigh(packet.unsubscriptions.length - 1);
  });

  // `_parsingBatch` counts packets under way: Aedes raises it for each packet and calls `_nextBatch` when one is done.
  client._parsingBatch = 0;
  client._nextBatch = (error) => {
    if (error) {
      client.emit('error', error);
      return;
    }
    if (client._parsingBatch > 0) client._parsingBatch--;
    pump();
  };
  client.once('connected', () => setImmediate(pump));
  conn.removeAllListeners('readable');
  conn.on('data', onData);
}
