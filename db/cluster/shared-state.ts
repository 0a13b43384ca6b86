import type { Nodes, Notices } from '../domain/cluster.ts';
import { atMost } from '../domain/within.ts';
import type { LocalLiveState } from '../live-state/index.ts';
import type { Attendance } from '../live-state/presence.ts';
import type { LiveState } from '../live-state/types.ts';

/** Of one notice, which must stay small. */
const DEVICES_OF_ONE = 400;
const ATTENDANCES_OF_ONE = 200;

/** A node that does not answer keeps no other one from its work. */
const BEGIN_LIMIT_MS = 3000;

/** One letter each: thousands are told when a power cut ends. */
const LETTERS = { gone: 'g', silent: 's', online: 'o' } as const satisfies Record<Attendance, string>;
const ATTENDANCES: Record<string, Attendance> = { g: 'gone', s: 'silent', o: 'online' };
type ToldDevice = readonly [pk: number, fence: number, letter: string];

export interface SharedStateDeps {
  live: LocalLiveState;
  nodes: Pick<Nodes, 'onGone' | 'onLapse' | 'others'>;
  notices: Notices;
  /** The device has connected to another node since it did to this one. */
  evict: (deviceId: string) => void;
  /** Another node has removed it. */
  removed: (pk: number) => void;
}

export interface SharedState extends LiveState {
  /** Tells who is here, and asks the others; resolves once they have told, or after some seconds. */
  begin(): Promise<void>;
  /** Reads the devices that are connected here, and ends the sessions of those that may not be. */
  readHere(): Promise<void>;
}

/**
 * Live state that the nodes keep alike. Of what is in the database only the keys are told, and the others read it: so it does not
 * matter in which order they hear. Who is connected where is told itself.
 */
