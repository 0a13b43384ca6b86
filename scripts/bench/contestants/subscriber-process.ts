import mqtt from 'mqtt';
import postgres from 'postgres';
import { WILDCARD } from './devices.ts';
import { INSERT } from './table.ts';

/** The back end that many write first: one subscription, one parsed message, one insert. */
const { mqttPort, databaseUrl } = JSON.parse(process.argv[2] ?? '') as {
  mqttPort: number;
  databaseUrl: string;
};

interface Reading {
  capability_type: string;
  control_type: string;
  value: number;
  unit?: string;
}

const sql = postgres(databaseUrl, { max: 10 });
const client = await mqtt.connectAsync({ host: '127.0.0.1', port: mqttPort, clientId: 'subscriber' });

async function store(topic: string, payload: Buffer): Promise<void> {
  const [, deviceId = ''] = topic.split('/');
  const { capability_type, control_type, value, unit = null } = JSON.parse(payload.toString()) as Reading;
  await sql.unsafe(INSERT, [deviceId, capability_type, control_type, value, unit], { prepare: true });
}

client.on('message', (topic, payload) => {
  store(topic, payload).catch((error: unknown) => {
    // Seen in the report of whoever started it: a benchmark with lost rows is none.
    console.error(error);
    process.exit(1);
  });
});
await client.subscribeAsync(WILDCARD, { qos: 1 });
process.send?.('ready');
process.once('disconnect', () => process.exit());
