import { webcrypto } from 'node:crypto';
import { BmpString, OctetString } from 'asn1js';
import {
  Attribute,
  AuthenticatedSafe,
  CertBag,
  Certificate,
  CryptoEngine,
  PFX,
  PKCS8ShroudedKeyBag,
  PrivateKeyInfo,
  SafeBag,
  SafeContents,
  setEngine,
} from 'pkijs';
import type { KeyAndCertificate } from './issue.ts';

/** RFC 7292. */
const BAG = { shroudedKey: '1.2.840.113549.1.12.10.1.2', certificate: '1.2.840.113549.1.12.10.1.3' };
/** RFC 2985. */
const ATTRIBUTE = { friendlyName: '1.2.840.113549.1.9.20', localKeyId: '1.2.840.113549.1.9.21' };
const ITERATIONS = 100_000;

setEngine('node', new CryptoEngine({ name: 'node', crypto: webcrypto as never }));

/** Each PEM block of a text, as DER. */
const ders = (pem: string): ArrayBuffer[] =>
  [...pem.matchAll(/-----BEGIN [^-]+-----([^-]+)-----END/g)].map(([, body]) => {
    const bytes = Buffer.from(body ?? '', 'base64');
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
  });

/** Key, certificate and CA in one file for programs that want that: PKCS#12 with AES-256 and SHA-256. */
export async function toPkcs12(
  { keyPem, certPem, caPem }: KeyAndCertificate & { caPem: string },
  { name, password: text }: { name: string; password: string },
): Promise<Buffer> {
  const password = new TextEncoder().encode(text).buffer as ArrayBuffer;
  const encryption = {
    password,
    contentEncryptionAlgorithm: { name: 'AES-CBC', length: 256 },
    hmacHashAlgorithm: 'SHA-256',
    iterationCount: ITERATIONS,
  };
  const attributes = [
    new Attribute({ type: ATTRIBUTE.friendlyName, values: [new BmpString({ value: name })] }),
    new Attribute({
      type: ATTRIBUTE.localKeyId,
      values: [new OctetString({ valueHex: new Uint8Array([1]).buffer })],
    }),
  ];
  const [key] = ders(keyPem);
  if (key === undefined) throw new Error('there is no key');
  const keyBag = new PKCS8ShroudedKeyBag({ parsedValue: PrivateKeyInfo.fromBER(key) });
  await keyBag.makeInternalValues(encryption);
  const certificates = [...ders(certPem), ...ders(caPem)].map((der, i) => {
    const bagValue = new CertBag({ parsedValue: Certificate.fromBER(der) });
    return new SafeBag({
      bagId: BAG.certificate,
      bagValue,
      ...(i === 0 && { bagAttributes: attributes }),
    });
  });
  const keyContents = new SafeContents({
    safeBags: [new SafeBag({ bagId: BAG.shroudedKey, bagValue: keyBag, bagAttributes: attributes })],
  });
  const safe = new AuthenticatedSafe({
    parsedValue: {
      safeContents: [
        { privacyMode: 0, value: keyContents },
        { privacyMode: 1, value: new SafeContents({ safeBags: certificates }) },
      ],
    },
  });
  await safe.makeInternalValues({ safeContents: [{}, encryption] });
  const pfx = new PFX({ parsedValue: { integrityMode: 0, authenticatedSafe: safe } });
  await pfx.makeInternalValues({
    password,
    iterations: ITERATIONS,
    pbkdf2HashAlgorithm: 'SHA-256',
    hmacHashAlgorithm: 'SHA-256',
  });
  return Buffer.from(pfx.toSchema().toBER());
}
