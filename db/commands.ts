import { randomBytes } from 'node:crypto';
import { createCommandDelivery } from './command-delivery.ts';
import { createCommandFollower } from './command-follower.ts';
import { createCommandLines } from './command-lines.ts';
import { createCommandQueue } from './command-queue.ts';
import { createCommandTimers } from './command-timers.ts';
import { CommandWaiters, removedMeanwhile } from './command-waiters.ts';
import type { Clock } from './domain/clock.ts';
import { checkCommandValue } from './domain/command-value.ts';
import { DomainError } from './domain/errors.ts';
import type { DeviceLink, EventLog, FlowMeter, Log } from './domain/ports.ts';
import type { CommandResult, Commands, ReadingWriter, StoreOutcome } from './domain/services.ts';
import { type Command, type CommandStatus, type Micros, TERMINAL } from './domain/types.ts';
import type { LiveState, LiveWidget } from './live-state/types.ts';
import type { CommandStore } from './stores/commands.ts';

/** Commands that may wait for one device; one more is refused with QUEUE_FULL. */
const MAX_QUEUED = 100;
/** How long the addressee may answer. */
const ANSWERABLE_MS = 24 * 3_600_000;
/** The node that moved a command on ends it too when its time is up; the others do it when that node has not. */
const OTHERS_FIRST_MS = 2000;

/** How long another node may take to hand a command over before it is told as queued. */
const HAND_OVER_MS = 300;

export interface CommandsDeps {
  store: CommandStore;
  live: LiveState;
  link: Pick<DeviceLink, 'deliver' | 'reachable'>;
  writer: Pick<ReadingWriter, 'write'>;
  clock: Clock;
  events: EventLog;
  flows: FlowMeter;
  log: Log;
  timeoutMs: number;
  expiryMs: number;
  /** Other nodes are to be told that it has moved on; null: this node is alone. */
  tell: ((id: number) => void) | null;
  /** Has another node its connection, so that the command is handed over there? */
  isElsewhere: (devicePk: number) => boolean;
}

