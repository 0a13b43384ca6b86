export interface Standing {
  rows: number;
  /** How much of the file has been read, 0 to 1; null: nobody knows how long it is. */
  fraction: number | null;
}

const whole = (number: number) => Math.round(number).toLocaleString('en');

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

/** `42 % · 1,234,567 rows · 45,000 rows/s · 12 s left` */
export function progressLine({ rows, fraction }: Standing, elapsedMs: number): string {
  const seconds = elapsedMs / 1000;
  const parts = [`${whole(rows)} rows`, `${whole(seconds > 0 ? rows / seconds : 0)} rows/s`];
  if (fraction === null) return parts.join(' · ');
  const left = fraction > 0 ? [`${duration((seconds * (1 - fraction)) / fraction)} left`] : [];
  return [`${Math.floor(fraction * 100)} %`, ...parts, ...left].join(' · ');
}
