import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { enrolled, reading } from '../helpers/devices.ts';
import { Network, networkMissing } from '../helpers/network.ts';
import { Rest } from '../helpers/rest.ts';
import { Server } from '../helpers/server.ts';
import { until } from '../helpers/wait.ts';
import { Wire } from '../helpers/wire.ts';

const skip = networkMissing();

void test('the addresses of a machine change while it runs', { skip }, async (t) => {
  const network = new Network(t);
  const box = network.host(2);
  const server = new Server({ place: box });
  network.after(() => server.dispose());
  await server.start();
  const rest = await new Rest(server).logIn();
  const { secret } = await enrolled(server, rest, 'd1');
  const { ca } = server;
  const made = () => server.lines.filter(({ msg }) => msg === 'made a server certificate').length;
  const shown = () => new X509Certificate(readFileSync(join(server.dataDir, 'certs', 'server.pem')));
  /** As a device does that knows the CA alone; rejects when the certificate does not name the address. */
  const openAt = async (host: string) => {
    const socket = connect({ host, port: server.ports.mqtts, ca, minVersion: 'TLSv1.3' });
    await once(socket, 'secureConnect');
    const wire = new Wire(socket);
    assert.equal((await wire.connect({ clientId: 'd1', username: 'd1', password: secret })).returnCode, 0);
    return wire;
  };
  const first = await openAt(box.address);

  await t.test(
    'its certificate follows at once, the CA stays, and a connection that is open lives on',
    async () => {
      const newer = network.address(77);
      box.ip('addr', 'add', `${newer}/24`, 'dev', box.link);
      await until('the certificate names it', () => shown().checkIP(newer) !== undefined, undefined, 10_000);
      await first.publish('devices/d1/sensor', reading('over the old connection'));
      const second = await until('the new address is shown', () => openAt(newer).catch(() => null));
      await second.publish('devices/d1/sensor', reading('over the new address'));
      assert.equal((await rest.widget('d1', 'temperature')).value, 'over the new address');
      assert.equal(server.ca, ca);
    },
  );

  await t.test('addresses that come and go make no certificate each time', async () => {
    const before = made();
    const [one, other] = [network.address(78), network.address(79)];
    for (let round = 0; round < 6; round++) {
      const [comes, goes] = round % 2 === 0 ? [one, other] : [other, one];
      if (round > 0) box.ip('addr', 'del', `${goes}/24`, 'dev', box.link);
      box.ip('addr', 'add', `${comes}/24`, 'dev', box.link);
      await until('it is named', () => shown().checkIP(comes) !== undefined, undefined, 10_000);
    }
    // The file is there before its line in the log.
    await until('both are told', () => made() - before >= 2);
    assert.equal(made() - before, 2);
  });

  await t.test('the cable ends of containers are not in it', async () => {
    box.ip('link', 'add', 'veth99', 'type', 'veth', 'peer', 'name', 'guest99');
    box.ip('addr', 'add', '172.31.99.1/24', 'dev', 'veth99');
    box.ip('link', 'set', 'veth99', 'up');
    const later = network.address(80);
    box.ip('addr', 'add', `${later}/24`, 'dev', box.link);
    await until('the next one is named', () => shown().checkIP(later) !== undefined, undefined, 10_000);
    assert.equal(shown().checkIP('172.31.99.1'), undefined);
  });
});
