import type { Measure } from './measure.ts';
import { idleAndLoaded, LOADING_DEVICES } from './probe.ts';

/** From the POST of a command, through the device, until REST answers that it was executed. */
export const commands: Measure = {
  name: 'commands',
  title: 'Commands',
  run: (context) => {
    const ours = context.contestants.filter(({ name }) => name.startsWith('ours-'));
    const clients = context.short ? LOADING_DEVICES / 10 : LOADING_DEVICES;
    return context.takeTurns(ours, { clients }, (turn) =>
      idleAndLoaded(context, turn, 'command and back', (probe) => probe.command()),
    );
  },
};
