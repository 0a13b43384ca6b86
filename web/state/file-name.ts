/** The name that a server gives to what is to be kept (RFC 6266), without anything that leads to another folder. */
export function fileNameOf(disposition: string | null, fallback: string): string {
  const name = extended(disposition ?? '') ?? /filename="([^"]*)"/i.exec(disposition ?? '')?.[1];
  const plain = (name ?? '').replaceAll(/[\\/:*?"<>|\p{Cc}]+/gu, '-').trim();
  return plain === '' ? fallback : plain;
}

function extended(disposition: string): string | undefined {
  const encoded = /filename\*=UTF-8''([^;]+)/i.exec(disposition)?.[1];
  if (encoded === undefined) return undefined;
  try {
    return decodeURIComponent(encoded.trim());
  } catch {
    return undefined;
  }
}
