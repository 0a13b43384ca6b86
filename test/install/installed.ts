import { cpSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { type Box, openBox } from './box.ts';
import { packAndUnpack } from './packages.ts';
import { debian, type Suite } from './trees.ts';

/** With systemd, and with Node and PostgreSQL where apt-get finds them without a network. */
const TRIXIE: Suite = {
  name: 'trixie',
  included: ['ca-certificates', 'systemd', 'systemd-sysv', 'dbus'],
  fetched: ['nodejs', 'postgresql'],
};

export const INSTALL = '/root/package/scripts/install.sh';

/** A box with systemd onto which somebody has copied the package, unpacked; `packed` is where it was made. */
export async function boxWithPackage(t: TestContext) {
  const [tree, packed] = await Promise.all([debian(TRIXIE), packAndUnpack()]);
  t.after(() => packed.remove());
  const box = await openBox(t, tree, true);
  cpSync(packed.folder, box.path('/root/package'), { recursive: true });
  return { box, packed };
}

export const install = (box: Box, ...options: string[]) => box.do('sh', INSTALL, ...options);

/** The one that is shown once; none is empty. */
export const passwordIn = (output: string) => /^ {2}Password +(\S+)/m.exec(output)?.[1] ?? '';

/** Of the service, as systemd has it. */
export const property = async (box: Box, name: string) =>
  (await box.do('systemctl', 'show', '-p', name, '--value', 'pm-iot')).trim();
