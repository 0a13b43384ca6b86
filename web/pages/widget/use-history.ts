import { useMemo, useRef } from 'preact/hooks';
import type { Calls } from '../../client/index.ts';
import { everyMsOf, questionOf } from '../../state/history-range.ts';
import { type Failure, wanted } from '../../state/index.ts';
import { useWanted } from '../../ui/context.ts';
import type { Range } from './use-range.ts';

export type History = Calls['GET /api/widgets/{id}/history']['answer'];

/** An answer, and the time that it is about: to the present at most. */
export interface Answered {
  history: History;
  from: number;
  end: number;
}

const PX_A_POINT = 1.7;
/** Widths are told apart in steps, so that a window that is dragged wider asks a few times only. */
const WIDTH_STEP = 120;

/** What the server tells of a time, with as many points as fit; the answer of before until a new one is there. */
export function useHistory(
  widgetId: number,
  { shown, now }: Range,
  width: number,
): { answered: Answered | null; loading: boolean; failure: Failure | null } {
  const points = (Math.ceil(width / WIDTH_STEP) * WIDTH_STEP) / PX_A_POINT;
  const { stepMs, ...query } = questionOf(shown, now, points);
  const every = everyMsOf(shown, stepMs, now);
  const question =
    width === 0 ? null : wanted('GET /api/widgets/{id}/history', { params: { id: widgetId }, query }, every);
  const { value, failure } = useWanted(question);
  const kept = useRef<Answered | null>(null);
  const { from, to } = query;
  const fresh = useMemo<Answered | null>(
    () =>
      value === null
        ? null
        : { history: value, from: Date.parse(from), end: Math.min(Date.now(), Date.parse(to) + 1) },
    [value, from, to],
  );
  if (fresh !== null) kept.current = fresh;
  return { answered: fresh ?? kept.current, loading: value === null && failure === null, failure };
}
