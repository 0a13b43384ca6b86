import assert from 'node:assert/strict';
import { within } from '../../../db/domain/within.ts';
import { connected, register, registration, session } from '../../../test/helpers/devices.ts';
import { ADMIN } from '../../../test/helpers/server.ts';
import type { Hello, Wire } from '../../../test/helpers/wire.ts';
import type { TestCluster } from '../cluster.ts';

/** One sentence of what must hold between nodes. Throws when it does not. */
export interface Step {
  name: string;
  run(stage: Stage): Promise<void>;
}

/** What steps share. */
export interface Stage {
  cluster: TestCluster;
  /** Fails when it takes longer; tells how long it took. On a machine that has much else to do the limit is `slack` times as long. */
  within<T>(what: string, limitMs: number, work: Promise<T>): Promise<T>;
  /** For the report. */
  note(text: string): void;
  /** A device that was registered at one node. Resolves with its secret. */
  enrol(id: string, node?: number): Promise<string>;
  /** A session of a device at a node. */
  device(node: number, id: string, secret: string, clean?: boolean): Promise<Wire>;
  /** A session of the admin at a node; a token is its password. */
  person(node: number, hello: Omit<Hello, 'username' | 'password'>): Promise<Wire>;
}

export interface StageOptions {
  cluster: TestCluster;
  slack: number;
  note: (text: string) => void;
}

export function createStage({ cluster, slack, note }: StageOptions): Stage {
  return {
    cluster,
    note,
    within: async (what, limitMs, work) => {
      const began = performance.now();
      const result = await within(limitMs * slack, work, `${what}: not`);
      note(`${what}: ${Math.round(performance.now() - began)} ms`);
      return result;
    },
    enrol: async (id, node = 0) => {
      const { server, rest } = cluster.node(node);
      const password = await rest.enroll({ max_uses: 1 });
      const wire = await session(server, { clientId: id, username: id, password });
      const { device_secret: secret } = await register(wire, id, registration(id));
      await wire.disconnect();
      assert.ok(secret, `${id} has a secret`);
      await (await connected(server, id, secret)).disconnect();
      return secret;
    },
    device: (node, id, secret, clean = true) => connected(cluster.node(node).server, id, secret, clean),
    person: (node, hello) => {
      const { server, rest } = cluster.node(node);
      return session(server, { ...hello, username: ADMIN.username, password: rest.token });
    },
  };
}
