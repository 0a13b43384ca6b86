import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { Aedes } from 'aedes';
import type { Certificate } from './certificate.ts';

/** Aedes as it comes: acknowledges, stores nothing, knows nobody. */
const { certPath, keyPath } = JSON.parse(process.argv[2] ?? '') as Certificate;
const BACKLOG = 4096;

const aedes = await Aedes.createBroker();
const plain = createServer({ noDelay: true }, (socket) => void aedes.handle(socket));
const tls = createTlsServer(
  { cert: readFileSync(certPath), key: readFileSync(keyPath), minVersion: 'TLSv1.3', noDelay: true },
  (socket) => void aedes.handle(socket),
);

const portOf = (server: typeof plain) =>
  new Promise<number>((resolve) => {
    server.listen({ port: 0, host: '127.0.0.1', backlog: BACKLOG }, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });

process.send?.({ port: await portOf(plain), tlsPort: await portOf(tls) });
process.once('disconnect', () => process.exit());