export function shareState({ live, nodes, notices, evict, removed }: SharedStateDeps): SharedState {
  const { loader, presence } = live;
  const changed = new Set<number>();
  /** Changed here while the database was being read: what was read may be older. */
  const touched = new Set<number>();
  let reading = false;
  const moved = new Map<number, ToldDevice>();
  let roomsChanged = false;
  let scheduled = false;

  const tellAttendances = (told: ToldDevice[]) => {
    while (told.length > 0) notices.send('presence', told.splice(0, ATTENDANCES_OF_ONE));
  };

  const tellAll = () => {
    scheduled = false;
    if (roomsChanged) notices.send('rooms', null);
    roomsChanged = false;
    const pks = [...changed];
    changed.clear();
    while (pks.length > 0) notices.send('devices', pks.splice(0, DEVICES_OF_ONE));
    // In the order in which things happen: a device is there before it is connected.
    tellAttendances([...moved.values()]);
    moved.clear();
  };
  const tellSoon = () => {
    if (scheduled) return;
    scheduled = true;
    queueMicrotask(tellAll);
  };
  const tellDevice = (pk: number) => {
    if (reading) touched.add(pk);
    changed.add(pk);
    tellSoon();
  };
  const tellRooms = () => {
    roomsChanged = true;
    tellSoon();
  };

  const drop = (pks: readonly number[]) => {
    for (const pk of pks) {
      live.removeDevice(pk);
      removed(pk);
    }
  };

  // One read at a time; what is told meanwhile is read together next.
  let due = new Set<number>();
  let next: Promise<void> | null = null;
  let last: Promise<void> = Promise.resolve();
  const readAndDrop = async (load: () => Promise<number[]>) => {
    reading = true;
    try {
      drop(await load());
    } finally {
      reading = false;
      const again = [...touched];
      touched.clear();
      if (again.length > 0) void read(again).catch(() => {});
    }
  };
  const readNext = () => {
    next = null;
    const pks = [...due];
    due = new Set();
    return readAndDrop(() => loader.loadDevices(pks));
  };
  const read = (pks: readonly number[]): Promise<void> => {
    for (const pk of pks) due.add(pk);
    if (next === null) {
      next = last.catch(() => {}).then(readNext);
      last = next;
    }
    return next;
  };
  const readAll = () => {
    last = last.catch(() => {}).then(() => readAndDrop(loader.loadAll));
    return last;
  };

  const hearPresence = (told: readonly ToldDevice[], from: string) => {
    for (const [pk, fence, letter] of told) {
      confirmed.get(from)?.add(pk);
      const attendance = ATTENDANCES[letter];
      if (attendance === undefined || !presence.heardElsewhere(from, pk, fence, attendance)) continue;
      const device = live.deviceByPk(pk);
      if (device !== undefined) evict(device.deviceId);
    }
  };

  /** Nodes that have not told yet who is there. */
  let untold = new Set<string>();
  let allTold = () => {};

  /** Devices of a node that tells all that it has, until it has told them all. */
  const confirmed = new Map<string, Set<number>>();
  const tellPresence = () => {
    notices.send('presence-begins', null);
    tellAttendances([...presence.here()].map(([pk, fence, attendance]) => [pk, fence, LETTERS[attendance]]));
    notices.send('presence-ends', null);
  };

  notices.on('rooms', () => loader.loadRooms());
  notices.on('devices', (pks: readonly number[]) => read(pks));
  notices.on('presence', hearPresence);
  notices.on('presence-begins', (_, from) => void confirmed.set(from, new Set()));
  notices.on('presence-ends', (_, from) => {
    const told = confirmed.get(from);
    confirmed.delete(from);
    if (told !== undefined) presence.forgetNode(from, (pk) => told.has(pk));
    untold.delete(from);
    if (untold.size === 0) allTold();
  });
  notices.on('who-is-there', tellPresence);
  const askAndTell = () => {
    notices.send('who-is-there', null);
    tellPresence();
  };
  const begin = async () => {
    untold = new Set(nodes.others());
    const told = new Promise<void>((resolve) => {
      allTold = resolve;
    });
    askAndTell();
    if (untold.size > 0) await atMost(BEGIN_LIMIT_MS, told, null);
  };
  notices.onGap(async () => {
    askAndTell();
    await readAll();
  });
  const readHere = async () => {
    const here = [...presence.here()].map(([pk]) => ({ pk, deviceId: live.deviceByPk(pk)?.deviceId }));
    for (let i = 0; i < here.length; i += DEVICES_OF_ONE) {
      await read(here.slice(i, i + DEVICES_OF_ONE).map(({ pk }) => pk));
    }
    for (const { pk, deviceId } of here) {
      if (deviceId !== undefined && live.deviceByPk(pk)?.revoked !== false) evict(deviceId);
    }
  };
  nodes.onGone((node) => {
    confirmed.delete(node);
    presence.forgetNode(node);
  });
  // The others took this node for dead, and have forgotten what it told.
  nodes.onLapse(tellPresence);
  presence.onChange((pk, fence, attendance) => {
    moved.set(pk, [pk, fence, LETTERS[attendance]]);
    tellSoon();
  });

  return {
    ...live,
    readHere,
    // What is told meanwhile is read after it.
    load: () => {
      last = live.load();
      return last;
    },
    begin,
    putRoom: (room) => {
      tellRooms();
      return live.putRoom(room);
    },
    removeRoom: (id) => {
      tellRooms();
      live.removeRoom(id);
    },
    putDevice: (device) => {
      tellDevice(device.pk);
      return live.putDevice(device);
    },
    removeDevice: (pk) => {
      tellDevice(pk);
      live.removeDevice(pk);
    },
    putWidget: (widget) => {
      tellDevice(widget.devicePk);
      return live.putWidget(widget);
    },
    setWidgetPlace: (id, place) => {
      const widget = live.widget(id);
      if (widget !== undefined) tellDevice(widget.devicePk);
      live.setWidgetPlace(id, place);
    },
  };
}
