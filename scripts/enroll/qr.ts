import { encode } from 'uqr';

/** Light modules around the code that a reader needs. */
const QUIET = 2;
const BLACK_ON_WHITE = '\u001b[30;107m';
const PLAIN = '\u001b[0m';

/** A QR code of half blocks, two rows of modules a line. `colours`: dark on light whatever the terminal's theme. */
export function qrText(text: string, colours: boolean): string {
  const { data } = encode(text, { ecc: 'L', border: QUIET });
  const lines: string[] = [];
  for (let y = 0; y < data.length; y += 2) {
    const cells = (data[y] ?? []).map((upper, x) => {
      const lower = data[y + 1]?.[x] ?? false;
      if (upper) return lower ? '█' : '▀';
      return lower ? '▄' : ' ';
    });
    const line = cells.join('');
    lines.push(colours ? `${BLACK_ON_WHITE}${line}${PLAIN}` : line);
  }
  return lines.join('\n');
}
