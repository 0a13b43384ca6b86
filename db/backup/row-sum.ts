const NEWLINE = 10;

/**
 * Counts the rows of COPY's text form, in which a newline ends a row and nothing else, and adds up a 64-bit hash of each:
 * two tables with the same rows in any order have the same sum. It finds mistakes, not forgery: that is for SHA-256.
 */
export function createRowSum() {
  let rows = 0;
  let bytes = 0;
  let low = 0;
  let high = 0;
  let a = 0x811c9dc5;
  let b = 0x9e3779b9;

  const mix = (hash: number): number => {
    let h = hash;
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    return h ^ (h >>> 16);
  };
  const endRow = () => {
    rows++;
    const sum = low + (mix(a ^ (b >>> 7)) >>> 0);
    low = sum >>> 0;
    high = (high + (mix(b ^ a) >>> 0) + (sum > 0xffffffff ? 1 : 0)) >>> 0;
    a = 0x811c9dc5;
    b = 0x9e3779b9;
  };

  return {
    /** Any piece of the text: rows may be cut between two. */
    add(chunk: Uint8Array): void {
      bytes += chunk.length;
      for (let i = 0; i < chunk.length; i++) {
        const byte = chunk[i] as number;
        if (byte === NEWLINE) {
          endRow();
          continue;
        }
        a = Math.imul(a ^ byte, 0x01000193);
        b = Math.imul((b << 5) ^ (b >>> 27) ^ byte, 0x27d4eb2f);
      }
    },
    get rows() {
      return rows;
    },
    get bytes() {
      return bytes;
    },
    /** 16 hexadecimal digits. */
    get sum() {
      return `${high.toString(16).padStart(8, '0')}${low.toString(16).padStart(8, '0')}`;
    },
  };
}
