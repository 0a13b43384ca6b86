interface Point {
  at: string;
  avg: number | null;
}

/** Intervals without a reading that the line passes over. */
const BRIDGED = 3;
const MARGIN = 2;

/** Averages as the path of a line, broken where readings are missing. Empty when there is no line to draw. */
export function sparkPath(
  points: readonly Point[],
  intervalS: number,
  width: number,
  height: number,
): string {
  const known = points.flatMap(({ at, avg }) => (avg === null ? [] : [{ at: Date.parse(at), avg }]));
  const [first] = known;
  const last = known.at(-1);
  if (first === undefined || last === undefined || last.at === first.at) return '';
  const values = known.map(({ avg }) => avg);
  const low = Math.min(...values);
  const high = Math.max(...values);
  const room = height - 2 * MARGIN;
  const parts: string[] = [];
  let before = Number.NEGATIVE_INFINITY;
  for (const { at, avg } of known) {
    const x = ((at - first.at) / (last.at - first.at)) * width;
    const y = high === low ? height / 2 : height - MARGIN - ((avg - low) / (high - low)) * room;
    const joined = at - before <= intervalS * 1000 * BRIDGED;
    parts.push(`${joined ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`);
    before = at;
  }
  return parts.join('');
}
