import * as form from '../forms.ts';
import { variable } from '../variable.ts';

export const operation = {
  LOG_LEVEL: variable(form.oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'), {
    fallback: 'info',
    about: 'from which level on the log tells; JSON lines, text on a terminal',
  }),
};
