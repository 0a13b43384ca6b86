import type { Session, SessionKeeper } from '../state/index.ts';

const KEY = 'pm-iot-session';

function parsed(text: string | null): Session | null {
  if (text === null) return null;
  try {
    const session = JSON.parse(text) as Session;
    return typeof session.token === 'string' && typeof session.expiresAt === 'number' ? session : null;
  } catch {
    return null;
  }
}

/** The browser's own store, for this origin alone. Where it is closed to us, a session lasts as long as the page. */
export const browserKeeper: SessionKeeper = {
  read: () => {
    try {
      return parsed(localStorage.getItem(KEY));
    } catch {
      return null;
    }
  },
  write: (session) => {
    try {
      if (session === null) localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, JSON.stringify(session));
    } catch {
      // Private windows and full disks: nothing is lost but the next visit's log-in.
    }
  },
};

/** Another tab has logged in or out. */
export function onOtherTab(adopt: (session: Session | null) => void): void {
  window.addEventListener('storage', ({ key, newValue }) => {
    if (key === KEY || key === null) adopt(parsed(newValue));
  });
}
