import { useState } from 'preact/hooks';
import type { Room, Widget } from '../../client/index.ts';
import { ROOMS, shownOf, wanted } from '../../state/index.ts';
import { useSelect, useText, useWanted } from '../../ui/context.ts';
import { Ago, Empty, FailureNotice, Loading } from '../../ui/feedback.tsx';
import { Icon } from '../../ui/icon.tsx';
import { Page } from '../../ui/page.tsx';
import { linkTo } from '../../ui/route.ts';
import { Outcome } from '../home/card.tsx';
import { Control } from '../home/control.tsx';
import { DownloadDialog } from './download.tsx';
import { HistoryPanels } from './history.tsx';
import { Readings } from './readings.tsx';
import { useRange } from './use-range.ts';
import './widget.css';

/** One widget: what it is now, and what it was. */
export function WidgetPage({ widgetId }: { widgetId: number }) {
  const text = useText();
  const isId = Number.isInteger(widgetId) && widgetId > 0;
  const { value: widget, failure } = useWanted(
    isId ? wanted('GET /api/widgets/{id}', { params: { id: widgetId } }) : null,
  );
  const rooms = useWanted(ROOMS).value;
  if (!isId || failure?.status === 404) {
    return (
      <Page title={text.widget.title} back={{ href: '#/', label: text.shell.home }}>
        <Empty title={text.common.nothingHere}>
          <p>{text.widget.gone}</p>
        </Empty>
      </Page>
    );
  }
  if (widget === null) {
    return (
      <Page title={text.widget.title}>{failure ? <FailureNotice failure={failure} /> : <Loading />}</Page>
    );
  }
  const room = rooms?.find(({ id }) => id === widget.room_id) ?? null;
  return (
    <>
      <FailureNotice failure={failure} />
      <Loaded widget={widget} room={room} />
    </>
  );
}

function backOf(widget: Widget, room: Room | null, home: string) {
  if (widget.room_id !== null) return { href: linkTo('rooms', widget.room_id), label: room?.name ?? home };
  const { device_id, device_name } = widget.device;
  return { href: linkTo('devices', device_id), label: device_name };
}

function Loaded({ widget, room }: { widget: Widget; room: Room | null }) {
  const text = useText();
  const range = useRange(widget.widget_id);
  const [downloading, setDownloading] = useState(false);
  const download = (
    <button type="button" class="button" onClick={() => setDownloading(true)}>
      <Icon name="download" size={18} />
      {text.widget.download}
    </button>
  );
  return (
    <Page title={widget.name} back={backOf(widget, room, text.shell.home)} actions={download}>
      <div class="widget-page">
        <Now widget={widget} room={room} />
        <HistoryPanels widget={widget} range={range} />
        <Readings widget={widget} range={range} />
      </div>
      {downloading && (
        <DownloadDialog widget={widget} room={room} span={range.span} onClose={() => setDownloading(false)} />
      )}
    </Page>
  );
}

/** What the device last told, and what it can be told. */
function Now({ widget, room }: { widget: Widget; room: Room | null }) {
  const text = useText();
  const command = useSelect(({ commands }) => commands.get(widget.widget_id));
  const shown = shownOf(widget, command);
  const { device, value_at: at } = widget;
  const isOnline = device.status === 'online';
  return (
    <section class={shown.waiting === null ? 'panel now' : 'panel now is-waiting'}>
      <h2 class="visually-hidden" id={`card-${widget.widget_id}`}>
        {widget.name}
      </h2>
      <div class="now-control">
        <Control widget={widget} shown={shown} />
        <div aria-live="polite">
          <Outcome widget={widget} shown={shown} />
        </div>
      </div>
      <dl class="now-about">
        <div>
          <dt>{text.common.device}</dt>
          <dd>
            <a href={linkTo('devices', device.device_id)}>{device.device_name}</a>{' '}
            <span class={isOnline ? 'badge good' : 'badge'}>
              <Icon name={isOnline ? 'check' : 'cut'} size={14} />
              {isOnline ? text.widget.online : text.card.offline}
            </span>
          </dd>
        </div>
        <div>
          <dt>{text.common.room}</dt>
          <dd>{room?.name ?? text.common.noRoom}</dd>
        </div>
        <div>
          <dt>{text.widget.valueFrom}</dt>
          <dd>{at === null ? text.card.never : <Ago at={at} />}</dd>
        </div>
      </dl>
    </section>
  );
}
