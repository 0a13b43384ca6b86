import type { HistoryStatus } from '../../web/client/index.ts';

const UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB'];

function sizeText(bytes: number): string {
  let size = bytes;
  let unit = 0;
  while (size >= 1000 && unit < UNITS.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${unit === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${UNITS[unit]}`;
}

const moment = (time: string) => `${time.slice(0, 16).replace('T', ' ')} UTC`;
const since = (time: string | null) => (time === null ? 'all are kept' : `from ${moment(time)} on`);
const days = (count: number) => (count === 1 ? '1 day' : `${count} days`);

/** For a person: a line each of what is kept, and how far it has come. */
export function statusText(status: HistoryStatus): string {
  const { bytes, late_hours: late } = status;
  return [
    `raw readings  ${since(status.raw_from)}; ${days(status.packed_days)} packed (${sizeText(bytes.chunks)}), ${days(status.plain_days)} of plain rows (${sizeText(bytes.readings)})`,
    `minutes       ${since(status.minutes_from)}; ${sizeText(bytes.minute_rollups)}`,
    `hours         ${sizeText(bytes.hour_rollups)}`,
    `summed up     before ${moment(status.summed_up_before)}${late === 0 ? '' : `, but for ${late} hours of widgets that are summed up anew`}`,
  ].join('\n');
}
