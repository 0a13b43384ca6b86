import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { covers, reachableHosts } from '../../../certs/names.ts';
import { readOwn } from '../../../certs/own.ts';
import { broken, type Check, type Finding, messageOf, ok, skipped, warning } from '../finding.ts';

const DAY_MS = 86_400_000;
const WARN_DAYS = 30;

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const certificatesIn = (text: string) => (text.match(BLOCK) ?? []).map((pem) => new X509Certificate(pem));

const day = (text: string) => new Date(text).toISOString().slice(0, 10);

/** `renewal`: what makes it anew. */
function checkTimes(name: string, { validFrom, validTo }: X509Certificate, renewal: string): Finding[] {
  const now = Date.now();
  if (Date.parse(validFrom) > now) {
    return [
      broken(
        'certificate_not_yet_valid',
        `${name} is valid from ${new Date(validFrom).toISOString()} on, and the clock says ${new Date(now).toISOString()}`,
        'if the clock is wrong: sudo timedatectl set-ntp true; else the certificate was made while it was wrong: it is made anew at the next start',
      ),
    ];
  }
  const days = Math.floor((Date.parse(validTo) - now) / DAY_MS);
  if (days < 0)
    return [
      broken(
        'certificate_expired',
        `${name} ended on ${day(validTo)}: clients refuse the connection`,
        renewal,
      ),
    ];
  if (days < WARN_DAYS)
    return [warning('certificate_ends', `${name} ends in ${days} days, on ${day(validTo)}`, renewal)];
  return [ok('certificate', `${name} is valid until ${day(validTo)}`)];
}

/** Under which names it must be accepted: what devices are told, or what this machine has. */
function checkNames(certificate: X509Certificate, publicHost: string | null, todo: string): Finding[] {
  const wanted = publicHost === null ? reachableHosts() : [publicHost];
  const missing = wanted.filter((name) => !covers(certificate, name));
  if (missing.length === 0) return [ok('certificate_names', `It names ${wanted.join(' and ')}`)];
  return [
    warning(
      'certificate_names',
      `The certificate of the server does not name ${missing.join(' or ')}: devices that check it do not connect ${missing.some((name) => isIP(name) !== 0) ? 'to that address' : 'there'}`,
      todo,
    ),
  ];
}

function checkOurs(dir: string, publicHost: string | null, running: boolean): Finding[] {
  const renewal = 'npm run certs -- renew (docs/certificates.md)';
  const [ca] = certificatesIn(readFileSync(join(dir, 'ca.crt'), 'utf8'));
  if (ca === undefined) throw new Error('ca.crt holds no certificate');
  const findings = checkTimes(
    'The CA',
    ca,
    'npm run certs -- rotate-ca (docs/certificates.md): every device must learn the new one',
  );
  const path = join(dir, 'server.pem');
  if (!existsSync(path))
    return [...findings, skipped('certificate', 'The certificate of the server is made at the next start')];
  const text = readFileSync(path, 'utf8');
  const [server] = certificatesIn(text);
  if (server === undefined || !server.checkPrivateKey(createPrivateKey(text)))
    return [
      ...findings,
      broken('certificate_damaged', `${path} is damaged`, 'start the server: it makes a new one'),
    ];
  findings.push(...checkTimes('The certificate of the server', server, renewal));
  if (!server.checkIssued(ca) || !server.verify(ca.publicKey))
    findings.push(
      broken(
        'certificate_of_another_ca',
        'The certificate of the server is of another CA than ca.crt: devices refuse it',
        renewal,
      ),
    );
  const anew = running
    ? 'the server makes a new one within minutes; its log says why not'
    : 'the server makes a new one when it starts';
  return [...findings, ...checkNames(server, publicHost, anew)];
}

/** Chain, times, names. */
export const checkCertificates: Check = ({
  config: { tlsFiles, publicHost, listeners },
  dataDir,
  server,
}) => {
  if (listeners.https.port === 'off' && listeners.mqtts.port === 'off')
    return [skipped('certificate', 'No listener uses TLS')];
  const dir = join(dataDir, 'certs');
  try {
    if (tlsFiles !== null) {
      const { certificate, certPem } = readOwn(tlsFiles);
      const chain = certificatesIn(certPem);
      const broke = chain.findIndex((one, i) => i > 0 && !chain[i - 1]?.checkIssued(one));
      return [
        ...checkTimes(
          'TLS_CERT',
          certificate,
          'put a new one in its place: the server reads it within seconds',
        ),
        ...(broke > 0
          ? [
              broken(
                'certificate_chain',
                `The chain in ${tlsFiles.cert} is broken at certificate ${broke + 1}`,
                'put the certificate first, then the one that issued it, and so on',
              ),
            ]
          : []),
        ...checkNames(
          certificate,
          publicHost,
          'have it issued for that name, or set PUBLIC_HOST to one that it names',
        ),
      ];
    }
    if (!existsSync(join(dir, 'ca.crt')))
      return [skipped('certificate', 'The CA is made at the first start')];
    return checkOurs(dir, publicHost, server !== null);
  } catch (error) {
    return [
      broken(
        'certificate_unreadable',
        `The certificates in ${tlsFiles?.cert ?? dir} cannot be used: ${messageOf(error)}`,
        'npm run certs -- list tells more; run this as the user of the server',
      ),
    ];
  }
};
