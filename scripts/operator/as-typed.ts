import { fileURLToPath } from 'node:url';

/** Where scripts/install.sh puts the program: there its commands are typed in another way, and npm need not be. */
const IS_INSTALLED = fileURLToPath(import.meta.url).startsWith('/opt/pm-iot/');

/** A text that names commands, as whoever reads it types them. */
export function asTyped(text: string, isInstalled = IS_INSTALLED): string {
  if (!isInstalled) return text;
  return text
    .replaceAll(/\bnpm run ([a-z-]+)( \[| )-- /g, 'sudo pm-iot $1$2')
    .replaceAll(/\bnpm run ([a-z-]+)/g, 'sudo pm-iot $1');
}
