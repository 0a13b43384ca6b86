import { useEffect, useRef, useState } from 'preact/hooks';
import type { Widget } from '../../client/index.ts';
import { wanted } from '../../state/index.ts';
import { useText, useWanted } from '../../ui/context.ts';
import { sparkPath } from './spark-path.ts';

const WIDTH = 120;
const HEIGHT = 32;
const POINTS = 48;
/** A trend of a day does not change faster for the eye. */
const EVERY_MS = 5 * 60_000;

/** The last 24 hours as a line, asked for once the card is on the screen. */
export function Sparkline({ widget }: { widget: Widget }) {
  const text = useText();
  const box = useRef<HTMLDivElement>(null);
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    const element = box.current;
    if (element === null || seen) return;
    const observer = new IntersectionObserver((entries) => {
      if (entries.some(({ isIntersecting }) => isIntersecting)) setSeen(true);
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [seen]);
  const input = { params: { id: widget.widget_id }, query: { points: POINTS } };
  const { value } = useWanted(seen ? wanted('GET /api/widgets/{id}/history', input, EVERY_MS) : null);
  const path = value === null ? '' : sparkPath(value.points, value.interval, WIDTH, HEIGHT);
  return (
    <div class="spark" ref={box}>
      {path !== '' && (
        <svg
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={text.card.trend(widget.name)}
        >
          <path d={path} fill="none" vector-effect="non-scaling-stroke" />
        </svg>
      )}
    </div>
  );
}
