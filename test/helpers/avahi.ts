import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host, Network } from './network.ts';
import { until } from './wait.ts';

export function avahiMissing(): string | false {
  if (process.env.CI === 'true') return false;
  try {
    for (const tool of ['avahi-daemon', 'avahi-resolve', 'dbus-daemon'])
      execFileSync(tool, ['--version'], { stdio: 'ignore' });
    return false;
  } catch {
    return 'avahi is not installed (Debian: apt-get install avahi-daemon avahi-utils dbus)';
  }
}

const POLICY = ['method_call', 'signal', 'method_return', 'error']
  .map((type) => `<allow send_type="${type}"/><allow receive_type="${type}"/>`)
  .join('');

/** The responder of most Linux machines, on a host of the test, with a bus of its own. */
export async function startAvahi(network: Network, host: Host, name: string) {
  const folder = mkdtempSync(join(tmpdir(), 'pm-iot-avahi-'));
  const file = (of: string) => join(folder, of);
  writeFileSync(
    file('bus.conf'),
    `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
      "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
    <busconfig><type>system</type><listen>unix:path=${file('bus')}</listen><auth>EXTERNAL</auth>
    <policy context="default"><allow user="*"/><allow own="*"/>${POLICY}</policy></busconfig>`,
  );
  writeFileSync(
    file('avahi.conf'),
    `[server]\nhost-name=${name}\nuse-ipv4=yes\nuse-ipv6=yes\n[wide-area]\nenable-wide-area=no\n[publish]\npublish-workstation=no\n`,
  );
  mkdirSync(file('run'));
  // Its own /run/avahi-daemon: the machine may have one too.
  const script = `mkdir -p /run/avahi-daemon && mount --bind ${file('run')} /run/avahi-daemon
    dbus-daemon --config-file=${file('bus.conf')} --nofork & bus=$!
    while [ ! -S ${file('bus')} ]; do sleep 0.1; done
    avahi-daemon --no-drop-root --no-chroot --no-rlimits -f ${file('avahi.conf')} > ${file('log')} 2>&1 & daemon=$!
    trap 'kill $daemon $bus; wait; exit 0' TERM
    wait`;
  const child = spawn(...host.within('unshare', ['--mount', 'bash', '-c', script]), {
    env: { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${file('bus')}` },
    stdio: 'ignore',
  });
  network.after(async () => {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });
  const log = () => {
    try {
      return readFileSync(file('log'), 'utf8');
    } catch {
      return '';
    }
  };
  await until('avahi runs', () => log().includes('Server startup complete'), log);
  return {
    /** The address of a name, as this host finds it; null: it does not. */
    resolve(of: string): string | null {
      const [program, args] = host.within('avahi-resolve', ['-4', '-n', of]);
      try {
        const text = execFileSync(program, args, {
          env: { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${file('bus')}` },
          stdio: ['ignore', 'pipe', 'ignore'],
        }).toString();
        return text.trim().split(/\s+/)[1] ?? null;
      } catch {
        return null;
      }
    },
    /** What is offered: lines of `avahi-browse -atrp`. */
    browse(): string {
      const [program, args] = host.within('avahi-browse', ['-atrp']);
      return execFileSync(program, args, {
        env: { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${file('bus')}` },
        stdio: ['ignore', 'pipe', 'ignore'],
        timeout: 20_000,
      }).toString();
    },
  };
}
