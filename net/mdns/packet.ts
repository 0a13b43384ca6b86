import type { Answer, NsecAnswer, Packet, SrvAnswer, StringAnswer, TxtAnswer } from 'dns-packet';
import dns from 'dns-packet';

/** What we tell of ourselves. */
export type OwnRecord = StringAnswer | SrvAnswer | TxtAnswer | NsecAnswer;

/** No resolver asks for more, and names that lead to names are followed in no time. */
const MAX_BYTES = 1500;
const MAX_QUESTIONS = 64;
const MAX_RECORDS = 256;
const HEADER_BYTES = 12;
/** Of a record under the name `.`: name, type, class, time to live, length. */
const RDATA_AT = HEADER_BYTES + 11;
const TYPES: Record<string, number> = { A: 1, PTR: 12, TXT: 16, AAAA: 28, SRV: 33, NSEC: 47 };

export interface Heard {
  id: number;
  isResponse: boolean;
  questions: { name: string; type: string }[];
  answers: Answer[];
  authorities: Answer[];
  additionals: Answer[];
}

/** null: it is no packet of mDNS, or one that nobody honest sends. */
export function readPacket(bytes: Buffer): Heard | null {
  if (bytes.length < HEADER_BYTES || bytes.length > MAX_BYTES) return null;
  const [flags, questions, ...records] = [2, 4, 6, 8, 10].map((at) => bytes.readUInt16BE(at)) as [
    number,
    number,
    ...number[],
  ];
  // An opcode or a return code makes it something else [RFC 6762, 18.3 and 18.11].
  if ((flags & 0x780f) !== 0) return null;
  if (questions > MAX_QUESTIONS || records.reduce((sum, count) => sum + count, 0) > MAX_RECORDS) return null;
  try {
    const packet = dns.decode(bytes);
    return {
      id: packet.id ?? 0,
      isResponse: packet.type === 'response',
      questions: (packet.questions ?? []).map(({ name, type }) => ({ name: name.toLowerCase(), type })),
      answers: packet.answers ?? [],
      authorities: packet.authorities ?? [],
      additionals: packet.additionals ?? [],
    };
  } catch {
    return null;
  }
}

export const writePacket = (packet: Packet): Buffer => dns.encode(packet);

/** The bytes of what a record says, names in small letters; null for a type that we never tell. */
function rdataOf(record: Answer): Buffer | null {
  switch (record.type) {
    case 'A':
    case 'AAAA':
    case 'TXT':
    case 'NSEC':
      return bytesOf(record);
    case 'PTR':
      return bytesOf({ ...record, data: record.data.toLowerCase() });
    case 'SRV':
      return bytesOf({ ...record, data: { ...record.data, target: record.data.target.toLowerCase() } });
    default:
      return null;
  }
}

function bytesOf(record: OwnRecord): Buffer {
  return writePacket({ answers: [{ ...record, name: '.', class: 'IN', ttl: 0, flush: false }] }).subarray(
    RDATA_AT,
  );
}

/** Two records with the same key say the same. */
export const keyOf = (record: Answer): string =>
  `${record.name.toLowerCase()} ${record.type} ${rdataOf(record)?.toString('hex') ?? ''}`;

/** For the order in which those who want a name at once compare what they have [RFC 6762, 8.2]. */
export function orderOf(records: readonly Answer[]): Buffer[] {
  return records
    .map((record) => {
      const type = Buffer.alloc(2);
      type.writeUInt16BE(TYPES[record.type] ?? 0xffff);
      return Buffer.concat([type, rdataOf(record) ?? Buffer.alloc(0)]);
    })
    .sort(Buffer.compare);
}
