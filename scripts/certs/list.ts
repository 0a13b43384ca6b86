import { messageOf } from '../../certs/files.ts';
import { type OwnFiles, readOwn } from '../../certs/own.ts';
import { daysLeft, periodFault, WARN_DAYS } from '../../certs/period.ts';
import type { CertificateStore, Listed } from '../../certs/store.ts';

const OWN = 'server (TLS_CERT)';

function own(files: OwnFiles): Listed {
  try {
    return { name: OWN, path: files.cert, certificate: readOwn(files).certificate };
  } catch (error) {
    return { name: OWN, path: '', fault: messageOf(error) };
  }
}

function noteOn(one: Listed, now: number, rotating: boolean): string {
  if ('fault' in one) return '';
  if (one.issuer === null) return 'refused: its CA is trusted no more';
  const left = daysLeft(one.certificate, now);
  const notes = [
    periodFault(one.certificate, now) ?? (left < WARN_DAYS ? 'ends soon' : ''),
    rotating && one.issuer === 'ca' ? 'ends with the old CA' : '',
  ];
  return notes.filter((note) => note !== '').join(', ');
}

/** Every certificate with its days and its SHA-256; one that cannot be read with the reason. */
export async function list(store: CertificateStore, files: OwnFiles | null, now: number): Promise<void> {
  const found = await store.list();
  const ours = files === null ? found : found.filter(({ name }) => name !== 'server');
  const listed = files === null ? ours : [own(files), ...ours];
  const rotating = ours.some(({ name }) => name === 'ca-next');
  const width = Math.max(...listed.map(({ name }) => name.length));
  for (const one of listed) {
    const name = one.name.padEnd(width);
    if ('fault' in one) {
      console.log(`${name}  unreadable: ${`${one.path} ${one.fault}`.trim()}`);
      continue;
    }
    const days = `${daysLeft(one.certificate, now)} days`.padStart(10);
    console.log(
      `${name}  ${days}  ${one.certificate.fingerprint256}  ${noteOn(one, now, rotating)}`.trimEnd(),
    );
  }
}
