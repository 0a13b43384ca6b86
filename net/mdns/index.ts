import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from 'dns-packet';
import type { Log } from '../../db/domain/ports.ts';
import { isOwnAddress } from '../../db/machine-addresses.ts';
import { AUTHORITATIVE, createAnswers } from './answers.ts';
import { createLinks, type Link, MDNS_PORT, type Sender } from './links.ts';
import { type Heard, keyOf, orderOf, readPacket, writePacket } from './packet.ts';
import { hostOf, nothingElse, ownNames, type Service, sharedRecords, uniqueRecords } from './records.ts';

export type { Service } from './records.ts';

const PROBES = 3;
const PROBE_EVERY_MS = 250;
const ANNOUNCE_AGAIN_MS = 1000;
/** Who wanted the name at the same time and would have got it, is asked again whether it has it now. */
const YIELD_MS = 1000;
/** After so many conflicts in so short a time a machine is broken or hostile: slowly from then on [RFC 6762, 8.1]. */
const MANY_CONFLICTS = 15;
const CONFLICTS_WITHIN_MS = 10_000;
const SLOW_MS = 5000;
/** Forty boxes in one network each have a number; one that finds none that is free begins again after a pause. */
const MAX_NUMBER = 99;
const REST_MS = 600_000;

export interface MdnsDeps {
  /** The name that is wanted, without `.local`. */
  name: string;
  /** The one that was had last: a box keeps its number. */
  lastName: string | null;
  services: readonly Service[];
  log: Log;
  /** Milliseconds that no clock adjustment moves. */
  monotonic: () => number;
  /** This name is ours. */
  onName: (name: string) => void;
}

/**
 * Announces this machine by mDNS [RFC 6762] with its services [RFC 6763]: asks whether the name is free, takes the next
 * number where it is not, and answers for it from then on. Nothing of it throws.
 */
