import { setTimeout as sleep } from 'node:timers/promises';
import type { Bus, Nodes } from '../domain/cluster.ts';
import type { Log } from '../domain/ports.ts';
import type { Micros, Value } from '../domain/types.ts';
import type { LocalLiveState } from '../live-state/index.ts';
import type { LiveDevice, LiveState, LiveWidget } from '../live-state/types.ts';

/** What has changed is told together so often. */
const TELL_EVERY_MS = 200;
const VALUES_OF_ONE = 1000;
/** Apps poll every ten seconds, hidden ones each minute. */
const WATCH_MS = 90_000;
const RENEW_BEFORE_MS = 45_000;
/** While Redis is away a room is read from the database, this often at most. */
const READ_AGAIN_MS = 1000;
const ASK_MS = 300;

type ToldValue = readonly [widgetId: number, at: Micros, seq: number, value: Value];

/** Whether what is known here of devices that other nodes hold is what a person may be shown. */
export interface Freshness {
  isFresh(roomId: number): boolean;
  /** Resolves once it is; or once that could not be done, and what is known must do. */
  refreshRoom(roomId: number): Promise<void>;
  refreshDevices(devices: readonly LiveDevice[]): Promise<void>;
  refreshWidgets(widgets: readonly LiveWidget[]): Promise<void>;
}

export interface SharedValuesDeps {
  live: LocalLiveState;
  bus: Bus;
  nodes: Pick<Nodes, 'others' | 'onGone'>;
  log: Log;
}

/**
 * Values of widgets between nodes: of the rooms that somebody looks at, and of no other. Whoever is asked for a room says so to
 * the others, reads from the database what has been stored so far, and is told of changes from then on.
 */
export function shareValues({ live, bus, nodes, log }: SharedValuesDeps) {
  const { loader, presence } = live;
  /** By room: until when this node is told of it, and when it was read from the database. */
  const watching = new Map<number, { until: number; readAt: number; running: Promise<void> | null }>();
  /** By room: until when another node looks at it. */
  const watched = new Map<number, number>();
  const changed = new Set<LiveWidget>();
  let timer: NodeJS.Timeout | undefined;

  const tell = () => {
    const all = [...changed];
    changed.clear();
    while (all.length > 0) {
      const part = all.splice(0, VALUES_OF_ONE);
      const values = part.map(({ id, valueAt, valueSeq, value }) => [id, valueAt, valueSeq, value]);
      bus.tell('values', values);
    }
    const now = performance.now();
    for (const [room, until] of watched) if (until < now) watched.delete(room);
    for (const [room, { until }] of watching) if (until < now - WATCH_MS) watching.delete(room);
  };

  const widgetsOf = (roomId: number): LiveWidget[] =>
    [...(live.room(roomId)?.devices ?? [])].flatMap((device) => [...device.widgets.values()]);

  bus.on('watch', (rooms: readonly number[]) => {
    const until = performance.now() + WATCH_MS * 1.5;
    for (const room of rooms) {
      const isNew = !watched.has(room);
      watched.set(room, until);
      if (!isNew) continue;
      // What was committed here since whoever asks has read the database.
      for (const widget of widgetsOf(room)) {
        if (widget.value !== null && presence.isHere(widget.device)) changed.add(widget);
      }
    }
    tell();
  });
  bus.on('values', (values: readonly ToldValue[]) => {
    for (const [id, at, seq, value] of values) live.applyReading(id, at, seq, value);
  });
  const readAllAgain = () => {
    for (const entry of watching.values()) entry.until = 0;
  };
  bus.onGap(readAllAgain);
  // It may have stored what it could not tell any more.
  nodes.onGone(readAllAgain);
  bus.onAnnounce(() => {
    const now = performance.now();
    const rooms = [...watching].filter(([, { until }]) => until > now).map(([room]) => room);
    if (rooms.length > 0) bus.tell('watch', rooms);
  });

  const tryTo = async (read: () => Promise<unknown>) => {
    try {
      await read();
    } catch (error) {
      log.debug({ err: error }, 'what other nodes have stored could not be read');
    }
  };

  const readRoom = async (roomId: number, entry: { until: number; readAt: number }) => {
    const began = performance.now();
    if (bus.ready) await bus.ask('watch', [roomId], ASK_MS);
    const far = widgetsOf(roomId).filter(({ device }) => !presence.isHere(device));
    await tryTo(() => loader.loadValuesOf(far.map(({ id }) => id)));
    entry.readAt = performance.now();
    entry.until = bus.ready ? began + WATCH_MS : 0;
  };

  const applyReading: LiveState['applyReading'] = (widgetId, at, seq, value) => {
    live.applyReading(widgetId, at, seq, value);
    if (watched.size === 0) return;
    const widget = live.widget(widgetId);
    const roomId = widget?.device.roomId ?? null;
    if (widget !== undefined && roomId !== null && watched.has(roomId)) changed.add(widget);
  };

  const areTold = () => bus.ready && bus.hears(nodes.others());

  const freshness: Freshness = {
    isFresh: (roomId) => {
      if (nodes.others().size === 0) return true;
      const entry = watching.get(roomId);
      if (entry === undefined) return false;
      const now = performance.now();
      if (!areTold()) return now - entry.readAt < READ_AGAIN_MS;
      if (entry.until < now) return false;
      if (entry.until - now < RENEW_BEFORE_MS && bus.tell('watch', [roomId])) entry.until = now + WATCH_MS;
      return true;
    },
    refreshRoom: (roomId) => {
      const entry = watching.get(roomId) ?? { until: 0, readAt: Number.NEGATIVE_INFINITY, running: null };
      watching.set(roomId, entry);
      entry.running ??= readRoom(roomId, entry).finally(() => {
        entry.running = null;
      });
      return entry.running;
    },
    refreshDevices: (devices) => {
      const far = devices.filter((device) => !presence.isHere(device)).map(({ pk }) => pk);
      return nodes.others().size === 0 ? Promise.resolve() : tryTo(() => loader.loadSigns(far));
    },
    refreshWidgets: (widgets) => {
      const far = widgets.filter(({ device }) => !presence.isHere(device)).map(({ id }) => id);
      return nodes.others().size === 0 ? Promise.resolve() : tryTo(() => loader.loadValuesOf(far));
    },
  };

  return {
    applyReading,
    freshness,
    start: (): void => {
      timer = setInterval(tell, TELL_EVERY_MS);
    },
    stop: async (): Promise<void> => {
      clearInterval(timer);
      tell();
      // What is on its way goes before the bus.
      await sleep(0);
    },
  };
}
