import type { Case } from './case.ts';
import { connecting } from './cases/connect.ts';
import { headers } from './cases/headers.ts';
import { publishing } from './cases/publishing.ts';
import { sessions } from './cases/sessions.ts';
import { strings } from './cases/strings.ts';
import { subscribing } from './cases/subscribing.ts';
import { webSockets } from './cases/websocket.ts';
import { wills } from './cases/wills.ts';

export const CASES: readonly Case[] = [
  ...strings,
  ...headers,
  ...connecting,
  ...wills,
  ...sessions,
  ...publishing,
  ...subscribing,
  ...webSockets,
];
