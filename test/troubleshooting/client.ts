import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { missing } from '../first-device/program.ts';

export const clientsMissing = () => missing('sh', ['-c', 'command -v mosquitto_rr'], 'mosquitto-clients');

export interface Ended {
  code: number;
  /** What it says, of both kinds. */
  said: string;
}

/** A command as somebody types it, until it ends or 20 s have passed. */
export function command(file: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { cwd: tmpdir(), timeout: 20_000, env: { ...process.env, ...env } };
    execFile(file, args, options, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), said: stdout + stderr }),
    );
  });
}

export interface Called {
  host?: string;
  port: number;
  /** Path; null: no TLS. */
  ca: string | null;
  id?: string;
  username?: string;
  password?: string;
  topic?: string;
  message?: string;
  version?: string;
}

export const callOf = ({ host = 'localhost', port, ca, id = 'lamp', ...rest }: Called): string[] => {
  const { username = id, password, topic = `devices/${id}/sensor`, version = 'mqttv311' } = rest;
  const { message = '{"capability_type":"temperature","control_type":"sensor","value":21}' } = rest;
  return [
    ...['-V', version, '-h', host, '-p', String(port), ...(ca === null ? [] : ['--cafile', ca])],
    ...['-i', id, '-u', username, ...(password === undefined ? [] : ['-P', password])],
    ...['-q', '1', '-t', topic, '-m', message],
  ];
};

export const publish = (called: Called, env?: NodeJS.ProcessEnv) =>
  command('mosquitto_pub', callOf(called), env);
