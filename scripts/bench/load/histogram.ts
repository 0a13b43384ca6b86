/** Microseconds up to which every value has a place of its own; above it 64 places for each doubling: 1.6 % apart. */
const EXACT = 128;
const PER_OCTAVE = 64;
const OCTAVES = 24;

/** Milliseconds: quantiles of what was measured. */
export interface Latencies {
  count: number;
  p50: number;
  p99: number;
  p999: number;
  max: number;
}

/** Latencies in a fixed room, however many there are. */
export class Histogram {
  readonly #places = new Uint32Array(EXACT + PER_OCTAVE * OCTAVES);
  #count = 0;
  #max = 0;

  add(milliseconds: number): void {
    const micros = Math.max(0, Math.round(milliseconds * 1000));
    const place = Math.min(placeOf(micros), this.#places.length - 1);
    this.#places[place] = (this.#places[place] ?? 0) + 1;
    this.#count++;
    if (milliseconds > this.#max) this.#max = milliseconds;
  }

  clear(): void {
    this.#places.fill(0);
    this.#count = 0;
    this.#max = 0;
  }

  #at(part: number): number {
    let left = Math.ceil(this.#count * part);
    for (const [place, count] of this.#places.entries()) {
      left -= count;
      if (left <= 0) return Math.min(this.#max, upperEnd(place) / 1000);
    }
    return this.#max;
  }

  summary(): Latencies {
    const none = this.#count === 0;
    const at = (part: number) => (none ? Number.NaN : this.#at(part));
    return {
      count: this.#count,
      p50: at(0.5),
      p99: at(0.99),
      p999: at(0.999),
      max: none ? Number.NaN : this.#max,
    };
  }
}

/** The shift that leaves 64 to 127. */
const octaveOf = (micros: number) => 31 - Math.clz32(Math.min(micros, 0x7fff_ffff)) - 6;

function placeOf(micros: number): number {
  if (micros < EXACT) return micros;
  const octave = octaveOf(micros);
  return EXACT + (octave - 1) * PER_OCTAVE + ((Math.min(micros, 0x7fff_ffff) >> octave) - PER_OCTAVE);
}

function upperEnd(place: number): number {
  if (place < EXACT) return place;
  const octave = Math.floor((place - EXACT) / PER_OCTAVE) + 1;
  return (((place - EXACT) % PER_OCTAVE) + PER_OCTAVE + 1) * 2 ** octave - 1;
}
