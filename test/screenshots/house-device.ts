import { connectAsync, type MqttClient } from 'mqtt';

export interface Capability {
  capability_type: string;
  control_type: string;
  unit?: string;
  min?: number;
  max?: number;
  options?: string[];
}

export interface HouseDeviceOptions {
  url: string;
  id: string;
  name: string;
  type: string;
  capabilities: Capability[];
  /** What it tells once it is there, by capability. */
  values: Record<string, string | number | boolean>;
  /** `refuse`: answers each command with an error, and these words. */
  refuse?: string;
}

/** A device over an ordinary MQTT library that does what it is told. The server must enrol openly. */
export class HouseDevice {
  readonly options: HouseDeviceOptions;
  #client: MqttClient | null = null;
  #secret = '';

  constructor(options: HouseDeviceOptions) {
    this.options = options;
  }

  async start(): Promise<this> {
    const { url, id, name, type, capabilities, values } = this.options;
    const client = await connectAsync(url, {
      clientId: id,
      username: id,
      reconnectPeriod: 0,
      ...(this.#secret !== '' && { password: this.#secret }),
    });
    this.#client = client;
    client.on('message', (topic, payload) => this.#receive(topic, payload.toString()));
    await client.subscribeAsync(`devices/${id}/register/response`, { qos: 1 });
    await client.publishAsync(
      'devices/register',
      JSON.stringify({
        device_id: id,
        device_name: name,
        device_type: type,
        version: '2.4.1',
        manufacturer: 'Northlight',
        capabilities,
      }),
      { qos: 1 },
    );
    // Who enrols may subscribe to these once it is registered.
    await client.subscribeAsync([`devices/${id}/command/request`, `devices/${id}/pair/request`], { qos: 1 });
    for (const [capability, value] of Object.entries(values)) await this.tell(capability, value);
    return this;
  }

  async tell(capabilityType: string, value: string | number | boolean): Promise<void> {
    const capability = this.options.capabilities.find(
      ({ capability_type }) => capability_type === capabilityType,
    );
    const payload = { capability_type: capabilityType, control_type: capability?.control_type, value };
    await this.#client?.publishAsync(`devices/${this.options.id}/sensor`, JSON.stringify(payload), {
      qos: 1,
    });
  }

  async stop(): Promise<void> {
    await this.#client?.endAsync();
    this.#client = null;
  }

  #receive(topic: string, text: string): void {
    const { id, refuse } = this.options;
    const message = JSON.parse(text) as Record<string, string>;
    const answer = (to: string, payload: object) =>
      void this.#client?.publishAsync(to, JSON.stringify(payload), { qos: 1 });
    if (topic.endsWith('/register/response')) this.#secret = message.device_secret ?? this.#secret;
    else if (topic.endsWith('/pair/request')) answer(`devices/${id}/pair/response`, { status: 'success' });
    else if (refuse !== undefined) answer(message.reply_topic ?? '', { status: 'error', message: refuse });
    else answer(message.reply_topic ?? '', { status: 'success', value: message.value });
  }
}
