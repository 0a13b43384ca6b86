/** Beside the tables, which alone go to stdout. */
export const say = (text: string) => console.error(`${new Date().toISOString().slice(11, 19)} ${text}`);

const EVERY_MS = 5000;

export const seconds = (since: number) => (performance.now() - since) / 1000;

export const whole = (value: number) => Math.round(value).toLocaleString('en-US');

/** Tells now and then how far something long has come. */
export function createProgress(what: string, all: number) {
  const began = performance.now();
  let told = began;
  return (done: number) => {
    if (performance.now() - told < EVERY_MS) return;
    told = performance.now();
    say(`${what}: ${((done / all) * 100).toFixed(0)} %, ${whole(done / seconds(began))} a second`);
  };
}
