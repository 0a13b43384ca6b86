import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 20;
const WINDOW_MS = 60_000;

/**
 * How late the event loop is. Apart from the metric of the same, which forgets what it measured whenever it is scraped.
 */
export function createLoopLag(windowMs = WINDOW_MS) {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  let before = 0;
  let timer: NodeJS.Timeout | undefined;

  // Nanoseconds between two ticks of the histogram's own timer, of which the resolution is no delay.
  const measured = () => Math.max(0, histogram.percentile(99) / 1e6 - RESOLUTION_MS);

  return {
    /** Milliseconds, 99th percentile: of this window so far or of the one before, whichever is worse. */
    p99: () => Math.max(before, measured()),
    start: () => {
      histogram.enable();
      timer = setInterval(() => {
        before = measured();
        histogram.reset();
      }, windowMs);
      timer.unref();
    },
    stop: () => {
      clearInterval(timer);
      histogram.disable();
    },
  };
}
