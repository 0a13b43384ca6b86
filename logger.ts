import {
  type DestinationStream,
  destination,
  type Logger,
  pino,
  stdSerializers,
  stdTimeFunctions,
} from 'pino';
import pretty from 'pino-pretty';

/** Names under which a secret could come into a log line by accident, at the top or one level down. */
const SECRETS = [
  'password',
  'current_password',
  'new_password',
  'token',
  'secret',
  'device_secret',
  'device_key',
  'authorization',
];

/**
 * Drizzle puts the parameters of a failed statement into its message, and ioredis those of a command beside it: passwords and hashes
 * of secrets among them.
 */
function withoutParameters(error: unknown): unknown {
  // Anything may be thrown, and a line about it must not end the process.
  if (!(error instanceof Error)) return error;
  const { command: _, ...serialized } = stdSerializers.err(error);
  const cut = (text = '') => text.replace(/\nparams: [^\n]*/g, '');
  return { ...serialized, message: cut(serialized.message), stack: cut(serialized.stack) };
}

/** JSON lines, or text for people when the output is a terminal. Written at once: the last line before the end counts. */
export function createLogger(options: {
  level: string;
  output?: DestinationStream;
  /** In every line. */
  base?: object;
}): Logger {
  const output =
    options.output ??
    (process.stdout.isTTY
      ? pretty({ sync: true, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss.l' })
      : destination({ dest: 1, sync: true }));
  return pino(
    {
      level: options.level,
      base: options.base ?? null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: withoutParameters },
      redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`]), censor: '[secret]' },
    },
    output,
  );
}
