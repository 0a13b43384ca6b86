import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { FlowFault } from '../../../db/domain/ports.ts';
import { exchange, type Trust } from '../../operator/exchange.ts';
import { trustIn, urlOf } from '../../operator/local-server.ts';
import { broken, type Check, type Finding, messageOf, ok, skipped, warning } from '../finding.ts';

/** Health may try flows out before it answers. */
const PATIENCE_MS = 10_000;

const STARTING =
  'wait a minute: it may be starting, a first start takes one on a small box; then see its log: sudo journalctl -u pm-iot -n 50';

interface Health {
  status: 'ok' | 'draining' | 'down';
  redis?: string;
  nodes: { name: string; status: string }[];
  flows: { name: string; status: string; reason: FlowFault | null; error_rate: number | null }[];
}

const ADVICE: Record<FlowFault, string> = {
  database_unavailable: 'see what is told of the database here, and the log of PostgreSQL',
  database_read_only:
    'let the database take writes: alter system reset default_transaction_read_only; or name the primary in DATABASE_URL',
  disk_full: 'free some space; all goes on by itself',
  clock_wrong: 'set the clock: sudo timedatectl set-ntp true',
  draining: 'it was told to be drained (SIGUSR2, or POST /api/nodes/self/drain): start it again',
  listener_unreachable:
    'a listener of its own does not answer: see what is told of the ports; restart it if it hangs',
  unexpected_answer: 'the log of the server (part "health") tells what it was',
  stalled: 'restart it, and report it with its log: it should not happen',
  timed_out: 'the machine may be overloaded (top, iotop); the log of the server tells more',
  no_answer:
    'devices that are connected do not answer commands: GET /api/events?kind=command_finished tells which',
  failed: 'the log of the server (part "health") tells why',
};

function flowFindings({ flows }: Health): Finding[] {
  const well = flows.filter(({ status }) => status === 'ok').length;
  const findings: Finding[] = [];
  if (well > 0) findings.push(ok('flows', `${well} of ${flows.length} flows work`));
  for (const { name, status, reason, error_rate: rate } of flows) {
    if (status === 'ok') continue;
    const todo = ADVICE[reason ?? 'failed'];
    const why = reason === null ? '' : `: ${reason}`;
    const part = rate === null ? '' : `, ${Math.round(rate * 100)} % failed within five minutes`;
    if (status === 'down') findings.push(broken(`flow_${name}`, `${name} does not work${why}`, todo));
    else if (status === 'degraded')
      findings.push(warning(`flow_${name}`, `${name} is impaired${why}${part}`, todo));
    else
      findings.push(
        skipped(`flow_${name}`, `How ${name} is was not known in time: ask again in a few seconds`),
      );
  }
  return findings;
}

function healthFindings(base: string, health: Health): Finding[] {
  const findings: Finding[] = [];
  if (health.status === 'ok') findings.push(ok('server', `The server at ${base} works`));
  else if (health.status === 'draining')
    findings.push(warning('server_draining', `The server at ${base} is being drained`, ADVICE.draining));
  else
    findings.push(broken('server_down', `The server at ${base} runs and cannot store anything`, 'see below'));
  if (health.redis === 'away')
    findings.push(warning('redis_away', 'The server does not reach Redis', 'see what is told of Redis'));
  for (const { name, status } of health.nodes.slice(1)) {
    if (status === 'down')
      findings.push(
        warning(
          'node_down',
          `The node ${name} is down`,
          'look at its machine; one that was taken away is forgotten after an hour',
        ),
      );
  }
  return [...findings, ...flowFindings(health)];
}

const isHealth = (value: unknown): value is Health =>
  typeof value === 'object' &&
  value !== null &&
  'flows' in value &&
  Array.isArray(value.flows) &&
  'nodes' in value;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

/** What a server says of itself, wherever it is. */
export async function askServer(base: string, trust: () => Trust): Promise<Finding[]> {
  try {
    const { status, text } = await exchange(
      base,
      { method: 'GET', path: '/api/health', timeoutMs: PATIENCE_MS },
      trust,
    );
    const health = parsed(text);
    if (isHealth(health)) return healthFindings(base, health);
    return [
      broken(
        'server_foreign',
        `What answers at ${base} is not PM IoT: ${status}`,
        '--url tells another address',
      ),
    ];
  } catch (error) {
    return [
      broken(
        'server_unreachable',
        messageOf(error),
        'see the log of the server: sudo journalctl -u pm-iot -n 50',
      ),
    ];
  }
}

/** The one of this machine. */
export const checkServer: Check = async ({ config, dataDir, server }) => {
  if (server === null) {
    if (!existsSync(join(dataDir, 'certs', 'ca.crt')))
      return [
        skipped(
          'server_never_started',
          'Nothing has been started here yet',
          'npm start, or the installer: docs/install.md',
        ),
      ];
    return [
      broken(
        'server_stopped',
        `No server runs on ${dataDir}`,
        'sudo systemctl start pm-iot, or npm start; if it ends at once, its log says why',
      ),
    ];
  }
  const { http, https } = config.listeners;
  const known = [http, https].some(({ port }) => port !== 'off' && port !== 0);
  if (!known)
    return [
      skipped(
        'server_unknown_port',
        `The server runs (process ${server}), on ports that only its log tells`,
        '--url http://127.0.0.1:PORT',
      ),
    ];
  const findings = await askServer(urlOf(config), () => trustIn(config));
  if (server === 'unknown') return findings;
  return findings.map((finding) =>
    finding.code === 'server_unreachable'
      ? { ...finding, text: `Process ${server} has ${dataDir} open, and ${finding.text}`, todo: STARTING }
      : finding,
  );
};
