import { type Client, type CsvCall, UnreachableError } from '../../client/index.ts';
import { fileNameOf } from '../../state/file-name.ts';

export interface CsvOf {
  call: CsvCall;
  params: { id: number } | { device_id: string };
  query: { from?: string; to?: string };
}

/** A browser needs the address for a moment after the click. */
const KEEP_MS = 60_000;

/** Of the browser; none where it does not tell one that the server would know. */
function timeZone(): { time_zone?: string } {
  const { timeZone: zone } = Intl.DateTimeFormat().resolvedOptions();
  return zone === undefined || zone === 'Etc/Unknown' ? {} : { time_zone: zone };
}

/** Fetches CSV of any length and has the browser save it. Gives the name of the file. */
export async function saveCsv(
  client: Client,
  { call, params, query }: CsvOf,
  signal: AbortSignal,
  onBytes: (count: number) => void,
): Promise<string> {
  const input = { params, query: { ...query, ...timeZone() }, signal };
  const response = await client.stream(call, input as never);
  const parts = await partsOf(response, onBytes);
  const url = URL.createObjectURL(new Blob(parts, { type: 'text/csv' }));
  const name = fileNameOf(response.headers.get('Content-Disposition'), 'readings.csv');
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), KEEP_MS);
  return name;
}

async function partsOf(response: Response, onBytes: (count: number) => void): Promise<BlobPart[]> {
  const parts: BlobPart[] = [];
  const reader = response.body?.getReader();
  let bytes = 0;
  for (;;) {
    const { done, value } = (await reader?.read().catch(broken)) ?? { done: true, value: undefined };
    if (done || value === undefined) return parts;
    parts.push(value);
    bytes += value.byteLength;
    onBytes(bytes);
  }
}

/** What was to come has not come whole: nothing is saved of it. */
function broken(error: unknown): never {
  if (error instanceof DOMException && error.name === 'AbortError') throw error;
  throw new UnreachableError('network', 'the download broke off', error);
}
