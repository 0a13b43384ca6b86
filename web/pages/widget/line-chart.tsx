import { useMemo } from 'preact/hooks';
import uPlot from 'uplot';
import { type Columns, rowAt } from '../../state/chart-columns.ts';
import { useFormat, useText } from '../../ui/context.ts';
import { type ChartProps, clockOf } from './chart.ts';
import { Plot, type PlotKind } from './plot.tsx';
import { fontOf, remPx, thin, token } from './theme.ts';

const BAND_ALPHA = 0.24;

interface LineProps extends ChartProps {
  columns: Columns;
  unit: string | null;
  /** It keeps its value until it gets another one. */
  isStepped: boolean;
}

/** As wide as its longest number. */
const widthOfAxis: uPlot.Axis.Size = (plot, values) => {
  if (values === null) return 40;
  plot.ctx.save();
  plot.ctx.font = fontOf(0.78);
  const longest = Math.max(0, ...values.map((value) => plot.ctx.measureText(String(value ?? '')).width));
  plot.ctx.restore();
  return Math.ceil(longest + remPx() * 0.9);
};

function kindOf(isStepped: boolean, numberOf: (value: number) => string, lonely: () => number[]): PlotKind {
  const paths = isStepped ? uPlot.paths.stepped?.({ align: 1 }) : uPlot.paths.linear?.();
  const shared = { ...(paths && { paths }), points: { show: false } };
  const edge = { ...shared, width: 0, stroke: 'transparent' };
  return {
    series: [
      edge,
      edge,
      {
        ...shared,
        width: 2,
        stroke: () => token('--series-1'),
        points: {
          show: false,
          filter: () => lonely(),
          size: 6,
          fill: () => token('--series-1'),
        },
      },
    ],
    bands: [{ series: [2, 1], fill: () => thin('--series-1', BAND_ALPHA) }],
    yAxis: {
      stroke: () => token('--text-2'),
      font: fontOf(0.78),
      size: widthOfAxis,
      values: (_, splits) => splits.map(numberOf),
    },
  };
}

/** Averages as a line, in a band from the lowest to the highest; broken where nothing was told. */
export function LineChart({ columns, unit, isStepped, ...plot }: LineProps) {
  const text = useText();
  const format = useFormat();
  const latest = useMemo(() => ({ lonely: columns.lonely, format }), []);
  latest.lonely = columns.lonely;
  latest.format = format;
  const kind = useMemo(
    () =>
      kindOf(
        isStepped,
        (value) => latest.format.number(value, 6),
        () => latest.lonely,
      ),
    [isStepped, latest],
  );
  const data = useMemo<uPlot.AlignedData>(
    () => [columns.xs, columns.min, columns.max, columns.avg],
    [columns],
  );
  const withUnit = (value: number | null) =>
    value === null ? '–' : `${format.number(value)}${unit === null ? '' : ` ${unit}`}`;
  const tip = (at: number, reach: number) => {
    const row = rowAt(columns, at / 1000, reach / 1000);
    const point = row === null ? null : columns.points[row];
    if (point === null || point === undefined) return null;
    const isOne = point.min === point.max;
    return (
      <>
        <strong>{clockOf(Date.parse(point.at), plot.span, format.locale)}</strong>
        <dl>
          <dt>{isOne ? text.widget.value : text.widget.average}</dt>
          <dd>{withUnit(point.avg)}</dd>
          {!isOne && (
            <>
              <dt>{text.widget.min}</dt>
              <dd>{withUnit(point.min)}</dd>
              <dt>{text.widget.max}</dt>
              <dd>{withUnit(point.max)}</dd>
            </>
          )}
          <dt>{text.widget.count}</dt>
          <dd>{format.number(point.count)}</dd>
        </dl>
      </>
    );
  };
  return <Plot {...plot} kind={kind} data={data} tip={tip} />;
}
