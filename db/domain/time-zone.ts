/** Zones change their distance from UTC at quarters of an hour. */
const QUARTER = 15 * 60_000;
const DAY = 24 * 60 * 60_000;
/** Distances that are remembered: to ask for one takes microseconds. */
const MAX_REMEMBERED = 10_000;

/** Is it a time zone by its IANA name, such as Asia/Bangkok? */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** How far a zone's clocks are ahead of UTC at a time; both in milliseconds. */
export function createOffset(timeZone: string): (at: number) => number {
  const format = new Intl.DateTimeFormat('en', {
    ...{ timeZone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric' },
    ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
  });
  const remembered = new Map<number, number>();

  const look = (at: number): number => {
    const parts = Object.fromEntries(
      format.formatToParts(at).map(({ type, value }) => [type, Number(value)]),
    );
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
    return Date.UTC(year, month - 1, day, hour, minute, second) - at;
  };

  return (at) => {
    const quarter = Math.floor(at / QUARTER);
    let offset = remembered.get(quarter);
    if (offset === undefined) {
      if (remembered.size >= MAX_REMEMBERED) remembered.clear();
      offset = look(quarter * QUARTER);
      remembered.set(quarter, offset);
    }
    return offset;
  };
}

/**
 * The time at which a zone's clocks showed this one; all in milliseconds. Of two, as clocks are put back, the earlier; of
 * none, as they are put forward, the one as if they had not been.
 */
export function createFromLocal(timeZone: string): (local: number) => number {
  const offset = createOffset(timeZone);
  return (local) => {
    const before = offset(local - DAY);
    const at = local - before;
    if (offset(at) === before) return at;
    const after = offset(local + DAY);
    return offset(local - after) === after ? local - after : at;
  };
}
