import type { Limits } from '../../db/domain/limits.ts';
import * as form from '../forms.ts';
import { readVariables, type Values, variable } from '../variable.ts';

const many = form.count(1, 1_000_000);
const manyOrNone = form.count(0, 1_000_000);
const failures = form.count(10, 1_000_000);
const memory = form.size('0', '4GiB');

export const limits = {
  MAX_CONNECTIONS: variable(many, {
    fallback: '20000',
    about: 'open connections, all listeners',
    atLimit: 'the new one is closed',
  }),
  MAX_CONNECTIONS_PER_ADDRESS: variable(many, {
    fallback: '5000',
    about: '… of one address (IPv6: of one /64)',
    atLimit: 'the new one is closed',
  }),
  MAX_HALF_OPEN_PER_ADDRESS: variable(many, {
    fallback: '400',
    about: '… of one address that have said nothing whole yet',
    atLimit: 'the new one waits its turn, unread; a silent one is closed after 10 s',
  }),
  MAX_PACKETS_PER_SECOND: variable(many, {
    fallback: '1000',
    about: 'packets a second of one client, in the long run',
    atLimit: 'its socket is read more slowly; nothing is dropped',
  }),
  MAX_BYTES_PER_SECOND: variable(form.size('1KiB', '1GiB'), {
    fallback: '4MiB',
    about: 'bytes a second of one client, in the long run',
    atLimit: 'the same',
  }),
  MAX_PACKET_BYTES: variable(form.size('2KiB', '256KiB'), {
    fallback: '256KiB',
    about: 'a packet',
    atLimit: 'closed before it is buffered; a CONNECT at 80 KiB',
  }),
  MAX_UNREAD_BYTES: variable(form.size('16KiB', '64MiB'), {
    fallback: '256KiB',
    about: 'bytes that a client leaves unread',
    atLimit: 'messages for it are dropped and counted; after three sweeps of 10 s it is disconnected',
  }),
  MAX_SUBSCRIPTIONS: variable(many, {
    fallback: '1000',
    about: 'subscriptions of a connection',
    atLimit: 'SUBACK 128; all stored sessions of a person: ten times as many',
  }),
  MAX_RETAINED: variable(manyOrNone, {
    fallback: '10000',
    about: 'retained messages',
    atLimit: 'the next topic is not retained',
  }),
  MAX_RETAINED_BYTES: variable(memory, {
    fallback: '64MiB',
    about: '… their topics and payloads together',
    atLimit: 'the same',
  }),
  MAX_SESSIONS: variable(many, {
    fallback: '20000',
    about: 'stored sessions',
    atLimit: 'the oldest absent one of a person gives way',
  }),
  MAX_SESSIONS_PER_USER: variable(many, {
    fallback: '100',
    about: '… of one person',
    atLimit: 'the oldest absent one of that person gives way',
  }),
  MAX_QUEUED: variable(manyOrNone, {
    fallback: '1000',
    about: 'messages queued for a session',
    atLimit: 'the next is dropped and counted',
  }),
  MAX_QUEUED_BYTES: variable(memory, {
    fallback: '64MiB',
    about: '… all queues together; one person or device: ¼',
    atLimit: 'the same',
  }),
  MAX_LOGIN_FAILURES_PER_ADDRESS: variable(failures, {
    fallback: '300',
    about: 'wrong passwords from an address in a minute, whatever the names',
    atLimit: 'the address is locked for a minute, except for names that logged in from it before',
  }),
  MAX_LOGIN_FAILURES_PER_NAME: variable(failures, {
    fallback: '100',
    about: '… of a name, whatever the addresses',
    atLimit: 'the name is locked for a minute, except where it has logged in before',
  }),
};

export const limitsOf = (values: Values<typeof limits>): Limits => ({
  connections: values.MAX_CONNECTIONS,
  connectionsPerAddress: values.MAX_CONNECTIONS_PER_ADDRESS,
  halfOpenPerAddress: values.MAX_HALF_OPEN_PER_ADDRESS,
  packetsPerSecond: values.MAX_PACKETS_PER_SECOND,
  bytesPerSecond: values.MAX_BYTES_PER_SECOND,
  packetBytes: values.MAX_PACKET_BYTES,
  unreadBytes: values.MAX_UNREAD_BYTES,
  subscriptions: values.MAX_SUBSCRIPTIONS,
  retained: values.MAX_RETAINED,
  retainedBytes: values.MAX_RETAINED_BYTES,
  sessions: values.MAX_SESSIONS,
  sessionsPerUser: values.MAX_SESSIONS_PER_USER,
  queued: values.MAX_QUEUED,
  queuedBytes: values.MAX_QUEUED_BYTES,
  loginFailuresPerAddress: values.MAX_LOGIN_FAILURES_PER_ADDRESS,
  loginFailuresPerName: values.MAX_LOGIN_FAILURES_PER_NAME,
});

export const DEFAULT_LIMITS = limitsOf(readVariables(limits, {}).values);
