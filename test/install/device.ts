import assert from 'node:assert/strict';
import type { Box } from './box.ts';

const CA = '/var/lib/pm-iot/certs/ca.crt';

/** One message over TLS, as a device sends it; `-q 1` ends with 0 once it is acknowledged, which is stored. */
async function publish(box: Box, topic: string, message: object): Promise<void> {
  const { status, output } = await box.near(
    ...['mosquitto_pub', '-h', 'localhost', '-p', '8883', '--cafile', box.path(CA), '-i', 'lamp', '-q', '1'],
    ...['-t', topic, '-m', JSON.stringify(message)],
  );
  assert.equal(status, 0, output);
}

export const register = (box: Box) =>
  publish(box, 'devices/register', { device_id: 'lamp', device_name: 'Lamp', device_type: 'smart_light' });

export const measure = (box: Box, value: number) =>
  publish(box, 'devices/lamp/sensor', { capability_type: 'temperature', control_type: 'sensor', value });

/** With the password that was shown once, or the one that was set then. */
const ASK = `
const [given, path] = process.argv.slice(1);
const own = 'a-password-of-ones-own';
const base = 'http://127.0.0.1:3000';
const call = async (method, path, body, token) => {
  const headers = { 'Content-Type': 'application/json', ...(token && { Authorization: 'Bearer ' + token }) };
  const answer = await fetch(base + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  return { status: answer.status, body: answer.status === 204 ? null : await answer.json() };
};
const logIn = async (password) => (await call('POST', '/api/auth/login', { username: 'admin', password })).body.token;
let token = await logIn(own);
if (!token) {
  await call('PUT', '/api/auth/password', { current_password: given, new_password: own }, await logIn(given));
  token = await logIn(own);
}
console.log(JSON.stringify((await call('GET', path, null, token)).body));
`;

/** What REST tells an admin: of the lamp, the value that it told last. */
export async function lastValue(box: Box, password: string): Promise<number | undefined> {
  const { status, output } = await box.near(
    ...[process.execPath, '--input-type=module', '-e', ASK, '--', password, '/api/devices/lamp'],
  );
  assert.equal(status, 0, output);
  const device = JSON.parse(output) as { widgets?: { value: number }[] };
  return device.widgets?.[0]?.value;
}
