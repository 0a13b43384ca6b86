/** What the library of TLS says, or what the client has told it, in words of somebody who has to mend it. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [
    /unsupported protocol|alert protocol version/i,
    'the client speaks no TLS version that is allowed: TLS_MIN_VERSION=TLSv1.2 lets in who has no TLS 1.3',
  ],
  [/alert unknown ca/i, 'the client does not trust the CA of this server: give it ca.crt'],
  [
    /alert certificate expired/i,
    'to the client the certificate has ended, or is not valid yet: is its clock right?',
  ],
  [
    /alert (?:bad certificate|certificate unknown|unsupported certificate|internal error|access denied)/i,
    'the client refuses the certificate: it may not trust the CA, know the server by another name, or have a wrong clock',
  ],
  [
    /wrong version number|http request|packet length too long/i,
    'the client speaks no TLS: is this the right port?',
  ],
  [
    /no shared cipher|no suitable|no protocols available/i,
    'the client and this server have no cipher in common',
  ],
  [/handshake timeout/i, 'the client was silent for 10 s'],
  [
    /ECONNRESET|EPIPE|socket hang up|unexpected eof|disconnected before/i,
    'the client left before it was done: it may not trust the CA, or know the server by another name',
  ],
];

export const handshakeWords = (error: Error): string => {
  const { code = '', reason } = error as NodeJS.ErrnoException & { reason?: string };
  const text = `${code} ${error.message}`.replaceAll('_', ' ');
  return WORDS.find(([pattern]) => pattern.test(text))?.[1] ?? reason ?? error.message;
};
