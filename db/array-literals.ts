/** Texts of PostgreSQL arrays: one parameter for a column of many rows. What is in them must need no quotes, or have them. */
export const arrayLiteral = (items: readonly (string | number | null)[]): string =>
  `{${items.map((item) => (item === null ? 'NULL' : String(item))).join(',')}}`;

export const quoted = (text: string | null): string | null =>
  text === null ? null : `"${text.replace(/["\\]/g, '\\$&')}"`;

export const bytesLiteral = (data: Buffer): string => `"\\\\x${data.toString('hex')}"`;

/** With the sign of −0. */
export const floatLiteral = (value: number | null): string | null =>
  value === null ? null : Object.is(value, -0) ? '-0' : String(value);
