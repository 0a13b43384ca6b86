/** Where a browser finds the app: on this machine first, where no certificate needs to be trusted. */
export function appAddresses(
  { http, https }: { http?: number; https?: number },
  hosts: readonly string[],
): string[] {
  const elsewhere = hosts.find((host) => host !== 'localhost' && !host.includes(':')) ?? 'localhost';
  return [
    ...(http === undefined ? [] : [`http://localhost:${http}`]),
    ...(https === undefined ? [] : [`https://${elsewhere}:${https}`]),
  ];
}

/** Once, for the person who starts it the first time: beside the log, so that no log keeps it. */
export function showPassword(username: string, password: string, addresses: string[]): void {
  const open = addresses.length === 0 ? '' : `Open ${addresses.join(' or ')}\n  `;
  console.error(
    `\n  First start. ${open}Log in as ${username} with the password: ${password}\n  It is not shown again.\n`,
  );
}
