import { ErrorWithReasonCode, type MqttClient } from 'mqtt';
import type { Model } from './models.ts';

const ANSWER_LIMIT_MS = 60_000;

/** The server said no to a registration. */
class RegistrationRefused extends Error {}

/** True when the server answered no, be it to the CONNECT or to the registration; false for what the network spoilt. */
export function isRefusal(error: unknown): boolean {
  return error instanceof RegistrationRefused || (error instanceof ErrorWithReasonCode && error.code > 0);
}

interface Answer {
  status: string;
  message?: string;
  device_secret?: string;
}

/** The next message on the topic. Rejects when the connection ends first, or nothing comes. */
function nextOn(client: MqttClient, topic: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const settle = (done: () => void) => {
      clearTimeout(timer);
      client.off('message', listen);
      client.off('close', onClose);
      done();
    };
    const onClose = () =>
      settle(() => reject(new Error('the connection was closed during the registration')));
    const listen = (from: string, payload: Buffer) => {
      if (from === topic) settle(() => resolve(JSON.parse(payload.toString()) as Answer));
    };
    const timer = setTimeout(
      () => settle(() => reject(new Error('no answer to the registration'))),
      ANSWER_LIMIT_MS,
    );
    client.on('message', listen);
    client.on('close', onClose);
  });
}

/** Registers the device on an open connection. Returns its secret when the server made one. */
export async function register(client: MqttClient, id: string, model: Model): Promise<string | undefined> {
  const topic = `devices/${id}/register/response`;
  await client.subscribeAsync(topic, { qos: 1 });
  const registration = {
    device_id: id,
    device_name: `${model.name} ${id}`,
    device_type: model.type,
    capabilities: model.capabilities,
    version: '1.0.0',
    manufacturer: 'PM IoT simulator',
  };
  const [answer] = await Promise.all([
    nextOn(client, topic),
    client.publishAsync('devices/register', JSON.stringify(registration), { qos: 1 }),
  ]);
  if (answer.status === 'error') throw new RegistrationRefused(`registration refused: ${answer.message}`);
  return answer.device_secret;
}
