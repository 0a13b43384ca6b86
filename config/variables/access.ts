import { MAX_PASSWORD, MIN_PASSWORD, passwordFault } from '../../db/accounts/password-rules.ts';
import * as form from '../forms.ts';
import { optional, variable } from '../variable.ts';

const DEFAULT_ADMIN = 'admin';
const MIN_SECRET_BYTES = 32;

const password: form.Form<string> = {
  allowed: `a password of ${MIN_PASSWORD} to ${MAX_PASSWORD} characters, neither a common one nor made of the user name`,
  shown: `${MIN_PASSWORD} to ${MAX_PASSWORD} characters`,
  parse: (given, env) =>
    passwordFault(given, env.ADMIN_USERNAME || DEFAULT_ADMIN) === null ? given : undefined,
};

const secret: form.Form<string> = {
  allowed: `a secret of at least ${MIN_SECRET_BYTES} bytes, for example from: openssl rand -base64 48`,
  shown: `${MIN_SECRET_BYTES} bytes or more`,
  parse: (given) => (Buffer.byteLength(given) >= MIN_SECRET_BYTES ? given : undefined),
};

/** What goes into a header as it is. */
const headerSecret = form.text(
  /^[\w\-.~+/=]{32,512}$/,
  'a secret of 32 to 512 letters, digits and - . _ ~ + / =, for example from: openssl rand -hex 32',
  '32 to 512 characters',
);

export const access = {
  ADMIN_USERNAME: variable(
    form.text(/^\S{1,64}$/u, 'a name of 1 to 64 characters without spaces', '1 to 64 characters, no spaces'),
    { fallback: DEFAULT_ADMIN, about: 'of the first admin: used once, when there is no user' },
  ),
  ADMIN_PASSWORD: optional(password, {
    absent: 'a random one, printed once, beside the log',
    about: 'of the first admin, the same',
    secret: true,
  }),
  FIRST_PASSWORD_FILE: optional(form.path, {
    absent: 'printed',
    about:
      'a random password is written into this file (0600) instead, where what is printed is kept, as by systemd',
  }),
  JWT_SECRET: optional(secret, {
    absent: 'made once, kept in `DATA_DIR`',
    about: 'signs log-ins: `openssl rand -base64 48` makes one',
    secret: true,
  }),
  JWT_EXPIRES_IN: variable(form.duration('1s', '365d'), {
    fallback: '72h',
    about: 'how long a log-in lasts',
  }),
  METRICS_TOKEN: optional(headerSecret, {
    about:
      'with which Prometheus may ask for `GET /api/metrics` from elsewhere, and for nothing else ([metrics](metrics.md))',
    secret: true,
  }),
  DEVICE_ENROLLMENT: variable(form.oneOf('open', 'token', 'closed'), {
    fallback: 'token',
    about: 'who may register ([devices](devices.md))',
  }),
};
