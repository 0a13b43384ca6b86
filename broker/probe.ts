import type { Engine } from './engine/engine.ts';
import type { Deliver } from './engine/subscriptions.ts';
import { PROBE } from './topics.ts';

/** Resolves once a message has gone the way of those that are passed on: from a publication to a subscription. */
export const passMessage = (engine: Engine): Promise<void> =>
  new Promise((resolve) => {
    const deliver: Deliver = (_packet, done) => {
      engine.unsubscribe(PROBE, deliver);
      done();
      resolve();
    };
    engine.subscribe(PROBE, deliver, () => {
      const packet = {
        cmd: 'publish',
        topic: PROBE,
        payload: '',
        qos: 0,
        retain: false,
        dup: false,
      } as const;
      engine.publish(packet, () => {});
    });
  });
