import type { AedesPublishPacket } from 'aedes';
import type { BrokerStore } from '../../db/domain/broker-store.ts';
import type { Bus } from '../../db/domain/cluster.ts';
import type { QueuedPacket } from '../engine/types.ts';

/** What may wait until its place in the queues of absent clients is written; beyond it the oldest is dropped. */
const MAX_WAITING = 10_000;
const MAX_WAITING_BYTES = 16 * 1024 * 1024;
/** In one message. */
const MAX_TOLD = 200;
const MAX_TOLD_BYTES = 512 * 1024;
const MAX_LEVELS = 32;

type Told = [
  brokerId: string,
  brokerCounter: number,
  topic: string,
  payload: Buffer,
  qos: number,
  stamp: number,
];

interface Waiting {
  told: Told;
  bytes: number;
  /** So many writes must be done before. */
  after: number;
}

export interface ForwardingDeps {
  store: BrokerStore;
  bus: Bus;
  /** From another node. */
  receive: (packet: AedesPublishPacket) => Promise<void>;
  onDropped: (count: number) => void;
}

const isTold = (told: unknown): told is Told => {
  if (!Array.isArray(told)) return false;
  const [brokerId, brokerCounter, topic, payload, qos] = told;
  return (
    typeof brokerId === 'string' &&
    Number.isSafeInteger(brokerCounter) &&
    typeof topic === 'string' &&
    topic !== '' &&
    !topic.startsWith('$') &&
    topic.split('/').length <= MAX_LEVELS &&
    Buffer.isBuffer(payload) &&
    (qos === 0 || qos === 1 || qos === 2)
  );
};

/**
 * Messages on their way to other nodes, in their order, and not before their place in the queues of absent clients is written:
 * whoever reads such a queue meanwhile has them there, and whoever has read it hears of them.
 */
export function createForwarding({ store, bus, receive, onDropped }: ForwardingDeps) {
  const waiting: Waiting[] = [];
  let bytes = 0;
  let scheduled = false;
  let receiving: Promise<void> = Promise.resolve();

  const flush = () => {
    scheduled = false;
    while (waiting.length > 0) {
      const some: Told[] = [];
      let size = 0;
      for (const { told, bytes: length, after } of waiting) {
        if (after > store.written && bus.ready) break;
        if (some.length >= MAX_TOLD || size > MAX_TOLD_BYTES) break;
        some.push(told);
        size += length;
      }
      if (some.length === 0) return;
      for (const { bytes: length } of waiting.splice(0, some.length)) bytes -= length;
      if (!bus.tell('publish', some)) onDropped(some.length);
    }
  };
  const flushSoon = () => {
    if (scheduled || waiting.length === 0) return;
    scheduled = true;
    setImmediate(flush);
  };

  const receiveAll = async (list: readonly unknown[]) => {
    for (const told of list) {
      if (!isTold(told)) continue;
      const [brokerId, brokerCounter, topic, payload, qos, stamp] = told;
      const packet: AedesPublishPacket & { stamp: number } = {
        ...{ cmd: 'publish', brokerId, brokerCounter, topic, payload, retain: false, dup: false },
        qos: qos as 0 | 1 | 2,
        stamp: Number(stamp) || 0,
      };
      await receive(packet);
    }
  };

  store.onWritten(flushSoon);
  bus.on('publish', (list: readonly unknown[]) => {
    if (!Array.isArray(list)) return;
    receiving = receiving.then(() => receiveAll(list)).catch(() => {});
  });

  return {
    /** `written`: what was given to the store so far must be written first. */
    forward: (packet: QueuedPacket, written: boolean): void => {
      const { brokerId, brokerCounter, topic = '', payload = '', qos = 0, stamp = 0 } = packet;
      const content = Buffer.isBuffer(payload) ? payload : Buffer.from(payload);
      const told: Told = [brokerId, brokerCounter, topic, content, qos, stamp];
      waiting.push({ told, bytes: content.length + topic.length, after: written ? store.given : 0 });
      bytes += content.length + topic.length;
      if (waiting.length > MAX_WAITING || bytes > MAX_WAITING_BYTES) {
        const oldest = waiting.shift();
        bytes -= oldest?.bytes ?? 0;
        onDropped(1);
      }
      flushSoon();
    },
  };
}
