import type { System } from '../../client/index.ts';
import { useText } from '../../ui/context.ts';
import { Icon } from '../../ui/icon.tsx';

const LISTENERS = ['https', 'http', 'mqtts', 'mqtt'] as const;

/** Where apps, devices and programs come in. */
export function Reach({ listeners }: Pick<System, 'listeners'>) {
  const text = useText();
  const metrics = new URL('./api/metrics', location.href.replace(/#.*/, '')).href;
  return (
    <section class="panel">
      <h2>{text.system.reachTitle}</h2>
      <ul class="ports">
        {LISTENERS.map((name) => {
          const port = listeners[name];
          return (
            <li key={name} class="pair">
              <div>
                <p>{text.system.listeners[name].name}</p>
                <p class="muted">{text.system.listeners[name].what}</p>
              </div>
              {port === undefined ? (
                <span class="badge">{text.system.off}</span>
              ) : (
                // A port is a name, no quantity: it has no thousands.
                <span class="pair-value">{text.system.port(String(port))}</span>
              )}
            </li>
          );
        })}
      </ul>
      <h3>{text.system.forPrograms}</h3>
      <p>
        <a class="with-icon" href="./api/docs" target="_blank" rel="noreferrer">
          <Icon name="link" size={18} />
          {text.system.docs}
        </a>
      </p>
      <p class="muted">
        {text.system.metrics} <code>{metrics}</code>
      </p>
    </section>
  );
}
