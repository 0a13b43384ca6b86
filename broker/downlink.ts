import type { DeviceLink, Log, PairAnswer } from '../db/domain/ports.ts';
import { formatMicros } from '../db/domain/time.ts';
import type { Command } from '../db/domain/types.ts';
import type { LiveState } from '../db/live-state/types.ts';
import type { BoundedPersistence } from './engine/bounded.ts';
import { sessionPrefix } from './identity.ts';
import { hangsOn, type Sessions } from './sessions.ts';
import { deviceLevel, topicOf } from './topics.ts';

export interface DownlinkDeps {
  sessions: Sessions;
  live: LiveState;
  pairTimeoutMs: number;
  /** Tells whoever else watches the command topic; not the device, not its offline queue. */
  publishCopy(topic: string, payload: string): void;
  log: Log;
  stored: Pick<BoundedPersistence, 'dropRetained' | 'dropSession' | 'dropSessions'>;
}

export interface Downlink extends DeviceLink {
  /** A device's answer to the pairing under way; false when there is none. */
  pairAnswered(deviceId: string, answer: PairAnswer): boolean;
}

/** From the application to the live connections of devices. */
export function createDownlink(deps: DownlinkDeps): Downlink {
  const { sessions, live, pairTimeoutMs, publishCopy, stored, log } = deps;
  const pairings = new Map<string, (answer: PairAnswer) => void>();

  const payloadOf = (command: Command): string | null => {
    const widget = live.widget(command.widgetId);
    if (widget === undefined) return null;
    return JSON.stringify({
      correlation_id: command.correlationId,
      widget_id: widget.id,
      capability_type: widget.capability.capabilityType,
      control_type: widget.capability.controlType,
      value: command.value,
      reply_topic: topicOf.commandResponse(command.correlationId),
      timestamp: formatMicros(command.createdAt.getTime() * 1000),
    });
  };

  const sessionOf = (devicePk: number) => {
    const device = live.deviceByPk(devicePk);
    return device === undefined ? undefined : sessions.device(device.deviceId);
  };

  return {
    reachable: (devicePk) => sessionOf(devicePk)?.commandTopic() != null,

    deliver: async (command) => {
      const session = sessionOf(command.devicePk);
      const target = session?.commandTopic();
      const payload = payloadOf(command);
      if (session === undefined || target == null || payload === null) return false;
      const sent = session.send(target.topic, payload);
      const { traceId, id } = command;
      log.debug(
        { trace_id: traceId, command_id: id, ...target, client: session.name, sent },
        'command published',
      );
      if (sent) publishCopy(target.topic, payload);
      return sent;
    },

    pair: (device, deviceKey) => {
      const { deviceId } = device;
      const session = sessions.device(deviceId);
      if (session === undefined) return Promise.resolve({ outcome: 'offline' });
      if (pairings.has(deviceId)) {
        return Promise.resolve({
          outcome: 'rejected',
          message: 'another pairing of this device is under way',
        });
      }
      return new Promise<PairAnswer>((resolve) => {
        const finish = (answer: PairAnswer) => {
          clearTimeout(timer);
          pairings.delete(deviceId);
          session.forget(topicOf.pairRequest(deviceId));
          resolve(answer);
        };
        const timer = setTimeout(() => finish({ outcome: 'timeout' }), pairTimeoutMs);
        pairings.set(deviceId, finish);
        const request = JSON.stringify({ device_key: deviceKey });
        session.sendOrHold(topicOf.pairRequest(deviceId), request);
      });
    },

    pairAnswered: (deviceId, answer) => {
      const finish = pairings.get(deviceId);
      finish?.(answer);
      return finish !== undefined;
    },

    endDeviceSessions: async (deviceId) => sessions.end(hangsOn.device(deviceId)),
    endUserSessions: async (userId) => sessions.end(hangsOn.user(userId)),
    endTokenSessions: async (tokenId) => sessions.end(hangsOn.token(tokenId)),

    forgetDevice: async (deviceId) => {
      sessions.end(hangsOn.device(deviceId));
      stored.dropRetained((topic) => deviceLevel(topic) === deviceId);
      await stored.dropSession(deviceId);
    },
    forgetUser: async (userId) => {
      sessions.end(hangsOn.user(userId));
      await stored.dropSessions((clientId) => clientId.startsWith(sessionPrefix(userId)));
    },
  };
}
