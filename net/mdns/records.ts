import type { Link } from './links.ts';
import type { OwnRecord } from './packet.ts';

/** Seconds: of what hangs on the addresses of a host, and of all else [RFC 6762, 10]. */
const HOST_TTL = 120;
const OTHER_TTL = 4500;
const SERVICE_TYPES = '_services._dns-sd._udp.local';

export interface Service {
  /** `_https._tcp` */
  type: string;
  port: number;
}

export const hostOf = (label: string): string => `${label}.local`;
const instanceOf = (label: string, { type }: Service) => `${label}.${type}.local`;

/** Names that nobody else may have. */
export const ownNames = (label: string, services: readonly Service[]): string[] => [
  hostOf(label),
  ...services.map((service) => instanceOf(label, service)),
];

/** What is told of a host under these names, and nobody else may tell. */
export function uniqueRecords(label: string, services: readonly Service[], link: Link): OwnRecord[] {
  const host = hostOf(label);
  const own = { class: 'IN', flush: true } as const;
  return [
    ...link.addresses.map(
      ({ family, address }): OwnRecord => ({
        ...own,
        name: host,
        type: family === 'IPv4' ? 'A' : 'AAAA',
        ttl: HOST_TTL,
        data: address,
      }),
    ),
    ...services.flatMap((service): OwnRecord[] => {
      const name = instanceOf(label, service);
      return [
        { ...own, name, type: 'SRV', ttl: HOST_TTL, data: { target: host, port: service.port } },
        { ...own, name, type: 'TXT', ttl: OTHER_TTL, data: [''] },
      ];
    }),
  ];
}

/** What may be told of others as well: who offers a service. */
export function sharedRecords(label: string, services: readonly Service[]): OwnRecord[] {
  const shared = { class: 'IN', type: 'PTR', ttl: OTHER_TTL } as const;
  return services.flatMap((service): OwnRecord[] => [
    { ...shared, name: `${service.type}.local`, data: instanceOf(label, service) },
    { ...shared, name: SERVICE_TYPES, data: `${service.type}.local` },
  ]);
}

/** That there is nothing else of a name: who asks for an address of the other family need not wait for it [RFC 6762, 6.1]. */
export function nothingElse(name: string, records: readonly OwnRecord[]): OwnRecord {
  const types = new Set(records.filter((record) => record.name === name).map(({ type }) => type));
  return {
    ...{ name, type: 'NSEC', class: 'IN', ttl: HOST_TTL, flush: true },
    data: { nextDomain: name, rrtypes: [...types] },
  };
}
