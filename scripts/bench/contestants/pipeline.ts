import { setTimeout as sleep } from 'node:timers/promises';
import mqtt from 'mqtt';
import { postgresMissing } from '../../../test/helpers/postgres.ts';
import type { Contestant, StartOptions } from './contestant.ts';
import { startDatabase } from './database.ts';
import { clientSpecs, PAYLOAD, topicOf } from './devices.ts';
import { mosquittoMissing, startMosquitto } from './mosquitto.ts';
import { processTime } from './processes.ts';
import { CREATE, TABLE } from './table.ts';

const PROBE_EVERY_MS = 50;
const START_LIMIT_MS = 60_000;
/** Probes on their way when the first one was seen. */
const SETTLE_MS = 300;

/** What stands behind the broker: subscribes to all readings and stores them. */
export interface Writer {
  pid: number;
  stop(): Promise<void>;
  /** Fails when it ends by itself. */
  ended: Promise<never>;
}

export type StartWriter = (to: {
  mqttPort: number;
  databaseUrl: string;
  onPid: (pid: number) => void;
}) => Promise<Writer>;

/** Until a reading that is published is a row: then broker, writer and database have found each other. */
async function untilStored(port: number, rows: () => Promise<number>): Promise<void> {
  const client = await mqtt.connectAsync({ host: '127.0.0.1', port });
  try {
    const deadline = performance.now() + START_LIMIT_MS;
    while ((await rows()) === 0) {
      if (performance.now() > deadline) throw new Error('nothing of what is published reaches the table');
      await client.publishAsync(topicOf('probe'), PAYLOAD);
      await sleep(PROBE_EVERY_MS);
    }
  } finally {
    await client.endAsync(true);
  }
}

/** Mosquitto, a writer and PostgreSQL. */
export function pipeline(options: {
  name: string;
  title: string;
  missing?: Contestant['missing'];
  version: Contestant['version'];
  startWriter: StartWriter;
}): Contestant {
  const { name, title, version, startWriter } = options;
  return {
    name,
    title,
    pipeline: true,
    version,
    missing: async () =>
      (postgresMissing() || null) ?? (await mosquittoMissing()) ?? (await options.missing?.()) ?? null,
    start: async ({ clients, pinning }: StartOptions) => {
      const ends: (() => Promise<void>)[] = [];
      const stop = async () => {
        for (let end = ends.pop(); end !== undefined; end = ends.pop()) await end();
      };
      try {
        const database = await startDatabase();
        ends.push(database.stop);
        await database.sql.unsafe(CREATE);
        const broker = await startMosquitto(pinning.server);
        ends.push(broker.stop);
        const writer = await startWriter({
          mqttPort: broker.port,
          databaseUrl: database.url,
          onPid: pinning.server,
        });
        ends.push(writer.stop);
        const rows = () => database.rows(TABLE);
        await Promise.race([untilStored(broker.port, rows), writer.ended]);
        writer.ended.catch(() => {});
        const startedInMs = performance.now() - broker.began;
        pinning.server(writer.pid);
        await sleep(SETTLE_MS);
        await database.sql.unsafe(`truncate ${TABLE}`);
        const pids = [broker.pid, writer.pid];
        return {
          host: '127.0.0.1',
          port: broker.port,
          tls: broker.tls,
          server: null,
          clients: clientSpecs(clients),
          rows,
          pids,
          processor: () => ({
            server: pids.reduce((sum, pid) => sum + processTime(pid), 0),
            database: database.processor(),
          }),
          startedInMs,
          stop,
        };
      } catch (error) {
        await stop();
        throw error;
      }
    },
  };
}
