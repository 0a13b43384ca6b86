import type { Link, Links } from './links.ts';
import { type Heard, keyOf, type OwnRecord, writePacket } from './packet.ts';
import { nothingElse, ownNames, type Service, sharedRecords, uniqueRecords } from './records.ts';

/** What others may have to say as well is told after a moment of 20 to 120 ms [RFC 6762, 6]. */
const DELAY_MS = 20;
const SPREAD_MS = 100;
/** A record is not told again on a network within this; to whoever wants our name, sooner. */
const AGAIN_MS = 1000;
const AGAIN_TO_PROBES_MS = 250;
/** To resolvers that know nothing of mDNS. */
const LEGACY_TTL = 10;
const LEGACY_PER_SECOND = 20;

export const AUTHORITATIVE = 1 << 10;

interface Due {
  answers: Map<string, OwnRecord>;
  timer: NodeJS.Timeout;
}

export interface AnswersDeps {
  services: readonly Service[];
  links: Pick<Links, 'send'>;
  monotonic: () => number;
}

/** Answers what is asked of a name that is ours. At most as much waits as there is to tell. */
export function createAnswers({ services, links, monotonic }: AnswersDeps) {
  const due = new Map<string, Due>();
  /** When a record was told on a link. */
  let toldAt = new Map<string, number>();
  let legacy = { second: 0, count: 0 };

  const matching = (label: string, link: Link, { questions, answers }: Heard): OwnRecord[] => {
    const unique = uniqueRecords(label, services, link);
    const all = [...unique, ...sharedRecords(label, services)];
    const names = ownNames(label, services);
    const known = new Set(
      answers.flatMap((record) => ('ttl' in record && (record.ttl ?? 0) > 0 ? [keyOf(record)] : [])),
    );
    const found = new Map<string, OwnRecord>();
    for (const { name, type } of questions) {
      const fitting = all.filter((one) => one.name === name && (type === 'ANY' || one.type === type));
      if (fitting.length === 0 && names.includes(name)) fitting.push(nothingElse(name, unique));
      for (const record of fitting) {
        const key = keyOf(record);
        if (!known.has(key)) found.set(key, record);
      }
    }
    return [...found.values()];
  };

  /** What whoever asked will want next. */
  const additionals = (label: string, link: Link, answers: readonly OwnRecord[]): OwnRecord[] => {
    if (!answers.some(({ type }) => type === 'PTR' || type === 'SRV' || type === 'A' || type === 'AAAA'))
      return [];
    const unique = uniqueRecords(label, services, link);
    const there = new Set(answers.map(keyOf));
    const onlyHost = !answers.some(({ type }) => type === 'PTR' || type === 'SRV');
    const [host = ''] = ownNames(label, services);
    return [...unique.filter(({ name }) => !onlyHost || name === host), nothingElse(host, unique)].filter(
      (record) => !there.has(keyOf(record)),
    );
  };

  const tell = (label: string, link: Link, answers: OwnRecord[]) => {
    if (answers.length === 0) return;
    for (const record of answers) toldAt.set(`${link.name} ${keyOf(record)}`, monotonic());
    const packet = { type: 'response', flags: AUTHORITATIVE, answers } as const;
    void links.send(link, writePacket({ ...packet, additionals: additionals(label, link, answers) }));
  };

  const answerLegacy = (label: string, link: Link, heard: Heard, send: (bytes: Buffer) => void) => {
    const second = Math.floor(monotonic() / 1000);
    if (legacy.second !== second) legacy = { second, count: 0 };
    if (++legacy.count > LEGACY_PER_SECOND) return;
    const answers = matching(label, link, { ...heard, answers: [] });
    if (answers.length === 0) return;
    send(
      writePacket({
        type: 'response',
        id: heard.id,
        flags: AUTHORITATIVE,
        questions: heard.questions.map(({ name, type }) => ({
          name,
          type: type as OwnRecord['type'],
          class: 'IN',
        })),
        answers: answers.map((record) => ({
          ...record,
          ttl: Math.min(record.ttl ?? LEGACY_TTL, LEGACY_TTL),
          flush: false,
        })),
      }),
    );
  };

  const answer = (label: string, link: Link, heard: Heard) => {
    const isProbe = heard.authorities.length > 0;
    const again = isProbe ? AGAIN_TO_PROBES_MS : AGAIN_MS;
    const answers = matching(label, link, heard).filter(
      (record) =>
        monotonic() - (toldAt.get(`${link.name} ${keyOf(record)}`) ?? Number.NEGATIVE_INFINITY) >= again,
    );
    if (answers.length === 0) return;
    if (isProbe || answers.every(({ flush }) => flush === true)) return tell(label, link, answers);
    const waiting = due.get(link.name)?.answers ?? new Map<string, OwnRecord>();
    for (const record of answers) waiting.set(keyOf(record), record);
    if (due.has(link.name)) return;
    const timer = setTimeout(
      () => {
        due.delete(link.name);
        tell(label, link, [...waiting.values()]);
      },
      DELAY_MS + Math.random() * SPREAD_MS,
    );
    timer.unref();
    due.set(link.name, { answers: waiting, timer });
  };

  return {
    answer,
    answerLegacy,
    /** What waits is of a name, or of addresses, that are ours no longer. */
    forget(): void {
      for (const { timer } of due.values()) clearTimeout(timer);
      due.clear();
      toldAt = new Map();
    },
  };
}
