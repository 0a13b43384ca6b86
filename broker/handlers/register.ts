import { DomainError } from '../../db/domain/errors.ts';
import { createGate } from '../../db/domain/gate.ts';
import type { EventLog } from '../../db/domain/ports.ts';
import { formatMicros } from '../../db/domain/time.ts';
import type { LiveState } from '../../db/live-state/types.ts';
import type { DeviceStore } from '../../db/stores/devices.ts';
import type { Registered, Registration } from '../../db/stores/register-device.ts';
import { type Handler, handleAsync, type Message } from '../message.ts';
import { parseFields } from '../messages/json.ts';
import { parseRegistration } from '../messages/registration.ts';
import { untilStored } from '../patience.ts';
import { Refusal } from '../refusal.ts';
import type { Session } from '../sessions.ts';
import { topicOf } from '../topics.ts';

/** Registrations in the database at once: the readings of others must get their turn on the one embedded backend. */
const MAX_RUNNING = 4;

export interface RegisterDeps {
  live: LiveState;
  devices: Pick<DeviceStore, 'register'>;
  events: EventLog;
  now: () => number;
  /** Resolves once other nodes know what was changed here; null: there is none. */
  told: (() => Promise<void>) | null;
}

/** Adds the device or updates what it says of itself, and answers on its `register/response`. */
export function createRegisterHandler(deps: RegisterDeps): Handler {
  const { live, devices, events, now, told } = deps;
  // Who waits is bounded by the packets that each connection may have under way.
  const gate = createGate({ concurrency: MAX_RUNNING });

  const ownId = (session: Session): string => {
    if (session.identity.kind === 'person') throw new Refusal('not_allowed', 'only devices register');
    return session.identity.deviceId;
  };

  const register = async (session: Session, registration: Registration): Promise<Registered> => {
    const { identity } = session;
    const enrolment = identity.kind === 'person' ? null : identity.enrolment;
    const by = {
      enrollmentId: enrolment?.id ?? null,
      giveSecret: enrolment !== null,
      proven: enrolment?.certified === true,
    };
    // What it logged in to has been removed: it must not make itself anew.
    if (identity.kind === 'device' && live.deviceByPk(identity.device.pk) !== identity.device) {
      throw new Refusal('not_allowed', 'this device has been removed');
    }
    try {
      const registered = await untilStored(session, () => gate.run(() => devices.register(registration, by)));
      // What let it in was withdrawn meanwhile, and it has shown nothing else.
      if (identity.kind === 'enrolling' && !by.proven && registered.secret === null) {
        throw new Refusal('not_allowed', 'this device has its secret and may not enrol again');
      }
      return registered;
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      throw new Refusal(error.code === 'FORBIDDEN' ? 'not_allowed' : 'limit', error.message);
    }
  };

  const admit = (session: Session, registered: Registered) => {
    const device = live.putDevice(registered.device);
    for (const widget of registered.widgets) live.putWidget(widget);
    const { identity } = session;
    if (identity.kind === 'enrolling') {
      session.identity = {
        kind: 'device',
        deviceId: device.deviceId,
        device,
        enrolment: identity.enrolment,
      };
      if (!session.client.closed) live.connected(device, session);
    }
    live.beat(device);
    if (registered.created) {
      events.record({
        kind: 'device_registered',
        actor: device.deviceId,
        deviceId: device.deviceId,
        ...(device.roomId !== null && { roomId: device.roomId }),
        detail: { address: session.address, widgets: registered.widgetsCreated },
      });
    }
  };

  const answer = (message: Message, deviceId: string, result: object) => {
    const payload = JSON.stringify({ ...result, timestamp: formatMicros(now() * 1000) });
    message.session.sendOrHold(topicOf.registerResponse(deviceId), payload);
  };

  return handleAsync(async (message) => {
    const { session } = message;
    const deviceId = ownId(session);
    try {
      const registration = parseRegistration(parseFields(message.payload));
      if (registration.deviceId !== deviceId) {
        throw new Refusal('not_allowed', `device_id must be the client id of this connection, ${deviceId}`);
      }
      const registered = await register(session, registration);
      admit(session, registered);
      // Whoever has the answer may ask any node.
      await told?.();
      answer(message, deviceId, {
        status: registered.created ? 'registered' : 'already_registered',
        device_id: deviceId,
        ...(registered.secret !== null && { device_secret: registered.secret }),
        widgets_created: registered.widgetsCreated,
      });
    } catch (error) {
      if (error instanceof Refusal) {
        answer(message, deviceId, { status: 'error', code: error.code, message: error.message });
      }
      throw error;
    }
  });
}
