import type { Config } from '../config/index.ts';
import { ensureAdmin } from '../db/accounts/index.ts';
import { writeFileDurably } from '../db/durable-file.ts';

export interface FirstStartDeps {
  accounts: Parameters<typeof ensureAdmin>[0];
  /** No password: a random one. It is told in the file, or, without one, where all is printed. */
  config: Pick<Config, 'adminUsername' | 'adminPassword' | 'firstPasswordFile'>;
  ports: { http?: number; https?: number };
  hosts: readonly string[];
}

/** Makes the first admin, and tells the password that was made for it. */
export async function makeFirstAdmin({ accounts, config, ports, hosts }: FirstStartDeps): Promise<void> {
  const { adminUsername: username, adminPassword: password, firstPasswordFile: file } = config;
  const made = await ensureAdmin(accounts, { username, password });
  if (made === null) return;
  const told = file === null ? inClear(made) : inFile(made, file, username);
  greet(username, told, appAddresses(ports, hosts));
}

/** Where a browser finds the app: on this machine first, where no certificate needs to be trusted. */
function appAddresses({ http, https }: FirstStartDeps['ports'], hosts: readonly string[]): string[] {
  const elsewhere = hosts.find((host) => host !== 'localhost' && !host.includes(':')) ?? 'localhost';
  return [
    ...(http === undefined ? [] : [`http://localhost:${http}`]),
    ...(https === undefined ? [] : [`https://${elsewhere}:${https}`]),
  ];
}

const inClear = (password: string) => `the password: ${password}\n  It is not shown again.`;

function inFile(password: string, path: string, username: string): string {
  try {
    writeFileDurably(path, `${password}\n`, 0o600);
    return `the password in ${path}: read it, and remove the file.`;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return `a new password, from npm run password -- ${username}: FIRST_PASSWORD_FILE cannot be written (${why}).`;
  }
}

/** Once, for the person who starts it the first time: beside the log, so that no log keeps it. */
function greet(username: string, password: string, addresses: string[]): void {
  const open = addresses.length === 0 ? '' : `Open ${addresses.join(' or ')}\n  `;
  console.error(`\n  First start. ${open}Log in as ${username} with ${password}\n`);
}
