import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readProxyHeader } from '../../net/proxy-header.ts';
import { proxyV2 } from '../helpers/proxy-header.ts';

const read = (text: string | Buffer) => readProxyHeader(Buffer.from(text as string, 'latin1'));
const addressOf = (bytes: string | Buffer) => {
  const header = read(bytes);
  assert.equal(header.kind, 'whole');
  return header.kind === 'whole' ? header.address : undefined;
};

void test('what begins otherwise is no header: it is told as soon as it can be', () => {
  const clientHello = Buffer.from([0x16, 3, 1]);
  for (const start of [
    'PUT / HTTP/1.1',
    'POST',
    'PROPFIND /',
    'GET',
    '\x10',
    '\r\nGET / HTTP/1.1',
    clientHello,
  ]) {
    assert.equal(read(start).kind, 'none', JSON.stringify(start));
  }
  for (const start of ['P', 'PROXY', 'PROXY ', '\r', '\r\n\r\n\0\r\nQUIT', 'PROXY TCP4 192.0.2.1']) {
    assert.equal(read(start).kind, 'incomplete', JSON.stringify(start));
  }
});

void test('version 1: the client is the first address, and what follows the line is left', () => {
  const line = 'PROXY TCP4 192.0.2.7 203.0.113.1 56324 8883\r\n';
  assert.deepEqual(read(`${line}\x10\x0c`), { kind: 'whole', length: line.length, address: '192.0.2.7' });
  assert.equal(addressOf('PROXY TCP6 2001:DB8:0::7 2001:db8::1 1 2\r\n'), '2001:db8::7');
  assert.equal(addressOf('PROXY TCP6 ::FFFF:c000:207 ::ffff:192.0.2.1 1 2\r\n'), '192.0.2.7');
  assert.equal(addressOf('PROXY UNKNOWN\r\n'), null);
  assert.equal(addressOf(`PROXY UNKNOWN ${'f'.repeat(80)}\r\n`), null);
});

void test('version 1: what is malformed or too long is told as such', () => {
  const bad = [
    'PROXY TCP4 192.0.2.7 203.0.113.1 56324\r\n',
    'PROXY TCP4 192.0.2.7 203.0.113.1 56324 8883 1\r\n',
    'PROXY TCP4 192.0.2.07 203.0.113.1 1 2\r\n',
    'PROXY TCP4 2001:db8::7 2001:db8::1 1 2\r\n',
    'PROXY TCP6 192.0.2.7 203.0.113.1 1 2\r\n',
    'PROXY TCP4 192.0.2.7 203.0.113.1 65536 1\r\n',
    'PROXY TCP4 192.0.2.7 203.0.113.1 -1 1\r\n',
    'PROXY TCP4 192.0.2.7  203.0.113.1 1 1\r\n',
    'PROXY UDP4 192.0.2.7 203.0.113.1 1 1\r\n',
    'PROXY TCP6 fe80::1%eth0 fe80::2 1 1 1\r\n',
    `PROXY TCP4 ${'1'.repeat(107)}`,
    `PROXY ${'a'.repeat(100_000)}`,
  ];
  for (const line of bad) assert.equal(read(line).kind, 'malformed', line.slice(0, 60));
});

void test('version 2: addresses of both families, with TLVs after them', () => {
  const header = proxyV2({ address: '192.0.2.7', rest: Buffer.alloc(500, 4) });
  assert.deepEqual(read(Buffer.concat([header, Buffer.from('\x16\x03')])), {
    kind: 'whole',
    length: header.length,
    address: '192.0.2.7',
  });
  assert.equal(addressOf(proxyV2({ address: '2001:db8::7' })), '2001:db8::7');
  assert.equal(addressOf(proxyV2({ address: '::ffff:192.0.2.7' })), '192.0.2.7');
  for (let length = 0; length < header.length; length++) {
    assert.equal(read(header.subarray(0, length)).kind, 'incomplete');
  }
});

void test('version 2: a health check, UNSPEC and UNIX tell no client', () => {
  assert.equal(addressOf(proxyV2({ command: 0, address: '192.0.2.7' })), null);
  assert.equal(addressOf(proxyV2({ command: 0, family: 0 })), null);
  assert.equal(addressOf(proxyV2({ family: 0, rest: Buffer.alloc(20) })), null);
  assert.equal(addressOf(proxyV2({ family: 0x31, rest: Buffer.alloc(216) })), null);
});

void test('version 2: other versions, commands and families, cut addresses and huge lengths are malformed', () => {
  assert.equal(read(proxyV2({ command: 2, address: '192.0.2.7' })).kind, 'malformed');
  assert.equal(read(proxyV2({ version: 1, address: '192.0.2.7' })).kind, 'malformed');
  assert.equal(read(proxyV2({ family: 0x12, rest: Buffer.alloc(12) })).kind, 'malformed');
  assert.equal(read(proxyV2({ family: 0x11, rest: Buffer.alloc(11) })).kind, 'malformed');
  assert.equal(read(proxyV2({ family: 0x21, rest: Buffer.alloc(12) })).kind, 'malformed');
  assert.equal(read(proxyV2({ family: 0x31, rest: Buffer.alloc(8) })).kind, 'malformed');
  const huge = proxyV2({ address: '192.0.2.7' });
  huge.writeUInt16BE(65_535, 14);
  assert.equal(read(huge.subarray(0, 16)).kind, 'malformed', 'without waiting for all of it');
});
