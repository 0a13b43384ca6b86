import { BlockList, isIP } from 'node:net';
import { isDatabaseUrl } from '../db/domain/database-url.ts';
import { parseDuration } from '../db/domain/duration.ts';
import type { MinFree } from '../db/history/disk-state.ts';

/** What the text of a variable may be, and what it then means. */
export interface Form<T> {
  /** For whoever set something else. */
  allowed: string;
  /** The same in short, for the page of all variables: Markdown. */
  shown: string;
  /** undefined: the text is not allowed. */
  parse(text: string, env: NodeJS.ProcessEnv): T | undefined;
}

/** More than this is a slip: `forever` is the word for it. */
const MAX_RETENTION = '1000y';
const UNITS: Record<string, number> = { '': 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };

/** `256KiB`, `4MiB` or a plain number of bytes; null for anything else. */
function parseSize(text: string): number | null {
  const found = /^(\d{1,12})(KiB|MiB|GiB)?$/.exec(text);
  return found === null ? null : Number(found[1]) * (UNITS[found[2] ?? ''] ?? 1);
}

/** Of a text in this source. */
function known<T>(value: T | null, text: string): T {
  if (value === null) throw new Error(`not a value: ${text}`);
  return value;
}

const code = (text: string) => `\`${text}\``;

function list(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} or ${last}`;
}

export const oneOf = <T extends string>(...values: readonly T[]): Form<T> => ({
  allowed: `one of ${values.join(', ')}`,
  shown: list(values.map(code)),
  parse: (text) => values.find((value) => value === text),
});

/** `true` or `false`, and nothing that might mean one of them. */
export const flag: Form<boolean> = {
  ...oneOf('true', 'false'),
  parse: (text) => (text === 'true' ? true : text === 'false' ? false : undefined),
};

/** Anything that `pattern` matches. */
export const text = (pattern: RegExp, allowed: string, shown: string): Form<string> => ({
  allowed,
  shown,
  parse: (given) => (pattern.test(given) ? given : undefined),
});

export const path = text(/^[^\0]+$/, 'a path', 'a path');

/** Milliseconds; the bounds are durations too. */
export function duration(min: string, max: string): Form<number> {
  const [least, most] = [min, max].map((bound) => known(parseDuration(bound), bound)) as [number, number];
  return {
    allowed: `a duration such as 500ms, 60s, 5m, 72h or 7d, from ${min} to ${max}`,
    shown: `${code(min)} to ${code(max)}`,
    parse: (given) => {
      const ms = parseDuration(given);
      return ms !== null && ms >= least && ms <= most ? ms : undefined;
    },
  };
}

/** How long something is kept: milliseconds, null for ever. `min` is of whole days. */
export function retention(min: `${number}d`): Form<number | null> {
  const { parse } = duration(min, MAX_RETENTION);
  return {
    allowed: `a duration such as 30d, 8w or 1y, from ${min} to ${MAX_RETENTION}, or forever`,
    shown: `${code(min)} to ${code(MAX_RETENTION)} or \`forever\``,
    parse: (given, env) => (given === 'forever' ? null : parse(given, env)),
  };
}

/** How often something is done: milliseconds, null never. */
export function every(min: string, max: string): Form<number | null> {
  const { shown, parse } = duration(min, max);
  return {
    allowed: `a duration such as 12h, 24h or 7d, from ${min} to ${max}, or off`,
    shown: `${shown} or \`off\``,
    parse: (given, env) => (given === 'off' ? null : parse(given, env)),
  };
}

export const port: Form<number | 'off'> = {
  allowed: 'a port from 0 (any free one) to 65535, or off',
  shown: 'a port, `0` or `off`',
  parse: (given) => {
    if (given === 'off') return 'off';
    return /^\d{1,5}$/.test(given) && Number(given) <= 65_535 ? Number(given) : undefined;
  },
};

export const host: Form<string> = {
  allowed: 'an IP address or a host name',
  shown: 'an address or a name',
  parse: (given) =>
    isIP(given) !== 0 || /^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/.test(given) ? given : undefined,
};

/** The first part of a name that ends in `.local`; null: none. */
export const mdnsName: Form<string | null> = {
  allowed: 'off, or a name such as pm-iot: 1 to 40 letters, digits and hyphens, without .local',
  shown: 'a name or `off`',
  parse: (given) => {
    if (given === 'off') return null;
    return /^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/i.test(given) ? given.toLowerCase() : undefined;
  },
};

export const count = (min: number, max: number): Form<number> => ({
  allowed: `a whole number from ${min} to ${max}`,
  shown: `${code(String(min))} to ${code(String(max))}`,
  parse: (given) =>
    /^\d{1,9}$/.test(given) && Number(given) >= min && Number(given) <= max ? Number(given) : undefined,
});

/** Bytes; the bounds are sizes too. */
export function size(min: string, max: string): Form<number> {
  const [least, most] = [min, max].map((bound) => known(parseSize(bound), bound)) as [number, number];
  return {
    allowed: `a size such as 256KiB or 4MiB, from ${min} to ${max}`,
    shown: `${code(min)} to ${code(max)}`,
    parse: (given) => {
      const bytes = parseSize(given);
      return bytes !== null && bytes >= least && bytes <= most ? bytes : undefined;
    },
  };
}

/** Bytes, or a part of a whole in per cent; 0 for none. */
export const share: Form<MinFree> = {
  allowed: 'a percentage such as 5%, below 100, or a size such as 2GiB, or 0',
  shown: '`5%`, `2GiB` or `0`',
  parse: (given) => {
    const percent = /^(\d{1,2}(?:\.\d{1,3})?)%$/.exec(given);
    if (percent !== null) return { percent: Number(percent[1]) };
    const bytes = parseSize(given);
    return bytes === null ? undefined : { bytes };
  },
};

export const origins: Form<string[]> = {
  allowed: 'origins such as https://app.example.org, separated by commas',
  shown: 'origins',
  parse: (given) => {
    const each = given.split(',').map((origin) => origin.trim());
    const isOrigin = (origin: string) =>
      /^https?:\/\//.test(origin) && URL.canParse(origin) && new URL(origin).origin === origin;
    return each.every(isOrigin) ? each : undefined;
  },
};

/** Whoever trusts more than this trusts the whole network, and with it every address that a stranger makes up. */
const SHORTEST = { 4: 8, 6: 7 } as const;

function addRange(blocks: BlockList, given: string): boolean {
  const [address = '', prefix, ...more] = given.split('/');
  const version = isIP(address);
  if ((version !== 4 && version !== 6) || more.length > 0) return false;
  const family = version === 4 ? 'ipv4' : 'ipv6';
  if (prefix === undefined) {
    blocks.addAddress(address, family);
    return true;
  }
  const bits = /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1;
  if (bits < SHORTEST[version] || bits > (version === 4 ? 32 : 128)) return false;
  blocks.addSubnet(address, bits, family);
  return true;
}

export const ranges: Form<BlockList> = {
  allowed:
    'IP addresses and ranges such as 10.0.0.0/24 or fd00::/8, separated by commas; a range of IPv4 from /8, of IPv6 from /7',
  shown: 'addresses and ranges',
  parse: (given) => {
    const blocks = new BlockList();
    return given.split(',').every((range) => addRange(blocks, range.trim())) ? blocks : undefined;
  },
};

export const databaseUrl: Form<string> = {
  allowed:
    'a URL such as postgres://user:password@host:5432/database, or postgres:///database?host=/run/postgresql for a Unix socket',
  shown: '`postgres://…`',
  parse: (given) => (isDatabaseUrl(given) ? given : undefined),
};
