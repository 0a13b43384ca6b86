import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { toPkcs12 } from '../../certs/pkcs12.ts';
import { type CertificateStore, daysLeft, openCertificateStore } from '../../certs/store.ts';
import { isDeviceId } from '../../db/domain/device-id.ts';
import { randomText } from '../../db/domain/secrets.ts';
import { localConfig } from '../operator/local-server.ts';
import { runCommand, UsageError } from '../operator/usage.ts';

const USAGE = `npm run certs -- COMMAND    certificates of the server on this machine; it need not run, nor be restarted

  list                   every certificate, with the days it has left
  device ID              a key and a certificate with which the device ID logs in without a password
  renew                  a new certificate for the server, under the same CA
  rotate-ca              a second CA, trusted beside the first
  rotate-ca --drop-old   the second CA takes the place of the first`;
const SOON = 'A running server takes it up within two seconds; no connection is dropped.';
const WARN_DAYS = 30;
/** 96 bits: enough for a file that is carried by hand. */
const PASSWORD_BYTES = 12;

async function list(store: CertificateStore): Promise<void> {
  const rows = (await store.list()).map(({ name, certificate }) => {
    const days = daysLeft(certificate, Date.now());
    const note = days < 0 ? 'has ended' : days < WARN_DAYS ? 'ends soon' : '';
    return [name, `${days} days`, certificate.fingerprint256.replaceAll(':', '').toLowerCase(), note];
  });
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  for (const [name = '', days = '', sha256, note] of rows) {
    console.log(
      `${name.padEnd(widths[0] ?? 0)}  ${days.padStart(widths[1] ?? 0)}  ${sha256}  ${note}`.trimEnd(),
    );
  }
}

async function device(store: CertificateStore, id: string | undefined): Promise<void> {
  if (id === undefined || !isDeviceId(id)) {
    throw new UsageError('device needs a device id: 1 to 64 of A-Z a-z 0-9 . _ : -');
  }
  const made = await store.issueDevice(id);
  const password = randomText(PASSWORD_BYTES);
  const p12 = await toPkcs12(made, { name: id, password });
  console.log(`key          ${store.writeDevice(id, 'key', made.keyPem)}`);
  console.log(`certificate  ${store.writeDevice(id, 'crt', made.certPem)}`);
  console.log(`CA           ${store.caPath}`);
  console.log(`PKCS#12      ${store.writeDevice(id, 'p12', p12)} (the three together)`);
  console.log(`password     ${password} (of the PKCS#12 file; not kept, not shown again)`);
  console.log(`\nThe device connects with client id ${id} and no password.`);
}

async function rotate(store: CertificateStore, dropOld: boolean): Promise<void> {
  if (dropOld) {
    const { certificate } = await store.dropOldCa();
    console.log(`The old CA is dropped; the CA is ${certificate.fingerprint256}.`);
    console.log('Certificates of devices that the old one issued are refused from now on.');
  } else {
    const { certificate } = await store.beginRotation();
    console.log(`A second CA is trusted beside the first: ${certificate.fingerprint256}.`);
    console.log(
      `Give ${store.caPath} (it holds both) to every device, and new certificates to those that log in`,
    );
    console.log('with one. Then drop the old CA with: npm run certs -- rotate-ca --drop-old');
  }
  console.log(SOON);
}

async function certs(args: string[]): Promise<void> {
  const parse = () => {
    try {
      return parseArgs({ args, allowPositionals: true, options: { 'drop-old': { type: 'boolean' } } });
    } catch (error) {
      throw new UsageError(error instanceof Error ? error.message : String(error));
    }
  };
  const {
    positionals: [command, argument, ...more],
    values,
  } = parse();
  const extra = command === 'device' ? more : argument === undefined ? [] : [argument, ...more];
  if (extra.length > 0) throw new UsageError(`too many words: ${extra.join(' ')}`);
  const store = openCertificateStore({ dir: join(localConfig().dataDir, 'certs') });
  if (command === 'list') return list(store);
  if (command === 'device') return device(store, argument);
  if (command === 'rotate-ca') return rotate(store, values['drop-old'] === true);
  if (command !== 'renew') throw new UsageError(`${command ?? 'nothing'} is no command`);
  await store.renewServer();
  console.log(`The server has a new certificate. ${SOON}`);
}

await runCommand(USAGE, certs);
