import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import {
  DEFAULT_PRESET,
  isPreset,
  moved,
  type Preset,
  partsOf,
  type Shown,
  type Span,
  settled,
  shownOfParts,
  spanOf,
  zoomed,
} from '../../state/history-range.ts';
import { useNow } from '../../ui/context.ts';
import { linkTo, navigate, useRoute } from '../../ui/route.ts';

/** After the last turn of a wheel or step of a finger, before it counts. */
const SETTLE_MS = 350;
const TICK_MS = 5000;

export interface Range {
  /** What the address says. */
  shown: Shown;
  /** What the picture shows: ahead of the address while it is moved. */
  span: Span;
  now: number;
  pick(preset: Preset): void;
  show(span: Span): void;
  /** Shows it at once; the address follows when nothing has moved for a moment. */
  preview(span: Span): void;
  zoom(factor: number): void;
  step(lengths: number): void;
  /** Back to the last so much; null: it is that already. */
  reset: (() => void) | null;
}

/** The time that a chart shows. It lives in the address: a link tells it, and "back" leads out of a zoom. */
export function useRange(widgetId: number): Range {
  const parts = useRoute().slice(2).join('/');
  const shown = useMemo(() => shownOfParts(parts.split('/')), [parts]);
  const now = useNow(TICK_MS);
  const [draft, setDraft] = useState<Span | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const lastPreset = useRef<Preset>(DEFAULT_PRESET);
  if (isPreset(shown)) lastPreset.current = shown.preset;
  useEffect(() => {
    clearTimeout(timer.current);
    setDraft(null);
    return () => clearTimeout(timer.current);
  }, [parts]);

  const span = draft ?? spanOf(shown, now);
  const go = (next: Shown) => {
    clearTimeout(timer.current);
    const target = partsOf(next);
    if (target.join('/') === parts) setDraft(null);
    // Within a zoom each step takes the place of the one before it.
    else if (!isPreset(shown) && !isPreset(next)) location.replace(linkTo('widgets', widgetId, ...target));
    else navigate('widgets', widgetId, ...target);
  };
  const show = (next: Span) => {
    setDraft(next);
    go(settled(next, Date.now()));
  };
  return {
    shown,
    span,
    now,
    pick: (preset) => go({ preset }),
    show,
    preview: (next) => {
      setDraft(next);
      clearTimeout(timer.current);
      timer.current = setTimeout(() => go(settled(next, Date.now())), SETTLE_MS);
    },
    // The newest stays in sight where the picture ends with it.
    zoom: (factor) => show(zoomed(span, factor, isPreset(shown) ? 1 : 0.5, Date.now())),
    step: (lengths) => show(moved(span, lengths, Date.now())),
    reset: isPreset(shown) && draft === null ? null : () => go({ preset: lastPreset.current }),
  };
}
