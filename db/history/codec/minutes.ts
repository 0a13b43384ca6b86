import type { Micros } from '../../domain/types.ts';
import { KIND } from '../../domain/value-codec.ts';
import { HOUR, MINUTE } from '../spans.ts';
import { MAX_STATES, SUM_SCALE, type Summary } from '../summary.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import { readNumbers, readTexts, readWholes, writeNumbers, writeTexts, writeWholes } from './columns.ts';

const VERSION = 1;
const MAX_MINUTES = HOUR / MINUTE;

export interface MinuteSummary {
  /** Start of the minute. */
  at: Micros;
  summary: Summary;
}

/** The summaries of an hour's minutes, ascending, as one value: a row for each would take ten times the room. */
export function packMinutes(hour: Micros, minutes: readonly MinuteSummary[]): Buffer {
  const out = new ByteWriter();
  out.byte(VERSION);
  out.byte(minutes.length);
  for (const { at } of minutes) out.byte((at - hour) / MINUTE);
  const all = minutes.map(({ summary }) => summary);
  const counted = all.filter(({ numbers }) => numbers > 0);
  const wholes = (of: readonly Summary[], pick: (summary: Summary) => number) =>
    writeWholes(out, of.map(pick));
  wholes(all, ({ count }) => count);
  wholes(all, ({ count, numbers }) => count - numbers);
  writeNumbers(
    out,
    counted.map(({ min }) => min ?? 0),
  );
  writeNumbers(
    out,
    counted.map(({ max }) => max ?? 0),
  );
  const sums = counted.map(({ sum }) => sum * SUM_SCALE);
  const finite = sums.every(Number.isFinite);
  out.byte(finite ? 1 : 0);
  writeNumbers(out, finite ? sums : counted.map(({ sum }) => sum));
  wholes(all, ({ last }) => last.kind);
  writeNumbers(
    out,
    all.flatMap(({ last }) => (last.num === null ? [] : [last.num])),
  );
  writeTexts(
    out,
    all.flatMap(({ last }) => (last.txt === null ? [] : [last.txt])),
  );
  writeStates(out, all);
  return out.packed();
}

function writeStates(out: ByteWriter, all: readonly Summary[]): void {
  const some = all.some(({ states }) => states !== null);
  out.byte(some ? 1 : 0);
  if (!some) return;
  const names = all.flatMap(({ states }) => [...(states?.times.keys() ?? [])]);
  out.varint(names.length);
  writeTexts(out, names);
  for (const { lead, states } of all) {
    out.varint(lead);
    out.varint(states === null ? 0 : states.times.size + 1);
    if (states === null) continue;
    out.varint(states.other);
    for (const time of states.times.values()) out.varint(time);
  }
}

function readStates(from: ByteReader, count: number): Pick<Summary, 'lead' | 'states'>[] {
  if (from.byte() === 0) return Array.from({ length: count }, () => ({ lead: 0, states: null }));
  const names = readTexts(from, from.count(count * MAX_STATES));
  let next = 0;
  return Array.from({ length: count }, () => {
    const lead = from.varint();
    const size = from.count(MAX_STATES + 1);
    if (size === 0) return { lead, states: null };
    const other = from.varint();
    const times = new Map<string, Micros>();
    for (let i = 1; i < size; i++) times.set(names[next++] ?? '', from.varint());
    return { lead, states: { times, other } };
  });
}

/** `lead` is 0 where the hour has no states. */
export function unpackMinutes(hour: Micros, packed: Uint8Array): MinuteSummary[] {
  const from = new ByteReader(packed);
  const version = from.byte();
  if (version !== VERSION) throw new RangeError(`packed minutes of an unknown form (${version})`);
  const length = from.count(MAX_MINUTES);
  const starts = Array.from({ length }, () => hour + from.byte() * MINUTE);
  if (starts.some((at) => at >= hour + HOUR)) throw new RangeError('packed minutes of another hour');
  const counts = readWholes(from, length);
  const others = readWholes(from, length);
  const numbers = counts.map((count, i) => count - (others[i] ?? 0));
  const counted = numbers.filter((count) => count > 0).length;
  const mins = readNumbers(from, counted);
  const maxs = readNumbers(from, counted);
  const finite = from.byte() === 1;
  const sums = readNumbers(from, counted);
  const kinds = readWholes(from, length);
  const hasNumber = (kind: number) => kind !== KIND.text;
  const hasText = (kind: number) => kind === KIND.text || kind === KIND.decoratedNumericText;
  const nums = readNumbers(from, kinds.filter(hasNumber).length);
  const texts = readTexts(from, kinds.filter(hasText).length);
  const states = readStates(from, length);
  from.end();
  let nextCounted = 0;
  let nextNumber = 0;
  let nextText = 0;
  return starts.map((at, i) => {
    const kind = kinds[i] ?? KIND.text;
    const some = (numbers[i] ?? 0) > 0;
    const c = some ? nextCounted++ : -1;
    const sum = sums[c] ?? 0;
    return {
      at,
      summary: {
        count: counts[i] ?? 0,
        numbers: numbers[i] ?? 0,
        min: mins[c] ?? null,
        max: maxs[c] ?? null,
        sum: finite ? sum / SUM_SCALE : sum,
        last: {
          kind,
          num: hasNumber(kind) ? (nums[nextNumber++] ?? 0) : null,
          txt: hasText(kind) ? (texts[nextText++] ?? '') : null,
        },
        lead: states[i]?.lead ?? 0,
        states: states[i]?.states ?? null,
      },
    };
  });
}
