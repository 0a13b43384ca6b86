import type {
  Command,
  ControlType,
  Device,
  LastError,
  Micros,
  Room,
  Value,
  Widget,
  WidgetStatus,
} from '../domain/types.ts';

/** A device as it is now: what the database holds, with its connection beside it. */
export interface LiveDevice extends Omit<Device, 'lastHeartbeat' | 'lastError'> {
  lastHeartbeat: Date | null;
  lastError: LastError | null;
  connected: boolean;
  /** Milliseconds since the epoch: when a packet of its connection last came. */
  heardAt: number;
  /** Connected and heard within OFFLINE_AFTER. */
  online: boolean;
  /** By widget id, in order of creation. */
  widgets: Map<number, LiveWidget>;
  /** By `capabilityKey`. */
  byCapability: Map<string, LiveWidget>;
  /** What its last reading was of, which mostly is what the next one is of. */
  lastReported: LiveWidget | null;
}

/** A reading finds its widget by what it measures and how it is controlled. */
export function capabilityKey(capabilityType: string, controlType: ControlType): string {
  return `${controlType}/${capabilityType}`;
}

export interface LiveWidget extends Widget {
  device: LiveDevice;
  value: Value | null;
  /** Time of the reading that `value` came from. */
  valueAt: Micros | null;
  valueSeq: number;
  pending: { value: Value; commandId: number; since: Date } | null;
}

export interface LiveRoom extends Room {
  devices: Set<LiveDevice>;
  /** Grows with every change that a person who looks at the room could see. */
  version: number;
}

/**
 * All that polling needs, in memory: rooms, devices, widgets, their latest values, presence and pending
 * commands. The database is the truth; this is read from it at start and changed only after a commit.
 */
export interface LiveState {
  load(): Promise<void>;

  device(deviceId: string): LiveDevice | undefined;
  deviceByPk(pk: number): LiveDevice | undefined;
  /** All devices, by ascending pk. */
  devices(): Iterable<LiveDevice>;
  widget(id: number): LiveWidget | undefined;
  room(id: number): LiveRoom | undefined;
  /** All rooms, by ascending id. */
  rooms(): Iterable<LiveRoom>;

  putRoom(room: Room): LiveRoom;
  /** Its devices stay, without a room. */
  removeRoom(id: number): void;
  /** Adds or replaces what the database holds of a device; presence is kept. */
  putDevice(device: Device): LiveDevice;
  removeDevice(pk: number): void;
  /** Adds or replaces what the database holds of a widget; its value and pending command are kept. */
  putWidget(widget: Widget): LiveWidget;
  setWidgetPlace(id: number, place: { order?: number; status?: WidgetStatus; name?: string }): void;

  /** Keeps a stored reading as the widget's value when it is the newest by (at, seq). */
  applyReading(widgetId: number, at: Micros, seq: number, value: Value): void;
  /** Follows a command: the youngest open one is what the widget shows as pending. */
  applyCommand(command: Command): void;

  /** `session` tells two connections of one device apart: the end of an older one changes nothing. */
  connected(device: LiveDevice, session: object): void;
  disconnected(device: LiveDevice, session: object): void;
  /** A packet came from a connected device. */
  heard(device: LiveDevice): void;
  /** A message came that counts as a sign of life: moves `lastHeartbeat`. */
  beat(device: LiveDevice): void;
  setLastError(device: LiveDevice, error: LastError): void;

  /** Starts the sweep for silent devices and the coalesced write of heartbeats and last errors. */
  start(): void;
  /** Writes what is not yet written. */
  stop(): Promise<void>;
}
