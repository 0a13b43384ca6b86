import type { Log } from '../../db/domain/ports.ts';

/** For what logs by itself: a command tells a person the few lines that matter. */
export function commandLog(tell: (line: string) => void): Log {
  const ignore = () => {};
  const line = (fields: object, message: string) => {
    const { file } = fields as { file?: unknown };
    tell(typeof file === 'string' ? `${message}: ${file}` : message);
  };
  return { debug: ignore, info: ignore, warn: line, error: line, fatal: line };
}
