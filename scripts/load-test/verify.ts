import type { Rest } from '../../test/helpers/rest.ts';
import type { Books } from './ledger.ts';

export interface Verdict {
  sent: number;
  acknowledged: number;
  stored: number;
  /** Acknowledged and not stored. */
  lost: string[];
  /** Copies of readings without a timestamp whose acknowledgement was lost in a kill. */
  unrecognised: number;
  /** Stored more often than it may be. */
  repeated: string[];
  /** Stored, and never sent so. */
  foreign: string[];
}

const SHOWN = 5;

/** All readings of a widget as `[milliseconds, seq, value]`. */
export async function storedOf(rest: Rest, deviceId: string): Promise<[number, number, number][]> {
  const { widget_id } = await rest.widget(deviceId, 'load');
  const { status, body } = await rest.call<string>('GET', `/api/widgets/${widget_id}/readings`, undefined, {
    Accept: 'text/csv',
  });
  if (status !== 200) throw new Error(`readings of ${deviceId}: ${status}`);
  return body
    .trimEnd()
    .split('\r\n')
    .slice(1)
    .map((line) => {
      const fields = line.split(',');
      return [Date.parse(fields[0] ?? ''), Number(fields.at(-2)), Number(fields.at(-1))];
    });
}

/**
 * Compares the books with what REST gives back: what was acknowledged is there, once, with its value. A reading
 * without a timestamp that was unacknowledged at a kill may be there once more for each such kill: its first copy is
 * no longer known then. One whose acknowledgement was lost in any other way may not.
 */
export async function verify(rest: Rest, devices: readonly string[], books: Books): Promise<Verdict> {
  const counts = new Map<string, number>();
  const foreign: string[] = [];
  let stored = 0;
  for (const deviceId of devices) {
    const untimed = new Map<number, string>();
    for (const [key, value] of books.sent)
      if (key.startsWith(`${deviceId}|untimed|`)) untimed.set(value, key);
    for (const [at, seq, value] of await storedOf(rest, deviceId)) {
      stored++;
      const timed = `${deviceId}|${at}|${seq}`;
      const key = untimed.get(value) ?? timed;
      if (books.sent.get(key) === value) counts.set(key, (counts.get(key) ?? 0) + 1);
      else foreign.push(`${timed}=${value}`);
    }
  }
  const lost = [...books.acknowledged].filter((key) => !counts.has(key));
  const allowed = (key: string) => 1 + (key.includes('|untimed|') ? (books.killed.get(key) ?? 0) : 0);
  const repeated = [...counts].filter(([key, count]) => count > allowed(key)).map(([key]) => key);
  const unrecognised = [...counts]
    .filter(([key]) => key.includes('|untimed|'))
    .reduce((sum, [, count]) => sum + count - 1, 0);
  return {
    unrecognised,
    sent: books.sent.size,
    acknowledged: books.acknowledged.size,
    stored,
    lost,
    repeated,
    foreign,
  };
}

export function describe(verdict: Verdict): string {
  const list = (keys: string[]) =>
    keys.length === 0 ? '0' : `${keys.length}: ${keys.slice(0, SHOWN).join(', ')}`;
  return [
    `readings sent            ${verdict.sent}`,
    `acknowledged             ${verdict.acknowledged}`,
    `stored                   ${verdict.stored}`,
    `acknowledged and lost    ${list(verdict.lost)}`,
    `stored twice             ${list(verdict.repeated)}`,
    `stored and never sent    ${list(verdict.foreign)}`,
    `untimed, again after a kill  ${verdict.unrecognised}`,
  ].join('\n');
}
