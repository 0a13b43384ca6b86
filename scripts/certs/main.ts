import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type CertificateStore, openCertificateStore } from '../../certs/store.ts';
import type { Config } from '../../config/index.ts';
import { builtAt } from '../../db/built-at.ts';
import { announcedName } from '../../net/mdns/kept-name.ts';
import { asTyped } from '../operator/as-typed.ts';
import { localConfig } from '../operator/local-server.ts';
import { readServerFile } from '../operator/server-file.ts';
import { parseArguments, runCommand, UsageError } from '../operator/usage.ts';
import { device } from './device.ts';
import { list } from './list.ts';

const USAGE = `npm run certs -- COMMAND    certificates of the server on this machine; it need not run, nor be restarted

  list                   every certificate, with the days it has left
  device ID              a key and a certificate with which the device ID logs in without a password
  renew                  a new certificate for the server, under the same CA
  rotate-ca              a second CA, trusted beside the first
  rotate-ca --drop-old   the second CA takes the place of the first`;
const COMMANDS = ['list', 'device', 'renew', 'rotate-ca'];
const SOON = 'A running server takes it up within two seconds; no connection is dropped.';

/** A machine that has forgotten the time must not make certificates that have ended. */
const now = () => Math.max(Date.now(), builtAt());

async function renew(store: CertificateStore, { tlsFiles }: Config): Promise<void> {
  if (tlsFiles !== null) {
    throw new Error(`TLS_CERT is set: the server shows ${tlsFiles.cert}, renew that where it came from`);
  }
  await store.renewServer();
  console.log(`The server has a new certificate. ${SOON}`);
}

async function rotate(store: CertificateStore, dropOld: boolean): Promise<void> {
  if (dropOld) {
    const { ca, cutOff } = await store.dropOldCa();
    console.log(`The old CA is dropped; the CA is ${ca.certificate.fingerprint256}.`);
    console.log('Certificates of devices that the old one issued are refused from now on.');
    if (cutOff.length > 0) console.log(`Of those made here: ${cutOff.join(', ')}.`);
  } else {
    const { certificate } = await store.beginRotation();
    console.log(`A second CA is trusted beside the first: ${certificate.fingerprint256}.`);
    console.log(
      `Give ${store.caPath} (it holds both) to every device, and new certificates to those that log in`,
    );
    console.log(
      asTyped('with one (npm run certs -- list marks those of the old CA). Then drop the old CA with:'),
    );
    console.log(asTyped('npm run certs -- rotate-ca --drop-old'));
  }
  console.log(SOON);
}

/** The folder of the server, and no other: a wrong one would get a CA that nobody trusts. */
function storeOf({ dataDir, publicHost, mdnsName }: Config): CertificateStore {
  const dir = join(dataDir, 'certs');
  // Where the key alone is missing, the store says what to do.
  const keyLost = existsSync(join(dir, 'ca.crt')) && !existsSync(join(dir, 'ca.key'));
  if (!keyLost) readServerFile(dataDir, join('certs', 'ca.key'));
  return openCertificateStore({ dir, publicHost, announced: announcedName({ mdnsName }, dataDir), now });
}

async function certs(args: string[]): Promise<void> {
  const {
    positionals: [command, ...words],
    values: { 'drop-old': dropOld },
  } = parseArguments({ args, allowPositionals: true, options: { 'drop-old': { type: 'boolean' } } });
  if (command === undefined && dropOld === undefined) throw new UsageError();
  if (command === undefined || !COMMANDS.includes(command)) {
    throw new UsageError(`${command ?? 'nothing'} is no command`);
  }
  const extra = words.slice(command === 'device' ? 1 : 0);
  if (extra.length > 0) throw new UsageError(`too many words: ${extra.join(' ')}`);
  if (dropOld !== undefined && command !== 'rotate-ca') {
    throw new UsageError('--drop-old is an option of rotate-ca');
  }
  const config = localConfig();
  const store = storeOf(config);
  if (command === 'list') return list(store, config.tlsFiles, now());
  if (command === 'device') return device(store, words[0], now());
  if (command === 'renew') return renew(store, config);
  return rotate(store, dropOld === true);
}

await runCommand(USAGE, certs);
