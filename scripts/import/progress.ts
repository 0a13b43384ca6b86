const TERMINAL_MS = 250;
const LOG_MS = 10_000;
const CLEAR_LINE = '\r\u001b[K';

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

interface Screen {
  isTTY?: boolean;
  write(text: string): unknown;
}

/** Tells how far it is: on a terminal one line that is written again, else a line now and then. */
export function createProgress(screen: Screen, standing: () => Standing) {
  const onTerminal = screen.isTTY === true;
  let started = 0;
  let timer: NodeJS.Timeout | undefined;
  const clear = () => {
    if (onTerminal) screen.write(CLEAR_LINE);
  };
  const tell = () => {
    const line = progressLine(standing(), performance.now() - started);
    screen.write(onTerminal ? `${CLEAR_LINE}${line}` : `${line}\n`);
  };
  return {
    start: () => {
      started = performance.now();
      timer = setInterval(tell, onTerminal ? TERMINAL_MS : LOG_MS);
    },
    /** A line that stays. */
    note: (line: string) => {
      clear();
      screen.write(`${line}\n`);
    },
    stop: () => {
      clearInterval(timer);
      clear();
    },
  };
}
