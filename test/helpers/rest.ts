import assert from 'node:assert/strict';
import { ADMIN, type Server } from './server.ts';

export interface Answer<T> {
  status: number;
  headers: Headers;
  body: T;
}

export interface WidgetBody {
  widget_id: number;
  name: string;
  order: number;
  status: string;
  value: unknown;
  value_at: string | null;
  pending: { value: unknown; command_id: number } | null;
  capability: { capability_type: string; control_type: string };
  device: { device_id: string; status: string };
}
export interface DeviceBody {
  device_id: string;
  device_name: string;
  room_id: number | null;
  status: string;
  connected: boolean;
  last_heartbeat: string | null;
  created_at: string;
  widgets: WidgetBody[];
  last_error: { topic: string; code: string; message: string } | null;
}
export interface CommandBody {
  id: number;
  correlation_id: string;
  status: string;
  value: unknown;
  result_value: unknown;
  error: string | null;
}
export interface ReadingBody {
  at: string;
  seq: number;
  value: unknown;
}

/** A person's side of the REST API. */
export class Rest {
  readonly #server: Server;
  token = '';

  constructor(server: Server) {
    this.#server = server;
  }

  get url(): string {
    return `http://${this.#server.host}:${this.#server.ports.http}`;
  }

  async call<T>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<T>> {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        ...(this.token !== '' && { Authorization: `Bearer ${this.token}` }),
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('Content-Type')?.startsWith('application/json') && text !== '';
    return {
      status: response.status,
      headers: response.headers,
      body: (isJson ? JSON.parse(text) : text) as T,
    };
  }

  get<T>(path: string, headers?: Record<string, string>) {
    return this.call<T>('GET', path, undefined, headers);
  }

  /** The body of an answer that must have this status. */
  async expect<T>(status: number, method: string, path: string, body?: unknown): Promise<T> {
    const answer = await this.call<T>(method, path, body);
    assert.equal(answer.status, status, `${method} ${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  async logIn(login: { username: string; password: string } = ADMIN): Promise<this> {
    this.token = (await this.expect<{ token: string }>(200, 'POST', '/api/auth/login', login)).token;
    return this;
  }

  async enroll(options: object = {}): Promise<string> {
    return (await this.expect<{ token: string }>(201, 'POST', '/api/enrollments', options)).token;
  }

  device(id: string) {
    return this.expect<DeviceBody>(200, 'GET', `/api/devices/${id}`);
  }

  async widget(deviceId: string, capabilityType: string): Promise<WidgetBody> {
    const { widgets } = await this.device(deviceId);
    const found = widgets.find(({ capability }) => capability.capability_type === capabilityType);
    assert.ok(found, `${deviceId} has no ${capabilityType}`);
    return found;
  }

  /** All readings of a widget, through every page. */
  async readings(widgetId: number): Promise<ReadingBody[]> {
    const all: ReadingBody[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? '' : `&cursor=${cursor}`;
      const page: { readings: ReadingBody[]; next_cursor: string | null } = await this.expect(
        200,
        'GET',
        `/api/widgets/${widgetId}/readings?limit=200${query}`,
      );
      all.push(...page.readings);
      cursor = page.next_cursor;
    } while (cursor !== null);
    return all;
  }
}
