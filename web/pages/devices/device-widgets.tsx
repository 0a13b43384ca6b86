import { useState } from 'preact/hooks';
import type { Device, Widget } from '../../client/index.ts';
import { cardsOf } from '../../state/cards-of-device.ts';
import { useAction } from '../../ui/action.ts';
import { useFormat, useIsAdmin, useText } from '../../ui/context.ts';
import { Ago, FailureNotice, Notice } from '../../ui/feedback.tsx';
import { Icon } from '../../ui/icon.tsx';
import { linkTo } from '../../ui/route.ts';
import { NameDialog } from './name-dialog.tsx';
import { CardsDialog } from './pair-cards.tsx';

export function DeviceWidgets({ device }: { device: Device }) {
  const text = useText().devices;
  const isAdmin = useIsAdmin();
  const [choosing, setChoosing] = useState(false);
  const cards = cardsOf(device).sort((a, b) => a.order - b.order || a.widget_id - b.widget_id);
  const nothingShown =
    device.room_id !== null && cards.length > 0 && cards.every(({ status }) => status === 'exclude');
  return (
    <section class="panel">
      <h2>{text.widgets}</h2>
      {cards.length === 0 && <p class="muted">{text.widgetsNone}</p>}
      {nothingShown && (
        <Notice
          tone="warn"
          {...(isAdmin && { action: { label: text.chooseCards, run: () => setChoosing(true) } })}
        >
          {text.nothingShown}
        </Notice>
      )}
      <ul>
        {cards.map((widget) => (
          <WidgetRow key={widget.widget_id} widget={widget} />
        ))}
      </ul>
      {choosing && <CardsDialog deviceId={device.device_id} onClose={() => setChoosing(false)} />}
    </section>
  );
}

function useValue({ value, unit }: Widget): string {
  const text = useText();
  const format = useFormat();
  if (value === null) return '–';
  if (typeof value === 'boolean') return value ? text.common.yes : text.common.no;
  const isNumber = typeof value === 'number' || /^-?\d{1,15}(\.\d+)?$/.test(value);
  const told = isNumber ? format.number(Number(value)) : value;
  return unit === null ? told : `${told} ${unit}`;
}

function WidgetRow({ widget }: { widget: Widget }) {
  const text = useText().devices;
  const isAdmin = useIsAdmin();
  const [renaming, setRenaming] = useState(false);
  const { run, busy, failure } = useAction();
  const told = useValue(widget);
  const { widget_id: id, name, capability, status, value_at } = widget;
  const shown = status === 'include';
  const turn = () =>
    run((client) =>
      client.call('PATCH /api/widgets/{id}', {
        params: { id },
        body: { status: shown ? 'exclude' : 'include' },
      }),
    );
  return (
    <li class="device-widget">
      <div class="widget-main">
        <a href={linkTo('widgets', id)}>{name}</a>
        <p class="muted">
          {capability.capability_type} · {capability.control_type}
        </p>
      </div>
      <div class="widget-value">
        <p title={told}>{told}</p>
        <p class="muted">{value_at !== null && <Ago at={value_at} />}</p>
      </div>
      {isAdmin ? (
        <div class="widget-do">
          <button
            type="button"
            class="button quiet icon-only"
            aria-label={text.renameWidget(name)}
            onClick={() => setRenaming(true)}
          >
            <Icon name="edit" size={18} />
          </button>
          <button
            type="button"
            class="switch"
            role="switch"
            aria-checked={shown}
            aria-label={text.showSwitch(name)}
            aria-busy={busy}
            onClick={() => void turn()}
          >
            <span class="switch-track" aria-hidden="true">
              <span class="switch-knob" />
            </span>
            <span class="switch-word" aria-hidden="true">
              {shown ? text.shown : text.hidden}
            </span>
          </button>
        </div>
      ) : (
        <span class="badge">{shown ? text.shown : text.hidden}</span>
      )}
      <FailureNotice failure={failure} />
      {renaming && (
        <NameDialog
          title={text.renameTitle}
          before={name}
          onClose={() => setRenaming(false)}
          save={(client, to) =>
            client.call('PATCH /api/widgets/{id}', { params: { id }, body: { name: to } })
          }
        />
      )}
    </li>
  );
}
