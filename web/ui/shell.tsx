import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useIsAdmin, useSelect, useText } from './context.ts';
import { Ago } from './feedback.tsx';
import { Icon, type IconName } from './icon.tsx';
import { linkTo, type Route } from './route.ts';

interface Item {
  page: string;
  icon: IconName;
  label: string;
}

/** How many items the bar of a phone holds; the others are behind "more". */
const ON_BAR = 4;

function useItems(): Item[] {
  const text = useText();
  const isAdmin = useIsAdmin();
  const items: (Item & { adminOnly?: boolean })[] = [
    { page: '', icon: 'home', label: text.shell.home },
    { page: 'devices', icon: 'devices', label: text.shell.devices },
    { page: 'events', icon: 'events', label: text.shell.events, adminOnly: true },
    { page: 'rooms', icon: 'rooms', label: text.shell.rooms, adminOnly: true },
    { page: 'users', icon: 'users', label: text.shell.users, adminOnly: true },
    { page: 'system', icon: 'system', label: text.shell.system, adminOnly: true },
    { page: 'account', icon: 'account', label: text.shell.account },
  ];
  return items.filter(({ adminOnly }) => isAdmin || !adminOnly);
}

/** The page of the menu that a route belongs to. */
function currentPage([page = '', id]: Route): string {
  return page === 'widgets' || (page === 'rooms' && id !== undefined) ? '' : page;
}

function Menu({ route }: { route: Route }) {
  const text = useText();
  const items = useItems();
  const [open, setOpen] = useState(false);
  const current = currentPage(route);
  const tooMany = items.length > ON_BAR + 1;
  const hidden = tooMany ? items.slice(ON_BAR) : [];
  const nav = useRef<HTMLElement>(null);
  useEffect(() => {
    if (!open) return;
    const close = (event: Event) => {
      const outside =
        event instanceof KeyboardEvent
          ? event.key === 'Escape'
          : !nav.current?.contains(event.target as Node);
      if (outside) setOpen(false);
    };
    document.addEventListener('pointerdown', close);
    document.addEventListener('keydown', close);
    return () => {
      document.removeEventListener('pointerdown', close);
      document.removeEventListener('keydown', close);
    };
  }, [open]);
  const link = ({ page, icon, label }: Item, extra: boolean) => (
    <li key={page} class={extra ? 'extra' : undefined}>
      <a
        href={page === '' ? '#/' : linkTo(page)}
        aria-current={current === page ? 'page' : undefined}
        onClick={() => setOpen(false)}
      >
        <Icon name={icon} size={22} />
        <span>{label}</span>
      </a>
    </li>
  );
  return (
    <nav class={open ? 'menu open' : 'menu'} aria-label={text.shell.menu} ref={nav}>
      <p class="brand">
        <img src="./icon.svg" alt="" width="28" height="28" />
        PM IoT
      </p>
      <ul>
        {items.map((item) => link(item, hidden.includes(item)))}
        {tooMany && (
          <li class="more">
            <button
              type="button"
              aria-expanded={open}
              class={hidden.some(({ page }) => page === current) ? 'current' : undefined}
              onClick={() => setOpen(!open)}
            >
              <Icon name="more" size={22} />
              <span>{text.common.more}</span>
            </button>
          </li>
        )}
      </ul>
    </nav>
  );
}

/** Says so when the server is away, and how old is what is seen. */
function LinkState() {
  const text = useText();
  const link = useSelect((state) => state.link);
  return (
    <div class="link-state" role="status">
      {link.phase === 'away' && (
        <p>
          <Icon name="cut" size={18} />
          {text.shell.away} {link.heardAt !== null && <Ago at={link.heardAt} />}
        </p>
      )}
    </div>
  );
}

export function Shell({ route, children }: { route: Route; children: ComponentChildren }) {
  const text = useText();
  const main = useRef<HTMLElement>(null);
  const place = route.join('/');
  const first = useRef(place);
  useEffect(() => {
    // A new page begins at its top, for the eye and for the screen reader.
    if (first.current === place) return;
    first.current = place;
    window.scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [place]);
  return (
    <div class="shell">
      <button type="button" class="button skip" onClick={() => main.current?.focus()}>
        {text.shell.skip}
      </button>
      <Menu route={route} />
      <main id="main" ref={main} tabIndex={-1}>
        <LinkState />
        {children}
      </main>
    </div>
  );
}
