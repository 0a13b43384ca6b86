import { commands, queuedCommand } from './commands.ts';
import { lateNode } from './late-node.ts';
import { messages, retained, sessions } from './messages.ts';
import { presence, presenceOfTheDead } from './presence.ts';
import { scheduledWork } from './scheduled.ts';
import type { Step } from './step.ts';
import { grants, loggedOut, revocation } from './taken-away.ts';
import { sameMoment, takeover } from './takeover.ts';
import { CONNECTIONS_PER_ADDRESS, connectionLimit, logInThrottle } from './throttles.ts';
import { rooms, values } from './values.ts';
import { wills } from './wills.ts';

export const STEPS: readonly Step[] = [
  rooms,
  takeover,
  sameMoment,
  commands,
  queuedCommand,
  presence,
  revocation,
  loggedOut,
  grants,
  values,
  messages,
  sessions,
  retained,
  logInThrottle,
  connectionLimit,
  lateNode,
  presenceOfTheDead,
  wills,
  scheduledWork,
];

/** Of the nodes on which the steps run. */
export const STEPS_ENV = { MAX_CONNECTIONS_PER_ADDRESS: String(CONNECTIONS_PER_ADDRESS) };
