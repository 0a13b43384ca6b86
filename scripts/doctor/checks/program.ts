import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { sizeText } from '../../operator/sizes.ts';
import { broken, type Check, type Finding, ok, skipped, warning } from '../finding.ts';

const MIB = 1024 * 1024;
/** What the program needs with the embedded database and some devices. */
const NEEDED_BYTES = 256 * MIB;
/** Files that are open besides connections: database, certificates, logs. */
const OTHER_FILES = 100;

/** package.json, `engines`: ^20.19.0 || >=22.12.0 */
export function isKnownNode(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22;
}

export const checkConfig: Check = ({ configFaults }) => {
  if (configFaults.length === 0) return [ok('config_valid', 'The configuration is valid')];
  return configFaults.map((line) =>
    broken(
      'config_invalid',
      line,
      'correct it in the environment of the service or in .env: docs/configuration.md',
    ),
  );
};

export const checkNode: Check = () => {
  const { node } = process.versions;
  if (isKnownNode(node)) return [ok('node_version', `Node.js ${node}`)];
  return [
    broken('node_version', `Node.js ${node} is too old`, 'install Node.js 20.19 or newer, or 22.12 or newer'),
  ];
};

function memoryAvailable(): number | null {
  try {
    const found = /^MemAvailable:\s+(\d+) kB/m.exec(readFileSync('/proc/meminfo', 'utf8'));
    return found === null ? null : Number(found[1]) * 1024;
  } catch {
    return null;
  }
}

export const checkMemory: Check = ({ server }) => {
  const free = memoryAvailable();
  if (free === null) return [skipped('memory', 'Free memory cannot be told on this system')];
  const text = `${sizeText(free)} of ${sizeText(totalmem())} memory free`;
  // What runs has what it needs already.
  const needed = server === null ? NEEDED_BYTES : NEEDED_BYTES / 4;
  if (free >= needed) return [ok('memory', text)];
  return [
    warning(
      'memory_low',
      `Only ${text}`,
      'see what takes it (ps aux --sort=-rss | head), or add swap in zram: sudo apt-get install zram-tools',
    ),
  ];
};

function fileLimitOf(pid: string): number | null {
  try {
    const found = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync(`/proc/${pid}/limits`, 'utf8'));
    if (found === null) return null;
    return found[1] === 'unlimited' ? Number.POSITIVE_INFINITY : Number(found[1]);
  } catch {
    return null;
  }
}

export const checkFileLimit: Check = ({ config, server }): Finding[] => {
  const running = server !== null && server !== 'unknown';
  const limit = fileLimitOf(running ? server : 'self');
  if (limit === null) return [skipped('file_limit', 'The limit of open files cannot be told on this system')];
  const { connections } = config.limits;
  const whose = running ? 'The server' : 'This shell';
  if (limit >= connections + OTHER_FILES)
    return [ok('file_limit', `${whose} may open ${limit} files, enough for ${connections} connections`)];
  return [
    warning(
      'file_limit_low',
      `${whose} may open ${limit} files, and MAX_CONNECTIONS is ${connections}: beyond the files no device is let in`,
      `LimitNOFILE=${connections + OTHER_FILES} in the unit of the service, ulimit -n ${connections + OTHER_FILES} in a shell, or a smaller MAX_CONNECTIONS`,
    ),
  ];
};
