import assert from 'node:assert/strict';
import type { Finding } from '../../scripts/doctor/finding.ts';
import type { Section } from '../../scripts/doctor/tell.ts';
import { runTool, type Surroundings } from './command.ts';
import type { Ports, Server } from './server.ts';

export interface Report {
  code: number | null;
  status: string;
  findings: Finding[];
  stdout: string;
}

export interface Visit extends Omit<Surroundings, 'variables' | 'input'> {
  env?: Record<string, string>;
  args?: string[];
}

/** `npm run doctor` with an environment of its own, and what it says to a program. */
export async function examine({ env = {}, args = [], ...where }: Visit): Promise<Report> {
  const { code, stdout, stderr } = await runTool('doctor', ['--json', ...args], { variables: env, ...where });
  assert.ok(stdout.startsWith('{'), `${code}: ${stdout}${stderr}`);
  const { status, sections } = JSON.parse(stdout) as { status: string; sections: Section[] };
  const findings = sections.flatMap((section) => section.findings);
  for (const { level, todo, text } of findings)
    if (level === 'broken' || level === 'warning') assert.ok(todo, `nothing to do is said for: ${text}`);
  assert.equal(code, ['ok', 'warning', 'broken'].indexOf(status));
  return { code, status, findings, stdout };
}

/** The one finding of this kind that is no good news. */
export function found({ findings, stdout }: Report, code: string): Finding {
  const matching = findings.filter((finding) => finding.code === code);
  const [first] = matching;
  assert.ok(first, `${code} was not found: ${stdout}`);
  return first;
}

/** What is not as it should be, by code. */
export const faults = ({ findings }: Report): string[] =>
  findings.flatMap(({ level, code }) => (level === 'broken' || level === 'warning' ? [code] : []));

/** Of a server that runs: its folder, and the ports that it has really got. */
export const environmentOf = (
  { dataDir, ports }: Pick<Server, 'dataDir'> & { ports: Ports },
  more: Record<string, string> = {},
) => ({
  DATA_DIR: dataDir,
  HTTP_PORT: String(ports.http),
  HTTPS_PORT: String(ports.https),
  MQTT_PORT: String(ports.mqtt),
  MQTTS_PORT: String(ports.mqtts),
  // That of a developer's machine may have more than its shell lets it have.
  MAX_CONNECTIONS: '200',
  MIN_FREE_DISK: '64MiB',
  ...more,
});

/** No listener: what is looked at is something else. */
export const QUIET = {
  HTTP_PORT: 'off',
  HTTPS_PORT: 'off',
  MQTT_PORT: 'off',
  MQTTS_PORT: 'off',
  MAX_CONNECTIONS: '200',
  MIN_FREE_DISK: '64MiB',
};
