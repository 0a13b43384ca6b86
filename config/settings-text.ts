import { VARIABLES } from './variables/index.ts';

/** What belongs to a machine and not to what runs on it: a new one has its own, and passwords of others stay where they are. */
const OF_THE_MACHINE = new Set([
  'DATA_DIR',
  'DATABASE_URL',
  'REDIS_URL',
  'NODE_NAME',
  'WORKERS',
  'TLS_CERT',
  'TLS_KEY',
  'PM_IOT_WORKER',
]);
/** Used once, when there is no user yet. */
const USED_ONCE = new Set(['ADMIN_PASSWORD']);

/** The settings that are in effect and not the default, as text of an env file, for a backup. Holds secrets. */
export function settingsText(env: NodeJS.ProcessEnv): string {
  const lines = Object.keys(VARIABLES).flatMap((name) => {
    const value = env[name];
    if (value === undefined || value === '' || USED_ONCE.has(name)) return [];
    if (OF_THE_MACHINE.has(name))
      return name === 'PM_IOT_WORKER' ? [] : [`# ${name} was set: it belonged to that machine`];
    return [`${name}=${quoted(value)}`];
  });
  return `${['# Settings at the time of the backup', ...lines].join('\n')}\n`;
}

/** As `util.parseEnv` reads it back. */
function quoted(value: string): string {
  if (/^[\w.,:/@%+*=-]*$/.test(value)) return value;
  const quote = ["'", '"', '`'].find((mark) => !value.includes(mark));
  return quote === undefined ? JSON.stringify(value) : `${quote}${value}${quote}`;
}
