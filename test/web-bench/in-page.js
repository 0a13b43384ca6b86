// Runs in the page that is measured, before its own scripts: `bench` is what the measuring program calls.
const longTasks = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) longTasks.push(entry.startTime + entry.duration);
}).observe({ type: 'longtask', buffered: true });

const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
const QUIET_MS = 2000;

globalThis.bench = {
  /** Milliseconds from the start of the visit until there are cards. */
  async shown() {
    while (document.querySelector('.card') === null) await frame();
    return performance.now();
  },
  /** … until the last task ended that would have held up a finger: known once it has been quiet for a while. */
  async interactive(shown) {
    for (;;) {
      const last = Math.max(shown, ...longTasks);
      if (performance.now() - last > QUIET_MS) return last;
      await frame();
    }
  },
  /** Polls at once, and waits until a value that was told just now is on the screen. Gives the number of long tasks. */
  async poll(value) {
    const before = longTasks.length;
    window.dispatchEvent(new Event('focus'));
    const shows = (element) => element.textContent.replaceAll(/\D/g, '').startsWith(value);
    while (![...document.querySelectorAll('.card-value')].some(shows)) await frame();
    await frame();
    await new Promise((resolve) => setTimeout(resolve));
    return longTasks.length - before;
  },
};
