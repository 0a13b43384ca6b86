import { test } from 'node:test';
import { DAY_MS, folder, operatorsFiles } from '../helpers/certificates.ts';
import { startServer } from '../helpers/setup.ts';
import { logged } from './page.ts';

void test('a certificate that ends soon, until it is renewed', async (t) => {
  const { files, issue } = operatorsFiles(folder(t));
  await issue(Date.now() - 380 * DAY_MS);
  const { server } = await startServer(t, { TLS_CERT: files.cert, TLS_KEY: files.key });
  await logged(server, 'certificate-ends-log');
  const from = server.lines.length;
  await issue();
  await logged(server, 'certificate-renewed-log', from);
});
