import { generate } from 'mqtt-packet';
import type { EngineClient } from './types.ts';

/** A packet that declares more than this closes the connection before it is buffered. */
export const MAX_PACKET_BYTES = 256 * 1024;
/** Packets of one client that may be under way at once; its socket is not read above that. */
export const MAX_IN_FLIGHT = 1000;
/** Bytes a client may leave unread before messages for it are dropped. */
export const MAX_UNREAD_BYTES = 256 * 1024;

/** Aedes drops messages that it takes for duplicates when they are emitted out of order: nothing is remembered here. */
const NO_DUPLICATES: Record<string, number> = new Proxy(Object.create(null), {
  get: () => 0,
  set: () => true,
  deleteProperty: () => true,
});

export interface Gate {
  /** While true no client is read from: too much waits for the database. */
  closed(): boolean;
  /** Remembers a client that wants to be read once the gate opens. */
  wait(resume: () => void): void;
}

export interface AdoptOptions {
  gate: Gate;
  onPacket: () => void;
}

/**
 * Takes the reading of a client's socket over from Aedes: a bound on packets in flight, one on the declared size of a
 * packet, and a pause while the gate is closed. Aedes starts more packets at every `readable`, however many are held.
 */
export function adoptClient(client: EngineClient, { gate, onPacket }: AdoptOptions): void {
  const { conn, _parser: parser } = client;
  client.duplicates = NO_DUPLICATES;
  // A full socket is dealt with in authorizeForward; to wait here would stop whoever publishes.
  client.waitForDrain = (callback) => setImmediate(callback, null, client);

  const parseLength = parser._parseLength;
  parser._parseLength = function limited() {
    const complete = parseLength.call(this);
    if (complete && this.packet.length > MAX_PACKET_BYTES) {
      this._emitError(new Error(`packet of ${this.packet.length} bytes exceeds ${MAX_PACKET_BYTES}`));
      return false;
    }
    return complete;
  };
  parser.on('packet', onPacket);

  let waiting = false;
  const resume = () => {
    waiting = false;
    pump();
  };
  const pump = () => {
    while (client._paused !== true && !client.closed && client._parsingBatch < MAX_IN_FLIGHT) {
      if (gate.closed() && client.connected) {
        // What is not read cannot be a sign of life: the client is not to blame for it.
        client._keepaliveTimer?.refresh();
        if (!waiting) gate.wait(resume);
        waiting = true;
        return;
      }
      const chunk: Buffer | null = conn.read();
      if (chunk === null) return;
      parser.parse(chunk);
    }
  };

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
  conn.removeAllListeners('readable');
  conn.on('readable', pump);
}

/** Writes a PUBLISH to one live connection, past subscriptions and queues. false: nothing was written. */
export function sendTo(client: EngineClient, topic: string, payload: string, qos: 0 | 1): boolean {
  if (client.closed || !client.connected || client.conn.destroyed) return false;
  if (client.conn.writableLength > MAX_UNREAD_BYTES) return false;
  const messageId = client._nextId;
  if (qos > 0) client._nextId = messageId >= 65_535 ? 1 : messageId + 1;
  const packet = { cmd: 'publish', topic, payload, qos, retain: false, dup: false } as const;
  client.conn.write(generate(qos > 0 ? { ...packet, messageId } : packet));
  return true;
}

export function isFrozen(client: EngineClient): boolean {
  return client.conn.writableLength > MAX_UNREAD_BYTES;
}
