import type { Rest } from './rest.ts';
import type { Server } from './server.ts';
import { type Hello, Wire } from './wire.ts';

export const LAMP = [
  { capability_type: 'power', control_type: 'toggle' },
  { capability_type: 'brightness', control_type: 'slider', min: 0, max: 100, unit: '%' },
  { capability_type: 'mode', control_type: 'mode', options: ['cool', 'heat', 'auto'] },
  { capability_type: 'temperature', control_type: 'sensor', unit: '°C' },
];

export const registration = (deviceId: string, capabilities: object[] = LAMP) => ({
  device_id: deviceId,
  device_name: `Device ${deviceId}`,
  device_type: 'smart_light',
  capabilities,
  version: '1.0.0',
  manufacturer: 'Smart Home Inc.',
});

export interface Registered {
  status: string;
  code?: string;
  message?: string;
  device_secret?: string;
  widgets_created?: number;
}

/** Registers over an open connection and gives the answer. */
export async function register(
  wire: Wire,
  deviceId: string,
  payload: unknown = registration(deviceId),
): Promise<Registered> {
  const topic = `devices/${deviceId}/register/response`;
  await wire.subscribe(topic);
  const before = wire.messages.length;
  await wire.publish('devices/register', payload);
  const { payload: text } = await wire.message(
    (message) => message.topic === topic && wire.messages.indexOf(message) >= before,
  );
  return JSON.parse(text) as Registered;
}

/** A device that has been enrolled with a token and is connected with its secret. */
export async function enrolled(server: Server, rest: Rest, deviceId: string, capabilities: object[] = LAMP) {
  const token = await rest.enroll({ max_uses: 1 });
  const first = await Wire.tcp(server.ports.mqtt, server.host);
  await first.connect({ clientId: deviceId, username: deviceId, password: token });
  const { device_secret: secret = '' } = await register(
    first,
    deviceId,
    registration(deviceId, capabilities),
  );
  await first.disconnect();
  const wire = await connected(server, deviceId, secret);
  return { wire, secret };
}

export async function session(server: Server, hello: Hello): Promise<Wire> {
  const wire = await Wire.tcp(server.ports.mqtt, server.host);
  const { returnCode } = await wire.connect(hello);
  if (returnCode !== 0) throw new Error(`${hello.clientId} was refused with ${returnCode}`);
  return wire;
}

export async function connected(
  server: Server,
  deviceId: string,
  secret: string,
  clean = true,
): Promise<Wire> {
  return session(server, { clientId: deviceId, username: deviceId, password: secret, clean });
}

export const reading = (value: unknown, more: object = {}) => ({
  capability_type: 'temperature',
  control_type: 'sensor',
  value,
  ...more,
});
