import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { axisLabels } from '../../state/axis-labels.ts';
import type { Span } from '../../state/history-range.ts';
import { useFormat } from '../../ui/context.ts';
import { attachGestures } from './gestures.ts';
import { fontOf, remPx, token, useThemeVersion } from './theme.ts';

/** What differs between charts; `draw` paints over the axes. */
export interface PlotKind {
  series: uPlot.Series[];
  bands?: uPlot.Band[];
  /** null: there is no scale of numbers. */
  yAxis: uPlot.Axis | null;
  draw?(plot: uPlot): void;
}

interface PlotProps {
  /** Read once. */
  kind: PlotKind;
  data: uPlot.AlignedData;
  span: Span;
  width: number;
  height: number;
  label: string;
  /** What is at a time (milliseconds) under the pointer; `reach`: milliseconds that a finger's width stands for. */
  tip(at: number, reach: number): ComponentChildren;
  onZoom(span: Span): void;
  onPreview(span: Span): void;
}

const REACH_PX = 24;
/** A selection that is narrower was a click. */
const LEAST_SELECTED_PX = 6;
const MARK_SPACE_REM = 5.2;

interface Pointed {
  /** Of the chart, pixels. */
  left: number;
  at: number;
  reach: number;
}

const scaleOf = ({ from, to }: Span) => ({ min: from / 1000, max: to / 1000 });

function optionsOf(
  kind: PlotKind,
  latest: { current: PlotProps & { locale: string } },
  point: (pointed: Pointed | null) => void,
): uPlot.Options {
  const { width, height } = latest.current;
  const grid = { stroke: () => token('--line'), width: 1 };
  const xAxis: uPlot.Axis = {
    stroke: () => token('--text-2'),
    font: fontOf(0.78),
    grid,
    ticks: { ...grid, size: 5 },
    space: MARK_SPACE_REM * remPx(),
    size: remPx() * 2.9,
    values: (_, splits, __, ___, step) => axisLabels(splits, step, latest.current.locale),
  };
  const moved = (plot: uPlot) => {
    const { left = -1 } = plot.cursor;
    const { from, to } = latest.current.span;
    const reach = ((to - from) / plot.over.clientWidth) * REACH_PX;
    const at = plot.posToVal(left, 'x') * 1000;
    point(left < 0 ? null : { left: left + plot.over.offsetLeft, at, reach });
  };
  const selected = (plot: uPlot) => {
    const { left, width: wide } = plot.select;
    if (wide < LEAST_SELECTED_PX) return;
    const [from, to] = [left, left + wide].map((x) => plot.posToVal(x, 'x') * 1000);
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    if (from !== undefined && to !== undefined) latest.current.onZoom({ from, to });
  };
  return {
    width,
    height,
    legend: { show: false },
    padding: [remPx() * 0.6, remPx() * 1.6, 0, kind.yAxis === null ? remPx() * 0.9 : 0],
    series: [{}, ...kind.series],
    ...(kind.bands && { bands: kind.bands }),
    scales: {
      x: {
        time: true,
        range: () => {
          const { min, max } = scaleOf(latest.current.span);
          return [min, max];
        },
      },
    },
    axes: [xAxis, kind.yAxis === null ? { show: false } : { ...kind.yAxis, grid, ticks: { show: false } }],
    cursor: {
      y: false,
      drag: { x: true, y: false, setScale: false, dist: LEAST_SELECTED_PX },
      bind: {
        mousedown: (_, __, handler) => (event) => {
          if (event.button === 0 && !event.shiftKey) handler(event);
          return null;
        },
        // The buttons say how to come out of a zoom.
        dblclick: () => null,
      },
    },
    hooks: { setCursor: [moved], setSelect: [selected], draw: [(plot) => kind.draw?.(plot)] },
  };
}

/** A picture over time that is zoomed and moved by hand. */
export function Plot(props: PlotProps) {
  const { kind, data, span, width, height, label, tip } = props;
  const format = useFormat();
  const theme = useThemeVersion();
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef({ ...props, locale: format.locale });
  latest.current = { ...props, locale: format.locale };
  const [pointed, setPointed] = useState<Pointed | null>(null);

  useLayoutEffect(() => {
    if (box.current === null) return;
    const made = new uPlot(optionsOf(kind, latest, setPointed), latest.current.data, box.current);
    plot.current = made;
    const movable = {
      span: () => latest.current.span,
      preview: (next: Span) => {
        // The next step of the hand begins where this one has led to.
        latest.current = { ...latest.current, span: next };
        latest.current.onPreview(next);
      },
    };
    const detach = attachGestures(made.over, movable);
    return () => {
      detach();
      made.destroy();
      plot.current = null;
    };
  }, [kind]);

  useEffect(() => {
    plot.current?.setSize({ width, height });
  }, [width, height]);
  const { from, to } = span;
  useEffect(() => {
    plot.current?.batch(() => {
      plot.current?.setData(data, false);
      plot.current?.setScale('x', scaleOf({ from, to }));
    });
  }, [data, from, to]);
  useEffect(() => {
    if (theme > 0 || format.locale !== '') plot.current?.redraw(true, true);
  }, [theme, format.locale]);

  const told = pointed === null ? null : tip(pointed.at, pointed.reach);
  return (
    <div class="plot">
      <div class="plot-area" ref={box} role="img" aria-label={label} />
      {pointed !== null && told !== null && (
        <div
          class={pointed.left > width / 2 ? 'plot-tip at-left' : 'plot-tip'}
          style={{ left: `${pointed.left}px` }}
          aria-hidden="true"
        >
          {told}
        </div>
      )}
    </div>
  );
}
