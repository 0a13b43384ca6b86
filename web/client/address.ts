import type { AnyInput, Call } from './calls.ts';

export interface Target {
  method: string;
  url: string;
}

/** Where a call goes. TypeError: a parameter that is missing or cannot stand in a path. */
export function targetOf(baseUrl: string, call: Call, { params = {}, query = {} }: AnyInput): Target {
  const [method = '', template = ''] = call.split(' ');
  const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => segmentOf(name, params[name]));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    // A list is one parameter with commas (style form, explode false), and none when it is empty.
    const text = Array.isArray(value) ? value.join(',') : value;
    if (text !== undefined && !(Array.isArray(value) && value.length === 0))
      search.append(name, String(text));
  }
  const text = search.toString();
  return { method, url: `${baseUrl}${path}${text === '' ? '' : `?${text}`}` };
}

function segmentOf(name: string, value: string | number | undefined): string {
  const text = String(value ?? '');
  // Every URL parser takes `.` and `..` out of a path, also written as %2E: the call would be another one.
  if (text === '' || text === '.' || text === '..') {
    throw new TypeError(`${name}: ${JSON.stringify(text)} cannot stand in a path`);
  }
  return encodeURIComponent(text);
}