export function createMdns({ name, lastName, services, log, monotonic, onName }: MdnsDeps) {
  let label = lastName ?? name;
  let state: 'asking' | 'ours' | 'silent' = 'silent';
  let turn = new AbortController();
  let conflicts: number[] = [];

  const links = createLinks({
    ...{ log, monotonic },
    onPacket: (link, bytes, sender, answer) => hear(link, bytes, sender, answer),
    onChange: () => begin(0),
  });
  const answers = createAnswers({ services, links, monotonic });

  /** On any of the networks: of a machine with two in the same one, each hears the other. */
  const isOurs = (record: Answer): boolean => {
    // Another responder of this machine may tell its addresses too.
    if ((record.type === 'A' || record.type === 'AAAA') && isOwnAddress(record.data)) return true;
    const key = keyOf(record);
    return links.all().some((link) => uniqueRecords(label, services, link).some((own) => keyOf(own) === key));
  };
  const contradicts = (record: Answer): boolean => {
    if (record.type === 'OPT' || record.type === 'NSEC') return false;
    if (!ownNames(label, services).includes(record.name.toLowerCase())) return false;
    return (record.ttl ?? 0) > 0 && !isOurs(record);
  };

  const probe = () => {
    const questions = ownNames(label, services).map(
      (own) => ({ name: own, type: 'ANY', class: 'IN' }) as never,
    );
    for (const link of links.all()) {
      const authorities = uniqueRecords(label, services, link).map((record) => ({ ...record, flush: false }));
      void links.send(link, writePacket({ type: 'query', questions, authorities }));
    }
  };

  /** `gone`: nobody is to rely on it any longer. */
  const announce = async (gone = false) => {
    const packets = links.all().map(async (link) => {
      const unique = uniqueRecords(label, services, link);
      const records = [...sharedRecords(label, services), ...unique];
      const packet = writePacket({
        type: 'response',
        flags: AUTHORITATIVE,
        answers: gone ? records.map((record) => ({ ...record, ttl: 0 })) : records,
        additionals: gone ? [] : [nothingElse(hostOf(label), unique)],
      });
      await links.send(link, packet);
    });
    await Promise.all(packets);
  };

  const takeName = async (signal: AbortSignal, pause: number) => {
    const rest = (ms: number) => sleep(ms, undefined, { signal, ref: false });
    await rest(pause + Math.random() * PROBE_EVERY_MS);
    state = 'asking';
    for (let i = 0; i < PROBES; i++) {
      probe();
      await rest(PROBE_EVERY_MS);
    }
    state = 'ours';
    const addresses = links.all().flatMap((link) => link.addresses.map(({ address }) => address));
    log.info({ name: hostOf(label), addresses }, 'announced by mDNS');
    if (label !== name)
      log.warn(
        { name: hostOf(label) },
        `another machine is ${hostOf(name)}: mDNS knows this one by a number`,
      );
    onName(label);
    await announce();
    await rest(ANNOUNCE_AGAIN_MS);
    await announce();
  };

  function begin(pause: number): void {
    turn.abort();
    turn = new AbortController();
    answers.forget();
    state = 'silent';
    if (links.all().length === 0) return;
    const { signal } = turn;
    takeName(signal, pause).catch((error: unknown) => {
      if (!signal.aborted) log.warn({ err: error }, 'mDNS could not announce this machine');
    });
  }

  /** Another machine has the name, or says so. */
  const conflict = (isTaken: boolean) => {
    const now = monotonic();
    conflicts = [...conflicts.filter((at) => now - at < CONFLICTS_WITHIN_MS), now].slice(-MANY_CONFLICTS);
    let pause = conflicts.length >= MANY_CONFLICTS ? SLOW_MS : 0;
    if (isTaken) {
      const number = Number(label.slice(name.length + 1) || 1) + 1;
      if (number > MAX_NUMBER) pause = REST_MS;
      label = number > MAX_NUMBER ? name : `${name}-${number}`;
    }
    begin(pause);
  };

  /** Does the other one, who asks for the name at the same time, get it [RFC 6762, 8.2]? */
  const yieldsTo = (link: Link, { authorities }: Heard): boolean =>
    ownNames(label, services).some((own) => {
      const theirs = authorities.filter((record) => record.name.toLowerCase() === own);
      if (theirs.every(isOurs)) return false;
      const ours = orderOf(uniqueRecords(label, services, link).filter((record) => record.name === own));
      const others = orderOf(theirs);
      for (const [i, other] of others.entries()) {
        const mine = ours[i];
        if (mine === undefined) return true;
        const order = Buffer.compare(mine, other);
        if (order !== 0) return order < 0;
      }
      return false;
    });

  const take = (link: Link, heard: Heard, sender: Sender, send: (bytes: Buffer) => void) => {
    const isQuerier = sender.port === MDNS_PORT;
    if (heard.isResponse) {
      if (isQuerier && [...heard.answers, ...heard.additionals].some(contradicts))
        conflict(state === 'asking');
    } else if (state === 'asking') {
      if (isQuerier && yieldsTo(link, heard)) begin(YIELD_MS);
    } else if (isQuerier) answers.answer(label, link, heard);
    else answers.answerLegacy(label, link, heard, send);
  };

  function hear(link: Link, bytes: Buffer, sender: Sender, send: (bytes: Buffer) => void): void {
    const heard = state === 'silent' ? null : readPacket(bytes);
    if (heard === null) return;
    try {
      take(link, heard, sender, send);
    } catch (error) {
      log.debug({ err: error, from: sender.address }, 'a packet of mDNS makes no sense');
    }
  }

  return {
    start: (): void => links.start(),
    /** Says goodbye, so that nobody looks for what is gone. */
    async stop(): Promise<void> {
      turn.abort();
      answers.forget();
      if (state === 'ours') await announce(true);
      state = 'silent';
      links.stop();
    },
  };
}
