import { WIDGET_STATUSES } from '../../db/domain/types.ts';
import * as form from '../forms.ts';
import { variable } from '../variable.ts';

export const devices = {
  OFFLINE_AFTER: variable(form.duration('1s', '1d'), {
    fallback: '60s',
    about: 'silence after which a connected device is shown `offline`',
  }),
  COMMAND_TIMEOUT: variable(form.duration('100ms', '1d'), {
    fallback: '60s',
    about: 'a command that was sent and not answered by then is `timed_out`',
  }),
  COMMAND_EXPIRY: variable(form.duration('100ms', '30d'), {
    fallback: '1h',
    about: 'a command that could not be handed over by then is `expired`',
  }),
  PAIR_TIMEOUT: variable(form.duration('100ms', '1h'), {
    fallback: '30s',
    about: 'how long a device may take to confirm its key',
  }),
  DEFAULT_WIDGET_STATUS: variable(form.oneOf(...WIDGET_STATUSES), {
    fallback: 'exclude',
    about: 'of widgets that the system makes: `include` shows them at once',
  }),
};
