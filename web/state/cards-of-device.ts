import type { Device, Widget } from '../client/index.ts';

/** What may become a card: a heartbeat is none. */
export const cardsOf = ({ widgets }: Device): Widget[] =>
  widgets?.filter(({ capability }) => capability.control_type !== 'heartbeat') ?? [];

/** Those that were shown before it came into this room; all of a device that nobody has chosen from yet. */
export function firstChoice(cards: readonly Widget[]): ReadonlySet<number> {
  const shown = cards.filter(({ status }) => status === 'include');
  return new Set((shown.length > 0 ? shown : cards).map(({ widget_id }) => widget_id));
}

interface Place {
  widget_id: number;
  order: number;
  status: 'include' | 'exclude';
}

/** Of the server. */
const LAST_ORDER = 1_000_000;

/** Puts the cards of a device behind those that are in the room, which stay where they are. */
export function placesBehind(
  cards: readonly Widget[],
  ticked: ReadonlySet<number>,
  room: readonly Widget[],
): Place[] {
  const mine = new Set(cards.map(({ widget_id }) => widget_id));
  const others = room.filter(({ widget_id }) => !mine.has(widget_id));
  const first = Math.max(-1, ...others.map(({ order }) => order)) + 1;
  return cards.map(({ widget_id }, index) => ({
    widget_id,
    order: Math.min(LAST_ORDER, first + index),
    status: ticked.has(widget_id) ? 'include' : 'exclude',
  }));
}
