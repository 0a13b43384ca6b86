import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startServer } from '../helpers/setup.ts';
import { BUSY } from './attacker.ts';
import { ALL, runAttacks } from './run.ts';
import { verdict } from './verdict.ts';

/** `npm run attack` is the whole. */
const SCALE = 0.1;
/** They wait for what the server does after ten seconds, and are in the whole alone. */
const LONG = [BUSY, 'silentSockets', 'slowRequests'];

/** So that a tenth of each attack meets them. */
const LIMITS = { MAX_RETAINED: '1000', MAX_SESSIONS_PER_USER: '20', MAX_LOGIN_FAILURES_PER_ADDRESS: '20' };

void test('under attack honest devices lose nothing and stay connected', async (t) => {
  const { server, rest } = await startServer(t, LIMITS);
  const { phases, faults } = await runAttacks(server, rest, {
    scale: SCALE,
    honest: 10,
    attacks: ALL.filter((name) => !LONG.includes(name)),
    onPhase: ({ name, result, latencies }) => {
      t.diagnostic(`${name}: ${JSON.stringify(result)}; acknowledgements ${latencies}`);
    },
  });
  assert.deepEqual([...faults, ...(await verdict(server, rest, phases))], []);
});
