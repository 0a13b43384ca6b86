import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { operatorsFiles } from './certificates.ts';
import { freePort } from './free-port.ts';
import type { Server } from './server.ts';
import { until } from './wait.ts';

/** Ports of a load balancer that runs. */
export interface Balancer {
  mqtts: number;
  /** TLS passed through. */
  https: number;
  /** TLS ended at the balancer, with a certificate of `ca`. */
  web: number;
  ca: string;
}

export type StartBalancer = (t: TestContext, nodes: readonly Server[], name: string) => Promise<Balancer>;

/** The files of the docs; this one is built into `dist/test/helpers`. */
const example = (file: string) => fileURLToPath(new URL(`../../../docs/examples/${file}`, import.meta.url));

function missing(program: string, args: string[], hint: string) {
  return (): string | false => {
    if (process.env.CI === 'true') return false;
    try {
      execFileSync(program, args, { stdio: 'ignore' });
      return false;
    } catch {
      return `${program} is not installed (Debian: apt-get install ${hint})`;
    }
  };
}

interface Prepared extends Balancer {
  folder: string;
  /** CA of the nodes. */
  nodesCa: string;
  /** Its own certificate and key. */
  files: { cert: string; key: string };
}

async function prepare(nodes: readonly Server[], name: string): Promise<Prepared> {
  const folder = mkdtempSync(join(tmpdir(), 'pm-iot-balancer-'));
  const { files, issue, caPath } = operatorsFiles(folder);
  await issue(Date.now(), [name]);
  return {
    ...{ mqtts: await freePort(), https: await freePort(), web: await freePort() },
    ca: readFileSync(caPath, 'utf8'),
    ...{ folder, files, nodesCa: nodes[0]?.caPath ?? '' },
  };
}

async function run(
  t: TestContext,
  balancer: Prepared,
  program: string,
  args: string[],
  env: NodeJS.ProcessEnv = {},
) {
  let output = '';
  const child: ChildProcess = spawn(program, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => {
      output += String(chunk);
    });
  }
  t.after(async () => {
    const exited = once(child, 'exit');
    if (child.exitCode === null && child.kill('SIGTERM')) await exited;
    rmSync(balancer.folder, { recursive: true, force: true });
  });
  await until(
    `${program} listens`,
    () =>
      new Promise<boolean>((resolve) => {
        const socket = connect(balancer.mqtts, '127.0.0.1', () => resolve(true));
        socket.on('error', () => resolve(false)).on('connect', () => socket.destroy());
      }),
    () => output,
  );
}

const startHaproxy: StartBalancer = async (t, nodes, name) => {
  const balancer = await prepare(nodes, name);
  const { files, folder, nodesCa } = balancer;
  const web = join(folder, 'web.pem');
  writeFileSync(web, readFileSync(files.cert, 'utf8') + readFileSync(files.key, 'utf8'));
  const stats = await freePort();
  const env: Record<string, string> = {
    MAX_CONNECTIONS: '1000',
    PM_IOT_CA: nodesCa,
    WEB_CERT: web,
    MQTTS_BIND: `127.0.0.1:${balancer.mqtts}`,
    HTTPS_BIND: `127.0.0.1:${balancer.https}`,
    WEB_BIND: `127.0.0.1:${balancer.web}`,
    STATS_BIND: `127.0.0.1:${stats}`,
  };
  for (const number of [1, 2, 3]) {
    const { mqtts = 1, https = 1 } = nodes[number - 1]?.ports ?? {};
    Object.assign(env, {
      [`NODE_${number}`]: '127.0.0.1',
      [`NODE_${number}_MQTTS`]: String(mqtts),
      [`NODE_${number}_HTTPS`]: String(https),
    });
  }
  execFileSync('haproxy', ['-c', '-f', example('haproxy.cfg')], {
    env: { ...process.env, ...env },
    stdio: 'pipe',
  });
  await run(t, balancer, 'haproxy', ['-db', '-f', example('haproxy.cfg')], env);
  await until('the nodes are well, and what is no node is not', async () => {
    const table = await (await fetch(`http://127.0.0.1:${stats}/;csv`)).text();
    const states = table.split('\n').filter((line) => /^\w+,(one|two|three),/.test(line));
    const isOf = (server: string, state: string) =>
      states.filter((line) => line.split(',')[1] === server).every((line) => line.includes(`,${state},`));
    return states.length === 9 && isOf('one', 'UP') && isOf('two', 'UP') && isOf('three', 'DOWN');
  });
  return balancer;
};

const startNginx: StartBalancer = async (t, nodes, name) => {
  const balancer = await prepare(nodes, name);
  const { files, folder, nodesCa, mqtts, https, web } = balancer;
  let text = readFileSync(example('nginx.conf'), 'utf8');
  const replace = (from: string, to: string) => {
    if (!text.includes(from)) throw new Error(`the example does not say ${from} any more`);
    text = text.replaceAll(from, to);
  };
  for (const number of [1, 2, 3]) {
    const ports = nodes[number - 1]?.ports ?? { mqtts: 1, https: 1 };
    replace(`10.0.0.1${number}:8883`, `127.0.0.1:${ports.mqtts}`);
    replace(`10.0.0.1${number}:8443`, `127.0.0.1:${ports.https}`);
  }
  replace('listen 8883', `listen 127.0.0.1:${mqtts}`);
  replace('listen 8443', `listen 127.0.0.1:${https}`);
  replace('listen 443', `listen 127.0.0.1:${web}`);
  replace('/run/nginx.pid', join(folder, 'nginx.pid'));
  replace('/etc/nginx/certs/iot.example.org.crt', files.cert);
  replace('/etc/nginx/certs/iot.example.org.key', files.key);
  replace('/etc/nginx/pm-iot-ca.crt', nodesCa);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${join(folder, kind)};`,
  );
  replace('http {', `http {\n    ${temporary.join('\n    ')}`);
  const file = join(folder, 'nginx.conf');
  writeFileSync(file, text);
  execFileSync('nginx', ['-t', '-c', file, '-e', 'stderr'], { stdio: 'pipe' });
  await run(t, balancer, 'nginx', ['-c', file, '-e', 'stderr', '-g', 'daemon off;']);
  return balancer;
};

export interface Tried {
  name: string;
  missing: () => string | false;
  start: StartBalancer;
  /** Does it ask the nodes whether they are well? */
  checks: boolean;
}

export const BALANCERS: Tried[] = [
  { name: 'HAProxy', missing: missing('haproxy', ['-v'], 'haproxy'), start: startHaproxy, checks: true },
  {
    name: 'nginx',
    missing: missing('nginx', ['-v'], 'nginx libnginx-mod-stream'),
    start: startNginx,
    checks: false,
  },
];
