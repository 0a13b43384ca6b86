import { useEffect, useState } from 'preact/hooks';

/** Grows when the page comes to be drawn in other colours. */
export function useThemeVersion(): number {
  const [version, setVersion] = useState(0);
  useEffect(() => {
    const changed = () => setVersion((count) => count + 1);
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const observer = new MutationObserver(changed);
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
    dark.addEventListener('change', changed);
    return () => {
      observer.disconnect();
      dark.removeEventListener('change', changed);
    };
  }, []);
  return version;
}

/** A colour of tokens.css, for a canvas. */
export const token = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name);

/**
 * The font of the page for a canvas, so many times as large as its text. Its size is a whole number and comes first
 * where no weight is told: uPlot takes the first number for the size.
 */
export function fontOf(scale: number, weight?: number): string {
  const { fontFamily } = getComputedStyle(document.body);
  const size = `${Math.round(remPx() * scale)}px ${fontFamily}`;
  return weight === undefined ? size : `${weight} ${size}`;
}
export const remPx = () => Number.parseFloat(getComputedStyle(document.documentElement).fontSize);

/** The same colour, so opaque from 0 to 1. */
export const thin = (name: string, alpha: number) =>
  `color-mix(in srgb, ${token(name)} ${alpha * 100}%, transparent)`;
