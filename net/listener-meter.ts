import type { Server, Socket } from 'node:net';
import { Gauge, type Registry } from 'prom-client';
import { createTold } from '../db/metrics/tally.ts';

/** The doors, by name. */
const LISTENERS = ['http', 'https', 'mqtt', 'mqtts'] as const;
export type ListenerName = (typeof LISTENERS)[number];

interface Door {
  open: Set<Socket>;
  accepted: number;
  /** Of connections that have ended. */
  received: number;
  sent: number;
}

/** Counts connections and bytes of each listener, as they go over the network: with TLS, the bytes of TLS. */
export function createListenerMeter(registry: Registry) {
  const doors = new Map<ListenerName, Door>();
  const told = (name: string, help: string, value: (door: Door) => number) =>
    createTold({ registry, name, help }, ['listener'], () =>
      [...doors].map(([listener, door]) => [{ listener }, value(door)] as const),
    );
  // Of those that are open the socket itself knows.
  const sum = ({ open }: Door, ended: number, part: 'bytesRead' | 'bytesWritten') => {
    let bytes = ended;
    for (const socket of open) bytes += socket[part];
    return bytes;
  };
  told(
    'pm_iot_listener_accepted_total',
    'Connections that came to each listener, those that were refused too',
    (door) => {
      return door.accepted;
    },
  );
  told('pm_iot_listener_received_bytes_total', 'Bytes that came in at each listener', (door) => {
    return sum(door, door.received, 'bytesRead');
  });
  told('pm_iot_listener_sent_bytes_total', 'Bytes that went out at each listener', (door) => {
    return sum(door, door.sent, 'bytesWritten');
  });
  new Gauge({
    name: 'pm_iot_listener_connections',
    help: 'Open connections of each listener',
    labelNames: ['listener'],
    registers: [registry],
    collect() {
      for (const [listener, { open }] of doors) this.set({ listener }, open.size);
    },
  });

  return {
    watch: (name: ListenerName, server: Server): void => {
      const door: Door = { open: new Set(), accepted: 0, received: 0, sent: 0 };
      doors.set(name, door);
      server.prependListener('connection', (socket: Socket) => {
        door.accepted++;
        door.open.add(socket);
        socket.once('close', () => {
          door.open.delete(socket);
          door.received += socket.bytesRead;
          door.sent += socket.bytesWritten;
        });
      });
    },
  };
}
