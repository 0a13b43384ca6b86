import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startChild } from './child.ts';
import { mosquitto } from './mosquitto.ts';
import { flows, settings } from './node-red-flow.ts';
import { pipeline } from './pipeline.ts';

const run = promisify(execFile);
/** The newest that runs on Node 20, and the maintained PostgreSQL node of the npm registry (`pg` 8, a pool of 10). */
const NODE_RED = '4.1.8';
const POSTGRES_NODE = '0.5.2';
const PACKAGES = [`node-red@${NODE_RED}`, `node-red-contrib-postgrestor-next@${POSTGRES_NODE}`];
const INSTALL_LIMIT_MS = 300_000;

/** Not among our own packages: installed once, when it is first asked for. */
const CACHE = join(
  process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'),
  'pm-iot-bench',
  `node-red-${NODE_RED}-${POSTGRES_NODE}`,
);
const DONE = join(CACHE, 'installed');
const PROGRAM = join(CACHE, 'node_modules', 'node-red', 'red.js');

async function install(): Promise<string | null> {
  if (existsSync(DONE)) return null;
  try {
    mkdirSync(CACHE, { recursive: true });
    await run('npm', ['install', '--prefix', CACHE, '--no-audit', '--no-fund', ...PACKAGES], {
      timeout: INSTALL_LIMIT_MS,
    });
    writeFileSync(DONE, '');
    return null;
  } catch (error) {
    const [line] = (error instanceof Error ? error.message : String(error)).split('\n', 1);
    return `Node-RED cannot be installed: ${line}`;
  }
}

export const nodeRed = pipeline({
  name: 'node-red',
  title: 'Mosquitto + Node-RED → PostgreSQL',
  missing: install,
  version: async () => `Mosquitto ${await mosquitto.version()}, Node-RED ${NODE_RED}`,
  startWriter: async ({ mqttPort, databaseUrl, onPid }) => {
    const folder = mkdtempSync(join(tmpdir(), 'pm-iot-bench-node-red-'));
    const settingsPath = join(folder, 'settings.js');
    writeFileSync(settingsPath, settings(join(CACHE, 'node_modules')));
    writeFileSync(join(folder, 'flows.json'), JSON.stringify(flows({ mqttPort, databaseUrl })));
    const child = startChild(process.execPath, [PROGRAM, '--userDir', folder, '--settings', settingsPath]);
    onPid(child.pid);
    return {
      pid: child.pid,
      ended: child.ended.then(() => {
        throw new Error(`Node-RED ended\n${child.errors()}`);
      }),
      stop: async () => {
        await child.stop();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  },
});
