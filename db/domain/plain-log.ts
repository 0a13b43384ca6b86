import type { Log } from './ports.ts';

const ignore = () => {};

/** For what logs by itself, where nobody reads it. */
export const silentLog: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore, fatal: ignore };

/** The same, of which a person is told the few lines that matter. */
export function plainLog(tell: (line: string) => void): Log {
  const line = (fields: object, message: string) => {
    const { file } = fields as { file?: unknown };
    tell(typeof file === 'string' ? `${message}: ${file}` : message);
  };
  return { ...silentLog, warn: line, error: line, fatal: line };
}
