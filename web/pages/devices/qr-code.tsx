import { useMemo } from 'preact/hooks';
import { encode } from 'uqr';

/** Light modules around the code that a reader needs: ISO/IEC 18004. */
const QUIET = 4;

/** The dark modules, each run of a row as one rectangle. */
function pathOf(rows: readonly boolean[][]): string {
  const runs: string[] = [];
  for (const [y, row] of rows.entries()) {
    for (let x = 0; x < row.length; x += 1) {
      if (row[x] !== true) continue;
      const start = x;
      while (row[x + 1] === true) x += 1;
      runs.push(`M${start} ${y}h${x + 1 - start}v1H${start}z`);
    }
  }
  return runs.join('');
}

/** Dark on white in every theme: readers expect it so. */
export function QrCode({ children, label }: { children: string; label: string }) {
  const { size, path } = useMemo(() => {
    const { data } = encode(children, { ecc: 'L', border: QUIET });
    return { size: data.length, path: pathOf(data) };
  }, [children]);
  return (
    <svg
      class="qr"
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label={label}
      shape-rendering="crispEdges"
    >
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}
