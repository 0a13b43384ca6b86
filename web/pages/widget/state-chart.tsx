import { useMemo } from 'preact/hooks';
import type uPlot from 'uplot';
import { lengthLabel, spanLabel } from '../../state/axis-labels.ts';
import { inLanes, type Segment } from '../../state/state-segments.ts';
import { useFormat } from '../../ui/context.ts';
import type { ChartProps } from './chart.ts';
import { colourOf } from './colours.ts';
import { Plot, type PlotKind } from './plot.tsx';
import { fontOf, remPx, token } from './theme.ts';

interface StateProps extends Omit<ChartProps, 'height'> {
  segments: readonly Segment[];
  lanes: readonly string[];
  nameOf(state: string): string;
}

/** Of a lane, in rem: its name, its bar, and what is free below. */
const NAME = 1.35;
const BAR = 1.5;
const FREE = 0.55;
const LANE = NAME + BAR + FREE;
/** A state that was short is seen all the same. */
const THINNEST_PX = 1.5;

interface Picture {
  segments: readonly Segment[];
  lanes: readonly string[];
  nameOf(state: string): string;
}

function cut(context: CanvasRenderingContext2D, text: string, room: number): string {
  if (context.measureText(text).width <= room) return text;
  const letters = [...text];
  while (letters.length > 1 && context.measureText(`${letters.join('')}…`).width > room) letters.pop();
  return `${letters.join('')}…`;
}

function paint(plot: uPlot, { segments, lanes, nameOf }: Picture): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  const rem = remPx() * ratio;
  const xOf = (at: number) =>
    Math.min(bbox.left + bbox.width, Math.max(bbox.left, plot.valToPos(at / 1000, 'x', true)));
  const begin = plot.posToVal(0, 'x') * 1000;
  const end = plot.posToVal(plot.over.clientWidth, 'x') * 1000;
  const visible = segments.filter(({ from, to }) => from < end && to > begin);
  ctx.save();
  ctx.textBaseline = 'middle';
  ctx.textAlign = 'left';
  for (const [index, lane] of lanes.entries()) {
    const top = bbox.top + index * LANE * rem;
    ctx.font = fontOf(0.86 * ratio, 560);
    ctx.fillStyle = token('--text');
    ctx.fillText(cut(ctx, nameOf(lane), bbox.width), bbox.left, top + (NAME * rem) / 2);
    const barTop = top + NAME * rem;
    ctx.fillStyle = token('--surface-2');
    ctx.fillRect(bbox.left, barTop, bbox.width, BAR * rem);
    ctx.fillStyle = token(colourOf(lane, lanes));
    for (const { from, to, shares } of visible) {
      const share = shares.get(lane) ?? 0;
      if (share === 0) continue;
      const left = xOf(from);
      const right = xOf(to);
      const height = Math.max(THINNEST_PX * ratio, BAR * rem * share);
      const width = Math.max(THINNEST_PX * ratio, right - left);
      ctx.fillRect(left, barTop + BAR * rem - height, width, height);
    }
  }
  ctx.restore();
}

/** For each state a lane, filled while it lasted: as high as its part of the time, where an interval had several. */
export function StateChart({ segments, lanes, nameOf, ...plot }: StateProps) {
  const format = useFormat();
  const laned = useMemo(() => inLanes(segments, lanes), [segments, lanes]);
  const picture = useMemo<Picture>(() => ({ segments: [], lanes: [], nameOf }), []);
  Object.assign(picture, { segments: laned, lanes, nameOf });
  const kind = useMemo<PlotKind>(
    () => ({ series: [{ show: false }], yAxis: null, draw: (drawn) => paint(drawn, picture) }),
    [picture],
  );
  // What is drawn is in the picture; the columns tell that it is another one.
  const data = useMemo<uPlot.AlignedData>(() => {
    const xs = laned.length === 0 ? [] : [(laned[0]?.from ?? 0) / 1000, (laned.at(-1)?.to ?? 0) / 1000];
    return [xs, xs.map(() => null)];
  }, [laned, lanes]);
  const tip = (at: number) => {
    const found = laned.find(({ from, to }) => from <= at && at < to);
    if (found === undefined) return null;
    const told = [...found.shares].sort(([, a], [, b]) => b - a);
    return (
      <>
        <strong>{spanLabel(found.from, found.to, format.locale)}</strong>
        <dl>
          {told.map(([state, share]) => (
            <>
              <dt>{nameOf(state)}</dt>
              <dd>
                {told.length === 1
                  ? lengthLabel(found.to - found.from, format.locale)
                  : format.percent(share)}
              </dd>
            </>
          ))}
        </dl>
      </>
    );
  };
  const height = (lanes.length * LANE + 3.6) * remPx();
  return <Plot {...plot} height={height} kind={kind} data={data} tip={tip} />;
}
