// What the installer must know of a configuration, read as the server reads it.
//   ports   whether every listener could listen: one line for each that could not, and 1
//   tell    where it is found and what it is known by, for the person at the terminal
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';

const { loadConfig } = await import(new URL('../../dist/config/index.js', import.meta.url).href);

const REASONS = {
  EADDRINUSE: 'another program listens there already',
  EACCES: 'a port below 1024 needs a right: see "A port below 1024" in docs/install.md',
  EADDRNOTAVAIL: 'this machine has no such address',
};

function faultOf(name, { host, port }) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', ({ code, message }) => {
      const variable = name.toUpperCase();
      resolve(
        `${variable}_PORT: ${host}:${port}: ${REASONS[code] ?? message} (${variable}_PORT sets another)`,
      );
    });
    server.listen(port, host, () => server.close(() => resolve(null)));
  });
}

async function ports({ listeners }) {
  const used = Object.entries(listeners).filter(([, { port }]) => port !== 'off' && port !== 0);
  const faults = await Promise.all(used.map(([name, address]) => faultOf(name, address)));
  for (const fault of faults.filter((text) => text !== null)) console.error(fault);
  return faults.some((text) => text !== null) ? 1 : 0;
}

function ownAddress() {
  const all = Object.values(networkInterfaces()).flat();
  return all.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? 'localhost';
}

function tell({ listeners, publicHost, dataDir, adminUsername, tlsFiles, mdnsName }) {
  const { http, https, mqtts } = listeners;
  const hosts = [...(mdnsName ? [`${mdnsName}.local`] : []), publicHost ?? ownAddress()];
  const line = (name, text) => console.log(`  ${name.padEnd(10)}${text}`);
  if (https.port !== 'off') line('Open', hosts.map((host) => `https://${host}:${https.port}`).join('  or  '));
  if (http.port !== 'off')
    line(https.port === 'off' ? 'Open' : '', `http://localhost:${http.port} on this machine`);
  line('Log in', `as ${adminUsername}`);
  if (mqtts.port !== 'off')
    line('Devices', hosts.map((host) => `mqtts://${host}:${mqtts.port}`).join('  or  '));
  const ca = join(dataDir, 'certs', 'ca.crt');
  if (tlsFiles === null && existsSync(ca)) {
    line('CA', `SHA-256 ${new X509Certificate(readFileSync(ca)).fingerprint256}`);
    line('', ca);
  }
  return 0;
}

try {
  const config = loadConfig(process.env);
  process.exitCode = process.argv[2] === 'ports' ? await ports(config) : tell(config);
} catch (error) {
  console.error(error.message);
  process.exitCode = 78;
}
