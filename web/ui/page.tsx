import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { Icon } from './icon.tsx';

interface PageProps {
  title: string;
  /** Where "back" leads, with its name. */
  back?: { href: string; label: string };
  actions?: ComponentChildren;
  children: ComponentChildren;
}

/** A page with its heading, which the window is named after. */
export function Page({ title, back, actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · PM IoT`;
  }, [title]);
  return (
    <div class="page">
      <header class="page-head">
        {back && (
          <a class="back" href={back.href}>
            <Icon name="back" size={18} />
            {back.label}
          </a>
        )}
        <div class="page-title">
          <h1>{title}</h1>
          {actions && <div class="page-actions">{actions}</div>}
        </div>
      </header>
      {children}
    </div>
  );
}
