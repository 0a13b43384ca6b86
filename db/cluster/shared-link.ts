import { randomBytes } from 'node:crypto';
import type { Notices } from '../domain/cluster.ts';
import type { DeviceLink, PairAnswer } from '../domain/ports.ts';
import type { Presence } from '../live-state/presence.ts';
import type { LiveState } from '../live-state/types.ts';

/** Beyond what the other node itself waits. */
const ANSWER_MARGIN_MS = 2000;
/** Of what a device says, whatever it is written in: a notice that is too large tells nothing. */
const MAX_REASON = 1000;

type Key = readonly [
  what: 'device' | 'user' | 'token' | 'forget-device' | 'forget-user',
  id: string | number,
];

export interface SharedLinkDeps {
  /** To what is connected to this node. */
  link: DeviceLink;
  live: Pick<LiveState, 'device'>;
  presence: Pick<Presence, 'isHere' | 'nodeOf'>;
  notices: Notices;
  pairTimeoutMs: number;
  /** Nobody knows any more what was taken away meanwhile. */
  endAll: () => void;
}

const shortened = (answer: PairAnswer) =>
  answer.outcome === 'rejected' ? { ...answer, message: answer.message.slice(0, MAX_REASON) } : { ...answer };

/** Reaches devices and people whatever node they are connected to. */
export function shareLink(deps: SharedLinkDeps): DeviceLink {
  const { link, live, presence, notices, pairTimeoutMs, endAll } = deps;
  const pairings = new Map<string, (answer: PairAnswer) => void>();

  const endHere = ([what, id]: Key): Promise<void> => {
    if (what === 'device') return link.endDeviceSessions(String(id));
    if (what === 'user') return link.endUserSessions(Number(id));
    if (what === 'token') return link.endTokenSessions(String(id));
    return what === 'forget-device' ? link.forgetDevice(String(id)) : link.forgetUser(Number(id));
  };
  const end = async (key: Key): Promise<void> => {
    notices.send('end', key, { kept: true });
    await endHere(key);
  };
  notices.on('end', endHere);
  notices.on('deaf', endAll);

  notices.on('pair', ([request, deviceId, key]: readonly [string, string, string], from) => {
    const device = live.device(deviceId);
    if (device === undefined || !presence.isHere(device)) return;
    // Not waited for: a person may take half a minute to press the button.
    void link.pair(device, key).then((answer) => notices.send('paired', [from, request, shortened(answer)]));
  });
  notices.on('paired', ([, request, answer]: readonly [string, string, PairAnswer]) => {
    pairings.get(request)?.(answer);
  });

  const pairElsewhere = (deviceId: string, key: string): Promise<PairAnswer> =>
    new Promise((resolve) => {
      const request = randomBytes(8).toString('hex');
      const finish = (answer: PairAnswer) => {
        clearTimeout(timer);
        pairings.delete(request);
        resolve(answer);
      };
      const timer = setTimeout(() => finish({ outcome: 'timeout' }), pairTimeoutMs + ANSWER_MARGIN_MS);
      pairings.set(request, finish);
      notices.send('pair', [request, deviceId, key]);
    });

  return {
    deliver: link.deliver,
    reachable: link.reachable,
    pair: async (device, key) => {
      const isHere = () => {
        const known = live.device(device.deviceId);
        return known !== undefined && presence.isHere(known);
      };
      if (isHere()) return link.pair(device, key);
      // Another node may have told of it just now.
      if (presence.nodeOf(device.pk) === null) await notices.barrier();
      return isHere() || presence.nodeOf(device.pk) === null
        ? link.pair(device, key)
        : pairElsewhere(device.deviceId, key);
    },
    endDeviceSessions: (deviceId) => end(['device', deviceId]),
    endUserSessions: (userId) => end(['user', userId]),
    endTokenSessions: (tokenId) => end(['token', tokenId]),
    forgetDevice: (deviceId) => end(['forget-device', deviceId]),
    forgetUser: (userId) => end(['forget-user', userId]),
  };
}
