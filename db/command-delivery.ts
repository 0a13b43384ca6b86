import type { Clock } from './domain/clock.ts';
import type { DeviceLink, Log } from './domain/ports.ts';
import type { Command } from './domain/types.ts';
import type { CommandStore } from './stores/commands.ts';

export interface CommandDeliveryDeps {
  store: Pick<CommandStore, 'move'>;
  open: ReadonlyMap<number, Command>;
  link: Pick<DeviceLink, 'deliver' | 'reachable'>;
  clock: Clock;
  expiryMs: number;
  track: (command: Command) => void;
  log: Log;
}

/** Hands commands over to devices that are connected to this node. */
export function createCommandDelivery(deps: CommandDeliveryDeps) {
  const { store, open, link, clock, expiryMs, track, log } = deps;
  /** One hand-over at a time for each device, so that commands keep their order. */
  const flushing = new Map<number, Promise<void>>();

  const handOver = async (command: Command): Promise<Command> => {
    if (await link.deliver(command)) return command;
    const back = await store.move(command.id, ['sent'], { status: 'queued', sentAt: null });
    if (back !== null) track(back);
    return back ?? command;
  };

  const flushQueued = async (devicePk: number) => {
    for (const command of [...open.values()]) {
      if (command.devicePk !== devicePk || command.status !== 'queued') continue;
      if (!link.reachable(devicePk)) return;
      if (clock.now() - command.createdAt.getTime() >= expiryMs) continue;
      const sent = await store.move(command.id, ['queued'], {
        status: 'sent',
        sentAt: new Date(clock.now()),
      });
      if (sent === null) continue;
      track(sent);
      if ((await handOver(sent)).status === 'queued') return;
    }
  };

  return {
    /** Marked `sent` already; it is `queued` again when nothing could be written. */
    handOver,
    /** What waits for a device that has become reachable, oldest first. */
    flush: (devicePk: number): Promise<void> => {
      const next = (flushing.get(devicePk) ?? Promise.resolve()).then(() => flushQueued(devicePk));
      const settled = next
        .catch((error: unknown) => {
          log.warn({ err: error, device_pk: devicePk }, 'queued commands could not be handed over');
        })
        .finally(() => {
          if (flushing.get(devicePk) === settled) flushing.delete(devicePk);
        });
      flushing.set(devicePk, settled);
      return settled;
    },
    idle: async (): Promise<void> => {
      await Promise.all(flushing.values());
    },
  };
}
