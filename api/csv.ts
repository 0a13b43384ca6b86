import type { TypedResponse } from 'hono';
import { formatMicros } from '../db/domain/time.ts';
import type { Value } from '../db/domain/types.ts';
import type { Range, StoredReading } from '../db/history/query/index.ts';
import type { LiveWidget } from '../db/live-state/types.ts';
import type { Ctx } from './context.ts';
import { createLocalTime } from './local-time.ts';

/** Lines made at once: whoever waits for the processor is not held up. */
const LINES = 1000;
const HEADER =
  'at,local_time,device_id,device_name,widget_id,widget_name,capability_type,control_type,unit,type,seq,value\r\n';

/**
 * RFC 4180. Text that a spreadsheet would run as a formula is quoted with an apostrophe; so is text that looks as if it
 * had been, so that an import can tell the two apart.
 */
function field(value: Value): string {
  if (typeof value !== 'string') return Object.is(value, -0) ? '-0' : String(value);
  const isNumber = value.trim() !== '' && Number.isFinite(Number(value));
  const text = !isNumber && /^'*[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const TYPES = { string: 'text', number: 'number', boolean: 'boolean' } as const;
const typeOf = (value: Value): string => TYPES[typeof value as keyof typeof TYPES];

/** For the name of a file: letters, digits and dashes; what else there is goes into the form for newer clients. */
const plainName = (name: string): string =>
  name
    .normalize('NFKD')
    .replaceAll(/\p{M}+/gu, '')
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '') || 'readings';

export interface CsvExport {
  /** What it is of, for the name of the file: `Living room`. */
  name: string;
  widgets: readonly LiveWidget[];
  range: Range;
  /** IANA. */
  timeZone: string;
  stream: (widgetId: number, range: Range) => AsyncIterable<StoredReading[]>;
}

/** Without its extension. */
function nameOfFile({ name, range }: CsvExport): string {
  const day = (at: number) => formatMicros(at).slice(0, 10);
  const from = range.from > 0 ? ` ${day(range.from)}` : '';
  const to = range.to < Number.MAX_SAFE_INTEGER ? ` ${day(range.to)}` : '';
  return `${name}${from}${from !== '' && to !== '' ? ' to' : ''}${to}`;
}

function* linesOf(widget: LiveWidget, readings: readonly StoredReading[], local: (at: number) => string) {
  const { device, capability } = widget;
  const before = [device.deviceId, device.name, widget.id, widget.name].map(field).join(',');
  const after = [capability.capabilityType, capability.controlType, capability.unit ?? '']
    .map(field)
    .join(',');
  for (let start = 0; start < readings.length; start += LINES) {
    let text = '';
    for (const { at, seq, value } of readings.slice(start, start + LINES)) {
      text += `${formatMicros(at, true)},${local(at)},${before},${after},${typeOf(value)},${seq},${field(value)}\r\n`;
    }
    yield text;
  }
}

async function* csv({ widgets, range, timeZone, stream }: CsvExport): AsyncGenerator<string> {
  const local = createLocalTime(timeZone);
  yield HEADER;
  for (const widget of widgets) {
    for await (const readings of stream(widget.id, range)) yield* linesOf(widget, readings, local);
  }
}

/** Any number of readings, widget by widget and in order of time, as fast as the client reads them; ends when it leaves. */
export function csvOf(c: Ctx, of: CsvExport): Response & TypedResponse<string, 200, 'text'> {
  const encoder = new TextEncoder();
  const texts = csv(of);
  const body = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const { done, value } = await texts.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
      // A page that is at hand would be made into lines in one go.
      await new Promise((resolve) => setImmediate(resolve));
    },
    cancel: async () => {
      await texts.return(undefined);
    },
  });
  const name = nameOfFile(of);
  const headers = {
    'Content-Type': 'text/csv; charset=utf-8',
    'Content-Disposition': `attachment; filename="${plainName(name)}.csv"; filename*=UTF-8''${encodeURIComponent(`${name}.csv`).replaceAll(/['()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`)}`,
  };
  return c.body(body, 200, headers) as unknown as Response & TypedResponse<string, 200, 'text'>;
}
