import assert from 'node:assert/strict';
import { randomBytes, X509Certificate } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import dns from 'dns-packet';
import { avahiMissing, startAvahi } from '../helpers/avahi.ts';
import { type Host, Network, networkMissing } from '../helpers/network.ts';
import { Rest } from '../helpers/rest.ts';
import { Server } from '../helpers/server.ts';
import { until } from '../helpers/wait.ts';

const GROUP = '224.0.0.251';
const PORT = 5353;

/** A host that speaks mDNS as it likes. */
async function speaker(network: Network) {
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  const heard: dns.DecodedPacket[] = [];
  socket.on('message', (bytes) => {
    try {
      heard.push(dns.decode(bytes));
    } catch {
      // Its own garbage.
    }
  });
  socket.bind(PORT, '0.0.0.0');
  await once(socket, 'listening');
  socket.addMembership(GROUP, network.address(1));
  socket.setMulticastInterface(network.address(1));
  network.after(() => socket.close());
  const send = (bytes: Buffer) =>
    new Promise<void>((resolve) => socket.send(bytes, PORT, GROUP, () => resolve()));
  return { heard, send };
}

void test('boxes that announce themselves', { skip: networkMissing() || avahiMissing() }, async (t) => {
  const network = new Network(t);
  const boot = async (host: Host) => {
    const server = new Server({ place: host, env: { MDNS_NAME: 'pm-iot' } });
    network.after(() => server.dispose());
    await server.start();
    await until(
      'it is announced',
      () => server.lines.some(({ msg }) => msg === 'announced by mDNS'),
      () => server.report(),
    );
    return server;
  };
  const nameOf = async (server: Server) => {
    const rest = await new Rest(server).logIn();
    return (await rest.get<{ mdns_name: string | null }>('/api/system')).body.mdns_name;
  };
  const [one, two] = [network.host(2), network.host(3)];
  // On the machine of the second box runs another responder, on the same port.
  const avahi = await startAvahi(network, two, 'other');
  const first = await boot(one);
  const second = await boot(two);

  await t.test('each under a name of its own, which its certificate has, with its services', async () => {
    assert.equal(await nameOf(first), 'pm-iot.local');
    assert.equal(await nameOf(second), 'pm-iot-2.local');
    assert.equal(await until('it is found', () => avahi.resolve('pm-iot.local')), one.address);
    assert.equal(await until('it is found', () => avahi.resolve('pm-iot-2.local')), two.address);
    for (const [server, name] of [
      [first, 'pm-iot.local'],
      [second, 'pm-iot-2.local'],
    ] as const) {
      const pem = () => new X509Certificate(readFileSync(join(server.dataDir, 'certs', 'server.pem')));
      await until('the certificate has it', () => pem().checkHost(name) !== undefined);
    }
    const found = avahi.browse();
    for (const [host, server] of [
      [one, first],
      [two, second],
    ] as const) {
      assert.ok(found.includes(`;${host.address};${server.ports.mqtts};`), found);
      assert.ok(found.includes(`;${host.address};${server.ports.https};`), found);
    }
  });

  await t.test('a new address is announced, and the name stays over a restart', async () => {
    const newer = network.address(66);
    one.ip('addr', 'del', `${one.address}/24`, 'dev', one.link);
    one.ip('addr', 'add', `${newer}/24`, 'dev', one.link);
    await until('it is found there', () => avahi.resolve('pm-iot.local') === newer);
    one.ip('addr', 'add', `${one.address}/24`, 'dev', one.link);
    await second.stop();
    second.lines.length = 0;
    await second.start();
    await until('it is announced', () =>
      second.lines.some(({ msg, name }) => msg === 'announced by mDNS' && name === 'pm-iot-2.local'),
    );
  });

  await t.test('garbage, floods and lies do not end it, and are not answered in kind', async () => {
    const { heard, send } = await speaker(network);
    const question = dns.encode({ type: 'query', questions: [{ name: 'pm-iot-2.local', type: 'A' }] });
    for (let i = 0; i < 3000; i++) await send(i % 2 === 0 ? randomBytes(1 + (i % 1400)) : question);
    for (let i = 0; i < 20; i++) {
      // Truncated, and names that lead to themselves.
      await send(question.subarray(0, 12 + i));
      await send(Buffer.concat([question.subarray(0, 12), Buffer.from([0xc0, 0x0c, 0, 1, 0, 1])]));
    }
    const answers = heard.filter(
      ({ type, answers: told }) => type === 'response' && told?.some(({ name }) => name === 'pm-iot-2.local'),
    );
    assert.ok(answers.length < 60, `${answers.length} answers`);
    assert.ok(second.alive && first.alive);
    await until('it answers still', async () => {
      const before = heard.length;
      await send(question);
      await new Promise((resolve) => setTimeout(resolve, 300));
      return heard
        .slice(before)
        .some(({ answers: told }) => told?.some(({ name }) => name === 'pm-iot-2.local'));
    });
    // Whoever claims its name without defending it does not get it.
    const lie = {
      name: 'pm-iot-2.local',
      type: 'A',
      class: 'IN',
      ttl: 120,
      flush: true,
      data: '192.0.2.66',
    } as const;
    await send(dns.encode({ type: 'response', flags: 1 << 10, answers: [lie] }));
    await new Promise((resolve) => setTimeout(resolve, 3000));
    assert.equal(await nameOf(second), 'pm-iot-2.local');
  });

  await t.test('a goodbye at the end', async () => {
    await first.stop();
    await until('it is forgotten', () => !avahi.browse().includes(';pm-iot;'));
  });
});
