import { useCallback, useEffect, useMemo, useState } from 'preact/hooks';
import { AccountPage } from './pages/account.tsx';
import { HomePage } from './pages/home/home.tsx';
import { LoginPage } from './pages/login.tsx';
import { NotFoundPage } from './pages/not-found.tsx';
import { ForcedPasswordPage } from './pages/password.tsx';
import { type Core, ME } from './state/index.ts';
import { SurroundingsContext, useCore, useSelect, useWanted } from './ui/context.ts';
import { type Language, loadLanguage, preferredLanguage } from './ui/languages.ts';
import { lazily } from './ui/lazily.tsx';
import { preferences } from './ui/preferences.ts';
import { type Route, useRoute } from './ui/route.ts';
import { Shell } from './ui/shell.tsx';

const WidgetPage = lazily(async () => (await import('./pages/widget/widget.tsx')).WidgetPage);
const DevicesPage = lazily(async () => (await import('./pages/devices/devices.tsx')).DevicesPage);
const DevicePage = lazily(async () => (await import('./pages/devices/device.tsx')).DevicePage);
const RoomsPage = lazily(async () => (await import('./pages/rooms.tsx')).RoomsPage);
const UsersPage = lazily(async () => (await import('./pages/users/users.tsx')).UsersPage);
const EventsPage = lazily(async () => (await import('./pages/events/events.tsx')).EventsPage);
const SystemPage = lazily(async () => (await import('./pages/system/system.tsx')).SystemPage);

function Routed({ route, isAdmin }: { route: Route; isAdmin: boolean }) {
  const [page, id, room] = route;
  if (page === undefined) return <HomePage roomId={null} />;
  if (page === 'rooms' && id !== undefined) return <HomePage roomId={Number(id)} />;
  if (page === 'widgets' && id !== undefined) return <WidgetPage key={id} widgetId={Number(id)} />;
  if (page === 'devices') {
    // No device id has this sign.
    const adding = id === '+';
    if (id !== undefined && !adding) return <DevicePage key={id} deviceId={id} />;
    return <DevicesPage adding={adding && isAdmin} roomId={room === undefined ? null : Number(room)} />;
  }
  if (page === 'account') return <AccountPage />;
  if (isAdmin && page === 'rooms') return <RoomsPage />;
  if (isAdmin && page === 'users') return <UsersPage />;
  if (isAdmin && page === 'events') return <EventsPage />;
  if (isAdmin && page === 'system') return <SystemPage />;
  return <NotFoundPage />;
}

/** What somebody who is logged in sees. */
function Inside() {
  const { store } = useCore();
  const route = useRoute();
  const user = useSelect(({ session }) => session?.user ?? null);
  const me = useWanted(ME).value?.user ?? null;
  useEffect(() => {
    if (me !== null) store.dispatch({ kind: 'user_changed', user: me });
  }, [store, me]);
  if (user === null) return null;
  if (user.must_change_password) return <ForcedPasswordPage />;
  return (
    <Shell route={route}>
      {user.role === 'INTEGRATION' ? (
        <AccountPage />
      ) : (
        <Routed route={route} isAdmin={user.role === 'ADMIN'} />
      )}
    </Shell>
  );
}

function Door() {
  const loggedIn = useSelect(({ session }) => session !== null);
  return loggedIn ? <Inside /> : <LoginPage />;
}

export function App({ core, firstLanguage }: { core: Core; firstLanguage: Language }) {
  const [language, setLanguageNow] = useState(firstLanguage);
  const setLanguage = useCallback((code: string | null) => {
    preferences.set({ language: code });
    loadLanguage(preferredLanguage(code, navigator.languages)).then(setLanguageNow, () => undefined);
  }, []);
  useEffect(() => {
    document.documentElement.lang = language.code;
  }, [language]);
  const surroundings = useMemo(() => ({ core, language, setLanguage }), [core, language, setLanguage]);
  return (
    <SurroundingsContext.Provider value={surroundings}>
      <Door />
    </SurroundingsContext.Provider>
  );
}
