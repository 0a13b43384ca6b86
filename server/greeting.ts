import { ensureAdmin } from '../db/accounts/index.ts';

export interface FirstStartDeps {
  accounts: Parameters<typeof ensureAdmin>[0];
  username: string;
  /** null: a random one. */
  password: string | null;
  ports: { http?: number; https?: number };
  hosts: readonly string[];
}

/** Makes the first admin, and tells the password that was made for it. */
export async function makeFirstAdmin(deps: FirstStartDeps): Promise<void> {
  const { accounts, username, password, ports, hosts } = deps;
  const made = await ensureAdmin(accounts, { username, password });
  if (made !== null) showPassword(username, made, appAddresses(ports, hosts));
}

/** Where a browser finds the app: on this machine first, where no certificate needs to be trusted. */
function appAddresses({ http, https }: FirstStartDeps['ports'], hosts: readonly string[]): string[] {
  const elsewhere = hosts.find((host) => host !== 'localhost' && !host.includes(':')) ?? 'localhost';
  return [
    ...(http === undefined ? [] : [`http://localhost:${http}`]),
    ...(https === undefined ? [] : [`https://${elsewhere}:${https}`]),
  ];
}

/** Once, for the person who starts it the first time: beside the log, so that no log keeps it. */
function showPassword(username: string, password: string, addresses: string[]): void {
  const open = addresses.length === 0 ? '' : `Open ${addresses.join(' or ')}\n  `;
  console.error(
    `\n  First start. ${open}Log in as ${username} with the password: ${password}\n  It is not shown again.\n`,
  );
}
