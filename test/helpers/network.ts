import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type { TestContext } from 'node:test';
import type { Place } from './place.ts';

const ip = (...args: string[]) => execFileSync('ip', args, { stdio: ['ignore', 'pipe', 'pipe'] });

/** A reason to skip a test that needs a network of its own; false when it can run. */
export function networkMissing(): string | false {
  const name = `pm${randomBytes(3).toString('hex')}`;
  const { status } = spawnSync('ip', ['netns', 'add', name]);
  if (status !== 0) return 'this user may not make network namespaces (root on Linux may; Debian: iproute2)';
  ip('netns', 'delete', name);
  return false;
}

/** A host in a network of the test: a network namespace. */
export interface Host extends Place {
  readonly namespace: string;
  /** Its interface. */
  readonly link: string;
  ip(...args: string[]): void;
}

/** A network for the time of a test, in which the test itself is a host too: 10.213.N.1 of /24. */
export class Network {
  readonly #id = randomBytes(3).toString('hex');
  readonly bridge = `pmb${this.#id}`;
  readonly #namespaces: string[] = [];
  readonly #ends: (() => unknown)[] = [];
  readonly #third = 1 + ((randomBytes(1)[0] ?? 0) % 250);

  constructor(t: TestContext) {
    ip('link', 'add', this.bridge, 'type', 'bridge', 'mcast_snooping', '0');
    ip('addr', 'add', `${this.address(1)}/24`, 'dev', this.bridge);
    ip('link', 'set', this.bridge, 'up');
    t.after(async () => {
      for (const end of this.#ends.reverse()) await end();
      for (const namespace of this.#namespaces) spawnSync('ip', ['netns', 'delete', namespace]);
      spawnSync('ip', ['link', 'delete', this.bridge]);
    });
  }

  address = (host: number): string => `10.213.${this.#third}.${host}`;

  /** As `after` of a test, for what runs on a host. */
  after(end: () => unknown): void {
    this.#ends.push(end);
  }

  host(number: number): Host {
    const [namespace, link, far] = ['n', 'e', 'f'].map((kind) => `pm${kind}${this.#id}${number}`) as [
      string,
      string,
      string,
    ];
    ip('netns', 'add', namespace);
    this.#namespaces.push(namespace);
    ip('link', 'add', far, 'type', 'veth', 'peer', 'name', link, 'netns', namespace);
    ip('link', 'set', far, 'master', this.bridge, 'up');
    const inside = (...args: string[]) => void ip('-n', namespace, ...args);
    // Without the pause in which IPv6 looks for the same address elsewhere.
    spawnSync('ip', ['netns', 'exec', namespace, 'sysctl', '-qw', `net.ipv6.conf.${link}.accept_dad=0`]);
    inside('addr', 'add', `${this.address(number)}/24`, 'dev', link);
    inside('link', 'set', 'lo', 'up');
    inside('link', 'set', link, 'up');
    return {
      namespace,
      link,
      ip: inside,
      address: this.address(number),
      within: (file, args) => ['ip', ['netns', 'exec', namespace, file, ...args]],
    };
  }
}
