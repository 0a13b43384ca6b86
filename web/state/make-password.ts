/** Nothing that looks like something else: it may be read from one screen and typed on another. */
const LETTERS = 'abcdefghijkmnpqrstuvwxyz23456789';
const GROUPS = 4;
const OF_GROUP = 5;

/**
 * A password of 100 bits, such as `k7fam-2xq9p-…`. `random` fills an array, as `crypto.getRandomValues` does. Of each byte
 * five bits are taken, so that every letter is as likely as the others.
 */
export function makePassword(random: (bytes: Uint8Array<ArrayBuffer>) => unknown): string {
  const bytes = new Uint8Array(GROUPS * OF_GROUP);
  random(bytes);
  const letters = [...bytes].map((byte) => LETTERS.charAt(byte % LETTERS.length));
  return Array.from({ length: GROUPS }, (_, group) =>
    letters.slice(group * OF_GROUP, (group + 1) * OF_GROUP).join(''),
  ).join('-');
}
