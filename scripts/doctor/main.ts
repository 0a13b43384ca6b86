import { hostname } from 'node:os';
import { packageVersion } from '../../server/foundation.ts';
import { asTyped } from '../operator/as-typed.ts';
import { checkedUrl, trustIn } from '../operator/local-server.ts';
import { parseArguments, runCommand, UsageError } from '../operator/usage.ts';
import { checkBackup } from './checks/backup.ts';
import { checkCertificates } from './checks/certificates.ts';
import { checkClock } from './checks/clock.ts';
import { checkDatabase } from './checks/database.ts';
import { checkDisk } from './checks/disk.ts';
import { checkFolder } from './checks/folder.ts';
import { checkPorts } from './checks/ports.ts';
import { checkConfig, checkFileLimit, checkMemory, checkNode } from './checks/program.ts';
import { checkRedis } from './checks/redis.ts';
import { askServer, checkServer } from './checks/server.ts';
import { checkService } from './checks/service.ts';
import { broken, type Check, messageOf, type Patient } from './finding.ts';
import { lookAt } from './patient.ts';
import { asJson, asText, exitCode, type Section } from './tell.ts';

const USAGE = `npm run doctor -- [options]    looks at this machine and its server, and says what to do; changes nothing

  --url URL   the server there instead, and what it says of itself alone
  --json      one line of JSON, for programs

Ends with 0 when all is well, 1 when something needs attention, 2 when something is broken.`;

const CHECKS: [name: string, ...checks: Check[]][] = [
  ['Configuration', checkConfig],
  ['Program', checkNode, checkMemory, checkFileLimit],
  ['Clock', checkClock],
  ['Disk', checkDisk],
  ['Files', checkFolder],
  ['Database', checkDatabase],
  ['Redis', checkRedis],
  ['Certificates', checkCertificates],
  ['Backup', checkBackup],
  ['Service', checkService],
  ['Ports', checkPorts],
  ['Server', checkServer],
];

async function examine(patient: Patient): Promise<Section[]> {
  const sections: Section[] = [];
  for (const [name, ...checks] of CHECKS) {
    const findings: Section['findings'] = [];
    for (const check of checks) {
      try {
        findings.push(...(await check(patient)));
      } catch (error) {
        // One that fails hides none of the others.
        findings.push(
          broken(
            'check_failed',
            `This could not be looked at: ${messageOf(error)}`,
            'run it as the user of the server, or with sudo',
          ),
        );
      }
    }
    if (findings.length > 0) sections.push({ name, findings });
  }
  return sections;
}

async function remote(url: string): Promise<Section[]> {
  const base = checkedUrl(url);
  // The CA of this machine where there is one: a box of one's own; else those that the system trusts.
  const { config } = await lookAt();
  const trust = () => {
    try {
      return trustIn(config);
    } catch {
      return {};
    }
  };
  return [{ name: 'Server', findings: await askServer(base, trust) }];
}

async function doctor(args: string[]): Promise<void> {
  const options = { url: { type: 'string' }, json: { type: 'boolean' } } as const;
  const { values, positionals } = parseArguments({ args, options, allowPositionals: true });
  if (positionals.length > 0) throw new UsageError('it takes no arguments');
  const sections = values.url === undefined ? await examine(await lookAt()) : await remote(values.url);
  const colours = process.stdout.isTTY === true && process.stdout.hasColors();
  const about = { host: hostname(), version: packageVersion(), at: new Date() };
  console.log(asTyped(values.json === true ? asJson(sections, about) : asText(sections, colours)));
  process.exitCode = exitCode(sections);
}

await runCommand(USAGE, doctor);
