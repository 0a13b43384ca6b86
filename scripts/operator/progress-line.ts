import { percent, sizeText } from './sizes.ts';

const TERMINAL_MS = 250;
const LOG_MS = 10_000;
const CLEAR_LINE = '\r\u001b[K';

interface Screen {
  isTTY?: boolean;
  write(text: string): unknown;
}

/** Tells how far something long has come: on a terminal one line that is written again, else a line now and then. */
export function createProgressLine(screen: Screen, line: () => string) {
  const onTerminal = screen.isTTY === true;
  let timer: NodeJS.Timeout | undefined;
  const clear = () => {
    if (onTerminal) screen.write(CLEAR_LINE);
  };
  const tell = () => {
    screen.write(onTerminal ? `${CLEAR_LINE}${line()}` : `${line()}\n`);
  };
  return {
    start: () => {
      timer = setInterval(tell, onTerminal ? TERMINAL_MS : LOG_MS);
    },
    tell,
    /** A line that stays. */
    note: (text: string) => {
      clear();
      screen.write(`${text}\n`);
    },
    stop: () => {
      clearInterval(timer);
      clear();
    },
  };
}

/** Of a command that goes through steps, each of so many bytes. `names`: what a person is told of each; the first one comes first. */
export function createStepLine<S extends string>(
  screen: Screen,
  first: NoInfer<S>,
  names: Readonly<Record<S, string>>,
) {
  let at = { step: first, done: 0, total: 0 };
  const line = createProgressLine(
    screen,
    () => `${names[at.step]}: ${percent(at.done, at.total)} of ${sizeText(at.total)}`,
  );
  return {
    ...line,
    at: (step: S, done: number, total: number): void => {
      at = { step, done, total };
    },
  };
}
