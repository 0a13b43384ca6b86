import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

/** How near to the edge of the window a held card scrolls it, and how fast, CSS pixels (a frame). */
const EDGE = 72;
const SPEED = 12;

export interface Drag {
  /** The place of the card that is held now. */
  held: number | null;
  begin(event: PointerEvent, index: number): void;
}

/** Drags an item of a list by its handle: mouse, finger or pen. Items have `data-index`. */
export function useDrag(
  list: RefObject<HTMLElement | null>,
  onMove: (from: number, to: number) => void,
): Drag {
  const [held, setHeld] = useState<number | null>(null);
  const state = useRef<{ index: number; pointer: number; x: number; y: number } | null>(null);
  const move = useRef(onMove);
  move.current = onMove;

  const holding = held !== null;
  useEffect(() => {
    if (!holding) return;
    let frame = 0;
    const step = () => {
      const now = state.current;
      if (now === null) return;
      if (now.y < EDGE) window.scrollBy(0, -SPEED);
      else if (now.y > window.innerHeight - EDGE) window.scrollBy(0, SPEED);
      const over = document.elementFromPoint(now.x, now.y)?.closest<HTMLElement>('[data-index]');
      const to = Number(over?.dataset.index);
      if (over && list.current?.contains(over) && to !== now.index) {
        move.current(now.index, to);
        now.index = to;
        setHeld(to);
      }
      frame = requestAnimationFrame(step);
    };
    const follow = (event: PointerEvent) => {
      if (state.current?.pointer !== event.pointerId) return;
      state.current.x = event.clientX;
      state.current.y = event.clientY;
    };
    const end = (event: PointerEvent) => {
      if (state.current?.pointer !== event.pointerId) return;
      state.current = null;
      setHeld(null);
    };
    frame = requestAnimationFrame(step);
    window.addEventListener('pointermove', follow);
    window.addEventListener('pointerup', end);
    window.addEventListener('pointercancel', end);
    return () => {
      cancelAnimationFrame(frame);
      window.removeEventListener('pointermove', follow);
      window.removeEventListener('pointerup', end);
      window.removeEventListener('pointercancel', end);
    };
  }, [holding, list]);

  return {
    held,
    begin: (event, index) => {
      event.preventDefault();
      state.current = { index, pointer: event.pointerId, x: event.clientX, y: event.clientY };
      setHeld(index);
    },
  };
}
