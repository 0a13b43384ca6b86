import { periodFault } from '../../certs/period.ts';
import { toPkcs12 } from '../../certs/pkcs12.ts';
import type { CertificateStore } from '../../certs/store.ts';
import { isDeviceId } from '../../db/domain/device-id.ts';
import { randomText } from '../../db/domain/secrets.ts';
import { UsageError } from '../operator/usage.ts';

/** 96 bits: enough for a file that is carried by hand. */
const PASSWORD_BYTES = 12;

/** A key and a certificate with which a device logs in. */
export async function device(store: CertificateStore, id: string | undefined, now: number): Promise<void> {
  if (id === undefined || !isDeviceId(id)) {
    throw new UsageError('device needs a device id: 1 to 64 of A-Z a-z 0-9 . _ : -');
  }
  const earlier = store.device(id);
  const made = await store.issueDevice(id);
  const password = randomText(PASSWORD_BYTES);
  const p12 = await toPkcs12(made, { name: id, password });
  console.log(`key          ${store.writeDevice(id, 'key', made.keyPem)}`);
  console.log(`certificate  ${store.writeDevice(id, 'crt', made.certPem)}`);
  console.log(`CA           ${store.caPath}`);
  console.log(`PKCS#12      ${store.writeDevice(id, 'p12', p12)} (the three together)`);
  console.log(`password     ${password} (of the PKCS#12 file; not kept, not shown again)`);
  console.log(`\nThe device connects with client id ${id} and no password.`);
  if (earlier === null || !('certificate' in earlier) || periodFault(earlier.certificate, now) !== null)
    return;
  const { validFrom, validTo } = earlier.certificate;
  console.log(`\nAn earlier certificate of ${id} (from ${validFrom}) stays valid until ${validTo}.`);
  console.log(`POST /api/devices/${id}/secret ends all that were made before it: make a new one afterwards.`);
}
