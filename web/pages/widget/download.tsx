import { useEffect, useRef, useState } from 'preact/hooks';
import type { Widget } from '../../client/index.ts';
import { spanLabel } from '../../state/axis-labels.ts';
import type { Span } from '../../state/history-range.ts';
import { useAction } from '../../ui/action.ts';
import { useFormat, useText } from '../../ui/context.ts';
import { FormDialog } from '../../ui/dialog.tsx';
import { Notice } from '../../ui/feedback.tsx';
import { Choice } from '../../ui/fields.tsx';
import { type CsvOf, saveCsv } from './save-csv.ts';

interface DownloadProps {
  widget: Widget;
  /** null: in none. */
  room: { id: number; name: string } | null;
  span: Span;
  onClose(): void;
}

/** Readings to be taken elsewhere: of the widget, its device or its room. */
export function DownloadDialog({ widget, room, span: spanNow, onClose }: DownloadProps) {
  const text = useText();
  const format = useFormat();
  const { run, busy, failure } = useAction();
  /** As it was when the dialog was opened: what is read is what is fetched. */
  const [span] = useState(spanNow);
  const [what, setWhat] = useState('widget');
  const [when, setWhen] = useState('shown');
  const [bytes, setBytes] = useState(0);
  const [saved, setSaved] = useState<string | null>(null);
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);

  const of = (): CsvOf => {
    const query =
      when === 'shown'
        ? { from: new Date(span.from).toISOString(), to: new Date(span.to).toISOString() }
        : {};
    if (what === 'room' && room !== null)
      return { call: 'GET /api/rooms/{id}/readings', params: { id: room.id }, query };
    if (what === 'device') {
      const { device_id } = widget.device;
      return { call: 'GET /api/devices/{device_id}/readings', params: { device_id }, query };
    }
    return { call: 'GET /api/widgets/{id}/readings', params: { id: widget.widget_id }, query };
  };
  const start = async () => {
    const ending = new AbortController();
    running.current = ending;
    setBytes(0);
    setSaved(null);
    const name = await run(async (client) => {
      try {
        return await saveCsv(client, of(), ending.signal, setBytes);
      } catch (error) {
        // Called off by whoever looks: nothing went wrong.
        if (ending.signal.aborted) return null;
        throw error;
      }
    });
    if (!ending.signal.aborted) setSaved(name);
  };
  const whats = [
    { value: 'widget', label: text.widget.ofWidget(widget.name) },
    { value: 'device', label: text.widget.ofDevice(widget.device.device_name) },
    ...(room === null ? [] : [{ value: 'room', label: text.widget.ofRoom(room.name) }]),
  ];
  const whens = [
    { value: 'shown', label: text.widget.asShown(spanLabel(span.from, span.to, format.locale)) },
    { value: 'all', label: text.widget.everything },
  ];
  return (
    <FormDialog
      title={text.widget.downloadTitle}
      submit={text.widget.start}
      busy={busy}
      failure={failure}
      onClose={onClose}
      onSubmit={() => void start()}
    >
      <Choice label={text.widget.what} value={what} options={whats} onChange={setWhat} />
      <Choice label={text.widget.when} value={when} options={whens} onChange={setWhen} />
      {busy && <p role="status">{text.widget.received(format.bytes(bytes))}</p>}
      {saved !== null && <Notice tone="good">{text.widget.saved(saved)}</Notice>}
    </FormDialog>
  );
}
