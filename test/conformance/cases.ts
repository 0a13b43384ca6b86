import type { Case } from './case.ts';
import { connecting } from './cases/connect.ts';
import { filters } from './cases/filters.ts';
import { headers } from './cases/headers.ts';
import { keepalive } from './cases/keepalive.ts';
import { publishing } from './cases/publishing.ts';
import { qos2 } from './cases/qos2.ts';
import { redelivery } from './cases/redelivery.ts';
import { retainedMessages } from './cases/retained.ts';
import { sessions } from './cases/sessions.ts';
import { strings } from './cases/strings.ts';
import { subscribing } from './cases/subscribing.ts';
import { webSockets } from './cases/websocket.ts';
import { wills } from './cases/wills.ts';

export const CASES: readonly Case[] = [
  ...strings,
  ...headers,
  ...connecting,
  ...keepalive,
  ...wills,
  ...sessions,
  ...redelivery,
  ...publishing,
  ...qos2,
  ...retainedMessages,
  ...filters,
  ...subscribing,
  ...webSockets,
];
