import type { Measure } from './measure.ts';
import { idleAndLoaded, LOADING_DEVICES } from './probe.ts';

/** From the PUBLISH of a reading until a poll shows it. */
export const visible: Measure = {
  name: 'visible',
  title: 'Publish until visible in REST',
  run: (context) => {
    const ours = context.contestants.filter(({ name }) => name.startsWith('ours-'));
    const clients = context.short ? LOADING_DEVICES / 10 : LOADING_DEVICES;
    return context.takeTurns(ours, { clients }, (turn) =>
      idleAndLoaded(context, turn, 'publish until visible', (probe) => probe.seeReading()),
    );
  },
};
