import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Quantiles } from '../../scripts/load-test/quantiles.ts';
import { residentMiB } from '../../scripts/load-test/resident.ts';
import { enrolled } from '../helpers/devices.ts';
import { Rest } from '../helpers/rest.ts';
import type { Server } from '../helpers/server.ts';
import { ATTACKS, BUSY } from './attacker.ts';
import { startHonest } from './honest.ts';
import { type Result, type Target, wait } from './target.ts';

/** At full scale. */
const QUIET_MS = 5000;
/** For one that hangs: how long it takes depends on what else the machine does. */
const ATTACK_LIMIT_MS = 180_000;

export interface Phase {
  name: string;
  result: Result;
  latencies: Quantiles;
  /** Of the server, MiB. */
  residentMiB: number;
}

/** A process of the lowest priority from its start on, so that it takes no processor from those who are measured. */
async function attacker(): Promise<ChildProcess> {
  const path = fileURLToPath(new URL('attacker.js', import.meta.url));
  const stdio = ['ignore', 'inherit', 'inherit', 'ipc'] as const;
  const child = spawn('nice', ['-n', '19', process.execPath, path], { stdio: [...stdio] });
  await once(child, 'message');
  return child;
}

async function attack(child: ChildProcess, name: string, target: Target): Promise<Result> {
  const timer = setTimeout(() => child.kill('SIGKILL'), ATTACK_LIMIT_MS);
  child.send({ name, target });
  const over = new AbortController();
  child.once('exit', () => over.abort(new Error(`the attack ${name} came to no end`)));
  const [{ result }] = (await once(child, 'message', { signal: over.signal })) as [{ result: Result }];
  child.removeAllListeners('exit');
  clearTimeout(timer);
  return result;
}

export interface AttackOptions {
  /** See `Target`. */
  scale: number;
  /** Devices. */
  honest: number;
  /** By their names. */
  attacks: readonly string[];
  onPhase: (phase: Phase) => void;
}

/** What `npm run attack` tries. */
export const ALL: AttackOptions['attacks'] = [BUSY, ...Object.keys(ATTACKS)];

/** Honest devices report throughout, while one attack after the other is tried. */
export async function runAttacks(
  server: Server,
  rest: Rest,
  { scale, honest: count, attacks, onPhase }: AttackOptions,
): Promise<{ phases: Phase[]; faults: string[] }> {
  const login = { username: 'zigbee', password: 'quite long enough' };
  const acl = { publish: ['home/#'], subscribe: ['home/#'] };
  await rest.expect(201, 'POST', '/api/users', { ...login, role: 'INTEGRATION', acl });
  const integration = { username: login.username, password: (await new Rest(server).logIn(login)).token };
  const { wire, secret } = await enrolled(server, rest, 'rogue');
  await wire.disconnect();
  const target: Target = {
    ports: server.ports,
    adminToken: rest.token,
    integration,
    rogue: { id: 'rogue', secret },
    seed: 20_261_123,
    scale,
  };
  const honest = await startHonest(server, rest, count);
  const phases: Phase[] = [];
  const phase = async (name: string, work: () => Promise<Result>) => {
    honest.latencies();
    const result = await work();
    const done = {
      name,
      result,
      latencies: honest.latencies(),
      residentMiB: residentMiB(server.pid) ?? Number.NaN,
    };
    phases.push(done);
    onPhase(done);
  };
  const quiet = () => wait(QUIET_MS * scale).then(() => ({}));
  await wait(1000);
  await phase('(quiet, before)', quiet);
  const child = await attacker();
  try {
    for (const name of attacks)
      await phase(name === BUSY ? `(${name})` : name, () => attack(child, name, target));
  } finally {
    child.kill('SIGKILL');
  }
  await phase('(quiet, after)', quiet);
  return { phases, faults: await honest.faults() };
}
