import { encode } from 'uqr';

/** Light modules around the code that a reader needs: ISO/IEC 18004. */
const QUIET = 4;
const BLACK_ON_WHITE = '\u001b[30;107m';
const PLAIN = '\u001b[0m';
/** By upper and lower half of a character: which of the two are drawn. */
const BLOCKS = [' ', '▄', '▀', '█'];

/**
 * A QR code of half blocks, two rows of modules a line. `colours`: dark on light whatever the terminal's theme. Without
 * them the light modules are drawn, quiet zone included: text ends up light on dark nearly everywhere.
 */
export function qrText(text: string, colours: boolean): string {
  const { data } = encode(text, { ecc: 'L', border: QUIET });
  const isDrawn = (dark: boolean | undefined) => (dark ?? false) === colours;
  const lines: string[] = [];
  for (let y = 0; y < data.length; y += 2) {
    const line = (data[y] ?? [])
      .map((dark, x) => BLOCKS[(isDrawn(dark) ? 2 : 0) + (isDrawn(data[y + 1]?.[x]) ? 1 : 0)])
      .join('');
    lines.push(colours ? `${BLACK_ON_WHITE}${line}${PLAIN}` : line);
  }
  return lines.join('\n');
}
