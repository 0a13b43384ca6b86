import { moved, type Span, zoomed } from '../../state/history-range.ts';

export interface Movable {
  span(): Span;
  preview(span: Span): void;
}

interface Finger {
  x: number;
  y: number;
}

/** A finger that moves less has tapped. */
const SLACK_PX = 8;
const WHEEL_ZOOM = 0.0022;
/** The pinch of a touch pad comes as a wheel with small steps. */
const PINCH_ZOOM = 0.012;
const MOST_ZOOM = 2;
const LINE_PX = 16;

/** Zooms by wheel and pinch, and moves by finger, wheel to the side, or mouse with Shift. Gives the end of it. */
export function attachGestures(area: HTMLElement, movable: Movable): () => void {
  const ending = new AbortController();
  const { signal } = ending;
  attachWheel(area, movable, signal);
  attachFingers(area, movable, signal);
  return () => ending.abort();
}

function attachWheel(area: HTMLElement, { span, preview }: Movable, signal: AbortSignal): void {
  // The wheel that scrolls the page goes on doing so when the chart comes under a pointer that rests.
  let meant = false;
  area.addEventListener('pointermove', () => (meant = true), { signal });
  window.addEventListener('scroll', () => (meant = false), { signal, passive: true });
  const turned = (event: WheelEvent) => {
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : LINE_PX;
    const isSideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
    if (!meant && !event.ctrlKey) return;
    const box = area.getBoundingClientRect();
    const now = Date.now();
    event.preventDefault();
    if (isSideways) {
      const by = ((event.deltaX || event.deltaY) * unit) / box.width;
      preview(moved(span(), by, now));
      return;
    }
    const speed = event.ctrlKey ? PINCH_ZOOM : WHEEL_ZOOM;
    const factor = Math.exp(event.deltaY * unit * speed);
    const share = (event.clientX - box.left) / box.width;
    preview(zoomed(span(), Math.min(MOST_ZOOM, Math.max(1 / MOST_ZOOM, factor)), share, now));
  };
  area.addEventListener('wheel', turned, { signal, passive: false });
}

function attachFingers(area: HTMLElement, { span, preview }: Movable, signal: AbortSignal): void {
  const fingers = new Map<number, Finger>();
  let start: { span: Span; middle: number; width: number; moving: boolean } | null = null;

  const measured = () => {
    const xs = [...fingers.values()].map(({ x }) => x);
    const low = Math.min(...xs);
    const high = Math.max(...xs);
    return { middle: (low + high) / 2, width: high - low };
  };
  const restart = () => {
    start = fingers.size === 0 ? null : { span: span(), ...measured(), moving: fingers.size > 1 };
  };
  const isOurs = (event: PointerEvent) =>
    event.pointerType === 'touch' || (event.button === 0 && event.shiftKey);

  area.addEventListener(
    'pointerdown',
    (event) => {
      if (!isOurs(event) || fingers.size === 2) return;
      fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      restart();
    },
    { signal },
  );
  window.addEventListener(
    'pointermove',
    (event) => {
      if (!fingers.has(event.pointerId) || start === null) return;
      fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      const { middle, width } = measured();
      if (!start.moving && Math.abs(middle - start.middle) < SLACK_PX) return;
      start.moving = true;
      const box = area.getBoundingClientRect();
      const now = Date.now();
      const aside = moved(start.span, (start.middle - middle) / box.width, now);
      const factor = fingers.size === 2 && width > 0 ? start.width / width : 1;
      preview(factor === 1 ? aside : zoomed(aside, factor, (middle - box.left) / box.width, now));
    },
    { signal },
  );
  const lifted = (event: PointerEvent) => {
    if (fingers.delete(event.pointerId)) restart();
  };
  window.addEventListener('pointerup', lifted, { signal });
  window.addEventListener('pointercancel', lifted, { signal });
}