/** See `Commands`. The database is told before the device is: a crash in between can lose a command's answer, never send it twice. */
export function createCommands(deps: CommandsDeps): Commands {
  const { store, live, link, writer, clock, events, flows, log, timeoutMs, expiryMs, tell, isElsewhere } =
    deps;
  const open = new Map<number, Command>();
  const byCorrelation = new Map<string, Command>();
  const timers = createCommandTimers({
    clock,
    timeoutMs,
    expiryMs,
    onTimeUp: (id, from) => void timeUp(id, from),
  });
  const waiters = new CommandWaiters();
  /** When the first answer to an open command came. */
  const answeredAt = new Map<number, Micros>();
  const lines = createCommandLines({ log, live });
  const queue = createCommandQueue({ store, open, shared: tell !== null });

  const forget = (id: number) => {
    const command = open.get(id);
    timers.disarm(id);
    open.delete(id);
    answeredAt.delete(id);
    if (command !== undefined) byCorrelation.delete(command.correlationId);
  };

  /** As another node, or an earlier run, has moved it on. */
  const follow = (command: Command) => {
    live.applyCommand(command);
    if (command.status !== 'queued') waiters.wakeMoved(command.id);
    if (!TERMINAL.has(command.status)) {
      open.set(command.id, command);
      byCorrelation.set(command.correlationId, command);
      timers.arm(command, tell === null ? 0 : OTHERS_FIRST_MS);
      return;
    }
    forget(command.id);
    waiters.wake(command.id, command);
  };

  const track = (command: Command) => {
    follow(command);
    lines.moved(command);
    tell?.(command.id);
    if (command.status === 'queued' || command.status === 'sent') {
      timers.arm(command);
      return;
    }
    // One that has expired waited for a device that was away, as it was asked to.
    const answered = command.status !== 'timed_out';
    const since = (command.sentAt ?? command.createdAt).getTime();
    const reason = command.status === 'executed' ? undefined : command.status;
    flows.record('commands', clock.now() - since, answered, reason);
    const device = live.deviceByPk(command.devicePk);
    events.record({
      kind: 'command_finished',
      actor: device?.deviceId ?? 'system',
      ...(device !== undefined && { deviceId: device.deviceId }),
      detail: { command_id: command.id, widget_id: command.widgetId, status: command.status },
    });
  };

  const timeUp = async (id: number, from: CommandStatus) => {
    try {
      const status = from === 'sent' ? 'timed_out' : 'expired';
      const moved = await store.move(id, [from], { status, finishedAt: new Date(clock.now()) });
      if (moved !== null) track(moved);
      // Its device was removed, and its row with it; or another node has moved it on.
      else await follower.read([id]);
    } catch (error) {
      log.warn({ err: error, command_id: id }, 'a command could not be ended: trying again');
      timers.retry(id, from);
    }
  };

  const { handOver, flush, idle } = createCommandDelivery({ store, open, link, clock, expiryMs, track, log });

  const removed = (id: number) => {
    forget(id);
    waiters.wake(id, null);
  };
  const follower = createCommandFollower({ store, open, follow, removed, link, flush });

  const storeValue = (widget: LiveWidget, command: Command, result: CommandResult) =>
    new Promise<StoreOutcome>((resolve) => {
      if (result.status === 'error' || !clock.trusted()) return resolve({ ok: true });
      const value = result.value ?? command.value;
      // Tried again after a failure, or sent again meanwhile, it is the same reading.
      const at = answeredAt.get(command.id) ?? clock.arrival();
      answeredAt.set(command.id, at);
      writer.write({ readings: [{ widgetId: widget.id, at, seq: 0, value }], stored: resolve });
    });

  const lookUp = async (devicePk: number, correlationId: string): Promise<Command | null> => {
    const known = byCorrelation.get(correlationId);
    const command = known ?? (await store.findByCorrelation(correlationId));
    if (command === null || command.devicePk !== devicePk) return null;
    // Another node has told of it, and the notice is still on its way.
    if (known === undefined && !TERMINAL.has(command.status)) follow(command);
    return clock.now() - command.createdAt.getTime() > ANSWERABLE_MS + expiryMs ? null : command;
  };

  return {
    start: async () => {
      for (const command of await store.open()) follow(command);
    },
    stop: async () => {
      timers.stop();
      waiters.wakeAll((id) => open.get(id));
      await idle();
    },
    request: async (widget, value, actor, traceId) => {
      checkCommandValue(widget, value);
      const { device } = widget;
      const { command, direct } = await queue.whileInserting(device.pk, async (ahead) => {
        if (ahead >= MAX_QUEUED) {
          throw new DomainError('QUEUE_FULL', `${MAX_QUEUED} commands already wait for ${device.deviceId}`);
        }
        const now = new Date(clock.now());
        const direct = ahead === 0 && link.reachable(device.pk);
        const command = await store.insert({
          correlationId: `~${randomBytes(16).toString('base64url')}`,
          widgetId: widget.id,
          devicePk: device.pk,
          value,
          status: direct ? 'sent' : 'queued',
          requestedBy: actor.username,
          traceId,
          createdAt: now,
          sentAt: direct ? now : null,
        });
        return { command, direct };
      });
      track(command);
      events.record({
        kind: 'command_requested',
        actor: actor.username,
        deviceId: device.deviceId,
        detail: { command_id: command.id, widget_id: widget.id, value },
      });
      if (direct) await handOver(command);
      else if (link.reachable(device.pk)) await flush(device.pk);
      else if (isElsewhere(device.pk)) await waiters.moved(command.id, HAND_OVER_MS);
      return open.get(command.id) ?? command;
    },
    settled: async (command, milliseconds) => {
      const { id } = command;
      const current = open.get(id);
      if (current === undefined) {
        const ended = await store.find(id);
        if (ended === null) throw removedMeanwhile();
        return ended;
      }
      return milliseconds <= 0 ? current : waiters.wait(id, milliseconds, () => open.get(id) ?? command);
    },
    find: async (id) => {
      const known = open.get(id);
      if (known !== undefined && tell === null) return known;
      try {
        return await store.find(id);
      } catch (error) {
        if (known === undefined) throw error;
        return known;
      }
    },
    flush,
    follow: follower.read,
    followAll: follower.readAll,
    forgetDevice: (devicePk) => {
      for (const { id, devicePk: owner } of [...open.values()]) {
        if (owner === devicePk) removed(id);
      }
    },
    mayAnswer: async (devicePk, correlationId) => (await lookUp(devicePk, correlationId)) !== null,
    answer: async (devicePk, correlationId, result) => {
      const command = await lookUp(devicePk, correlationId);
      const widget = command === null ? undefined : live.widget(command.widgetId);
      if (command === null || widget === undefined) return 'unknown';
      // Only the first answer is a report of the widget's value; a redelivered or late one is kept and changes nothing.
      lines.answered(command, result, !open.has(command.id));
      if (!open.has(command.id)) {
        await store.keepLate(command.id, { ...result });
        return 'late';
      }
      await storeValue(widget, command, result);
      const success = result.status === 'success';
      const moved = await store.move(command.id, ['queued', 'sent'], {
        status: success ? 'executed' : 'rejected',
        finishedAt: new Date(clock.now()),
        resultValue: success ? (result.value ?? command.value) : null,
        error: success ? null : result.message,
      });
      if (moved !== null) {
        track(moved);
        return 'settled';
      }
      await store.keepLate(command.id, { ...result });
      return 'late';
    },
  };
}
