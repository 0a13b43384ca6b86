import { existsSync, readFileSync } from 'node:fs';

/** A certificate and a key of the operator's own (TLS_CERT, TLS_KEY), which lie outside of DATA_DIR. */
export function ownFilesOf(files: { cert: string; key: string } | null): { name: string; content: Buffer }[] {
  if (files === null) return [];
  const { cert, key } = files;
  return [
    { name: 'tls.crt', path: cert },
    { name: 'tls.key', path: key },
  ].flatMap(({ name, path }) => (existsSync(path) ? [{ name, content: readFileSync(path) }] : []));
}
