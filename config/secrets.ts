import type { Reader } from './reader.ts';

const MIN_SECRET_BYTES = 32;
/** What goes into a header as it is. */
const METRICS_TOKEN = /^[\w\-.~+/=]{32,512}$/;

/** null: made once and kept. */
export const readJwtSecret = ({ read }: Reader): string | null =>
  read<string | null>(
    'JWT_SECRET',
    null,
    `a secret of at least ${MIN_SECRET_BYTES} bytes, for example from: openssl rand -base64 48`,
    (text) => (Buffer.byteLength(text) >= MIN_SECRET_BYTES ? text : undefined),
    true,
  );

/** null: metrics are for admins, and for this machine. */
export const readMetricsToken = ({ read }: Reader): string | null =>
  read<string | null>(
    'METRICS_TOKEN',
    null,
    'a secret of 32 to 512 letters, digits and - . _ ~ + / =, for example from: openssl rand -hex 32',
    (text) => (METRICS_TOKEN.test(text) ? text : undefined),
    true,
  );
