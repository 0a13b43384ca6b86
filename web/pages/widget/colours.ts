import { isOff, OTHER } from '../../state/state-segments.ts';

const SERIES = 6;

/** The token of a state: what is off is grey, the others go by their place. */
export function colourOf(state: string, lanes: readonly string[]): string {
  if (state === OTHER || isOff(state)) return '--line-strong';
  const place = lanes.filter((lane) => !isOff(lane)).indexOf(state);
  return `--series-${(Math.max(0, place) % SERIES) + 1}`;
}
