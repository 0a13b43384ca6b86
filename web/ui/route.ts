import { useEffect, useState } from 'preact/hooks';

/** The parts after `#/`: `['widgets', '12']`. */
export type Route = readonly string[];

const read = (): Route =>
  location.hash
    .replace(/^#\/?/, '')
    .split('/')
    .filter((part) => part !== '')
    .map((part) => {
      try {
        return decodeURIComponent(part);
      } catch {
        return part;
      }
    });

export const linkTo = (...parts: (string | number)[]): string =>
  `#/${parts.map((part) => encodeURIComponent(part)).join('/')}`;

export function navigate(...parts: (string | number)[]): void {
  location.hash = linkTo(...parts);
}

/** After `#`, so that every path on the server stays what it is, and a proxy may put the app anywhere. */
export function useRoute(): Route {
  const [route, setRoute] = useState(read);
  useEffect(() => {
    const changed = () => setRoute(read());
    window.addEventListener('hashchange', changed);
    return () => window.removeEventListener('hashchange', changed);
  }, []);
  return route;
}
