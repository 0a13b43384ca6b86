import type { Span } from '../../state/history-range.ts';

/** What every chart of a history is given. */
export interface ChartProps {
  span: Span;
  width: number;
  height: number;
  label: string;
  onZoom(span: Span): void;
  onPreview(span: Span): void;
}

const WITH_SECONDS_MS = 2 * 3_600_000;

/** A time in a picture of a span: with the day, and with seconds where they count. */
export function clockOf(at: number, { from, to }: Span, locale: string): string {
  const timeStyle = to - from <= WITH_SECONDS_MS ? 'medium' : 'short';
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle }).format(at);
}
