import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openCertificateStore } from '../../certs/store.ts';
import { qrText } from '../../scripts/enroll/qr.ts';
import { findRoom } from '../../scripts/enroll/room.ts';
import type { LocalServer } from '../../scripts/operator/local-server.ts';
import { DAY_MS, folder, operatorsFiles } from '../helpers/certificates.ts';
import { runTool } from '../helpers/command.ts';

const LINE = JSON.stringify({ v: 1, urls: [], ca_sha256: 'ab'.repeat(32), token: 'a-token' });
const MADE = { id: 1, token: 'a-token', expires_at: '2030-01-01T00:00:00.000Z', line: LINE };

const answering =
  (status: number, body: string): RequestListener =>
  (_request, response) =>
    response.writeHead(status).end(body);

async function listening(t: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return address.port;
}

/** `npm run enroll` with the secrets of a server, whatever answers. */
function tool(t: TestContext) {
  const dataDir = folder(t);
  writeFileSync(join(dataDir, 'jwt.secret'), 's'.repeat(64));
  const enroll = (variables: Record<string, string>, ...args: string[]) =>
    runTool('enroll', args, { variables: { DATA_DIR: dataDir, HTTP_PORT: 'off', ...variables } });
  return { dataDir, enroll };
}

void test('who answers in place of the server is told apart', async (t) => {
  const { enroll } = tool(t);
  const cases: [number, string, RegExp][] = [
    [200, '<html>', /^what answers at http:.* is not PM IoT \(it answers 200/],
    [200, '{}', /is not PM IoT/],
    [404, '{"error":"not found"}', /is not PM IoT/],
    [401, '{"error":"log in","code":"UNAUTHORIZED"}', /has another JWT_SECRET or DATA_DIR than this command/],
    [403, '{"error":"not for you","code":"FORBIDDEN"}', /^the server refuses: not for you$/m],
  ];
  for (const [status, body, expected] of cases) {
    const port = await listening(t, createServer(answering(status, body)));
    const { code, stderr } = await enroll({ HTTP_PORT: String(port) });
    assert.equal(code, 1, body);
    assert.match(stderr, expected);
  }
  for (const url of ['garbage', 'ftp://box', 'box:8443']) {
    const { code, stderr } = await enroll({}, '--url', url);
    assert.equal(code, 64, url);
    assert.match(stderr, /^--url must be such as http:/);
  }
  const empty = await runTool('enroll', [], { variables: { DATA_DIR: folder(t) } });
  assert.match(
    empty.stderr,
    /^nothing of PM IoT is in .*set DATA_DIR, or JWT_SECRET if the server has one\n$/,
  );
});

void test('a line without urls is told, also where a script reads it', async (t) => {
  const { enroll } = tool(t);
  const port = await listening(t, createServer(answering(201, JSON.stringify(MADE))));
  for (const args of [[], ['--json']]) {
    const { code, stdout, stderr } = await enroll({ HTTP_PORT: String(port) }, ...args);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^warning: .* are off, so the line has no urls/);
    if (args.length > 0) assert.equal(stdout, `${LINE}\n`);
    else assert.ok(stdout.includes(`SHA-256 ${Array(32).fill('AB').join(':')}`));
  }
});

void test('over TLS alone the server is known by its CA, or by the file of the operator', async (t) => {
  const { dataDir, enroll } = tool(t);
  const elsewhere = operatorsFiles(join(dataDir, 'own'));
  const ended = await elsewhere.issue(Date.now() - 400 * DAY_MS, ['box.example.org']);
  const ours = openCertificateStore({ dir: join(dataDir, 'certs') });
  await ours.ensureServer();
  const serve = async ({ keyPem, certPem }: { keyPem: string; certPem: string }) => {
    const server = createSecureServer({ key: keyPem, cert: certPem }, answering(201, JSON.stringify(MADE)));
    return { HTTPS_HOST: '127.0.0.1', HTTPS_PORT: String(await listening(t, server)) };
  };
  const pinned = { TLS_CERT: elsewhere.files.cert, TLS_KEY: elsewhere.files.key };
  const known = [await serve(ours.server()), { ...(await serve(ended)), ...pinned }];
  for (const variables of known) {
    const { code, stderr } = await enroll(variables, '--json');
    assert.equal(code, 0, stderr);
  }
  const { code, stderr } = await enroll(await serve(ended));
  assert.equal(code, 1);
  assert.match(stderr, /^the certificate of the server at https:.* is not trusted/);
  const plain = await listening(t, createServer(answering(200, '')));
  const spoken = await enroll({ HTTPS_PORT: String(plain), HTTPS_HOST: '127.0.0.1' });
  assert.match(spoken.stderr, /is not PM IoT/);
});

void test('a room is found by its exact name first, on every page, and never by chance', async () => {
  const names = ['Hall', 'hall', 'Attic', ...Array.from({ length: 300 }, (_, i) => `Room ${i}`), 'Cellar'];
  const rooms = names.map((name, i) => ({ id: i + 1, name }));
  const server = {
    call: async (_method: string, path: string) => {
      const from = Number(new URLSearchParams(path.split('?')[1]).get('cursor') ?? 0);
      const next_cursor = from + 200 < rooms.length ? String(from + 200) : null;
      return { rooms: rooms.slice(from, from + 200), next_cursor };
    },
  } as LocalServer;
  for (const [name, expected] of [
    ['Hall', 'Hall'],
    ['hall', 'hall'],
    ['ATTIC', 'Attic'],
    ['cellar', 'Cellar'],
  ] as const) {
    assert.equal((await findRoom(server, name)).name, expected);
  }
  await assert.rejects(findRoom(server, 'HALL'), /may be one of several: "Hall", "hall"$/);
  await assert.rejects(
    findRoom(server, 'Roof'),
    /there is no room "Roof"; there is: Hall, .*, and 284 more$/,
  );
});

void test('the QR code has a quiet zone of four modules, dark on light or drawn for a dark ground', () => {
  const [top, second, third = ''] = qrText('text', true).split('\n');
  const inBlack = '\u001b[30;107m';
  for (const line of [top, second]) assert.match(line?.slice(inBlack.length) ?? '', /^ +.\[0m$/);
  assert.ok(third.startsWith(`${inBlack}    █▀▀▀▀▀█ `));
  const plain = qrText('text', false).split('\n');
  assert.match(plain[0] ?? '', /^█+$/);
  assert.match(plain[2] ?? '', /^█{4} ▄▄▄▄▄ █/);
});
