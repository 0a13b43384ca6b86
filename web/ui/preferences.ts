export type Theme = 'auto' | 'light' | 'dark';
export interface Preferences {
  theme: Theme;
  /** null: what the browser prefers. */
  language: string | null;
}

const KEY = 'pm-iot-preferences';
const DEFAULTS: Preferences = { theme: 'auto', language: null };

function read(): Preferences {
  try {
    return { ...DEFAULTS, ...JSON.parse(localStorage.getItem(KEY) ?? '{}') };
  } catch {
    return DEFAULTS;
  }
}

let current = read();

/** How this browser wants to see the app. */
export const preferences = {
  get: () => current,
  set: (change: Partial<Preferences>) => {
    current = { ...current, ...change };
    try {
      localStorage.setItem(KEY, JSON.stringify(current));
    } catch {
      // It holds as long as the page, then.
    }
    preferences.apply();
  },
  apply: () => {
    const { dataset } = document.documentElement;
    if (current.theme === 'auto') delete dataset.theme;
    else dataset.theme = current.theme;
  },
};
