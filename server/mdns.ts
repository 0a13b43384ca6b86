import type { Config } from '../config/index.ts';
import { isLoopback } from '../db/domain/address.ts';
import { monotonic } from '../db/domain/time.ts';
import { createMdns } from '../net/mdns/index.ts';
import { keepName, readKeptName } from '../net/mdns/kept-name.ts';
import type { Foundation, OnStop } from './foundation.ts';

export interface MdnsDeps {
  foundation: Foundation;
  config: Config;
  ports: { https?: number; mqtts?: number };
  onStop: OnStop;
}

/** Of the workers of a machine one announces it. What listens on loopback alone is no service of the network. */
export function openMdns({ foundation, config, ports, onStop }: MdnsDeps): void {
  const { dataDir, part } = foundation;
  const { mdnsName: name, listeners } = config;
  if (name === null || (config.worker ?? 1) !== 1) return;
  const log = part('mdns');
  const offered = (type: string, { host }: { host: string }, port: number | undefined) =>
    port === undefined || isLoopback(host) ? [] : [{ type, port }];
  const mdns = createMdns({
    name,
    lastName: readKeptName(dataDir, name),
    services: [
      ...offered('_https._tcp', listeners.https, ports.https),
      ...offered('_secure-mqtt._tcp', listeners.mqtts, ports.mqtts),
    ],
    log,
    monotonic,
    onName: (taken) => {
      if (readKeptName(dataDir, name) === taken) return;
      try {
        keepName(dataDir, taken);
      } catch (error) {
        log.warn({ err: error }, 'the name that mDNS knows this machine by could not be kept');
      }
    },
  });
  mdns.start();
  onStop(mdns.stop);
}
