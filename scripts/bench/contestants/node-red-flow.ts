import { WILDCARD } from './devices.ts';
import { INSERT } from './table.ts';

/** No editor, no page, no log: the runtime alone. `nodesDir`: where its packages of nodes are. */
export const settings = (nodesDir: string) => `module.exports = {
  flowFile: 'flows.json',
  credentialSecret: false,
  httpAdminRoot: false,
  httpNodeRoot: false,
  uiHost: '127.0.0.1',
  uiPort: 0,
  nodesDir: ${JSON.stringify(nodesDir)},
  telemetry: { enabled: false, updateNotification: false },
  logging: { console: { level: 'error', metrics: false, audit: false } },
};
`;

const FUNCTION = `const reading = msg.payload;
msg.params = [msg.topic.split('/')[1], reading.capability_type, reading.control_type, reading.value, reading.unit];
return msg;`;

/** MQTT in (parsed) → function → PostgreSQL: the flow of every tutorial. */
export function flows({ mqttPort, databaseUrl }: { mqttPort: number; databaseUrl: string }): object[] {
  const { hostname, port, username, password, pathname } = new URL(databaseUrl);
  const database = {
    id: 'database',
    type: 'postgresDB',
    name: 'readings',
    ...{ host: hostname, hostFieldType: 'str', port, portFieldType: 'num' },
    ...{ database: pathname.slice(1), databaseFieldType: 'str', ssl: 'false', sslFieldType: 'bool' },
    ...{ user: username, userFieldType: 'str', password, passwordFieldType: 'str' },
    ...{ max: '10', maxFieldType: 'num', min: '1', minFieldType: 'num', idle: '1000', idleFieldType: 'num' },
    ...{ connectionTimeout: '0', connectionTimeoutFieldType: 'num' },
    ...{ throwErrors: 'true', throwErrorsFieldType: 'bool' },
  };
  const broker = {
    id: 'broker',
    type: 'mqtt-broker',
    name: '',
    ...{
      broker: '127.0.0.1',
      port: String(mqttPort),
      clientid: 'node-red',
      autoConnect: true,
      usetls: false,
    },
    ...{ protocolVersion: '4', keepalive: '60', cleansession: true },
  };
  return [
    { id: 'flow', type: 'tab', label: 'readings' },
    broker,
    database,
    {
      ...{ id: 'in', type: 'mqtt in', z: 'flow', broker: 'broker', topic: WILDCARD, qos: '1' },
      ...{ datatype: 'json', nl: false, rap: true, rh: 0, inputs: 0, wires: [['params']] },
    },
    {
      ...{ id: 'params', type: 'function', z: 'flow', func: FUNCTION, outputs: 1, timeout: 0, noerr: 0 },
      ...{ initialize: '', finalize: '', libs: [], wires: [['store']] },
    },
    {
      id: 'store',
      type: 'postgrestor',
      z: 'flow',
      query: INSERT,
      postgresDB: 'database',
      output: true,
      wires: [[]],
    },
  ];
}
