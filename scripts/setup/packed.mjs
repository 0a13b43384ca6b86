import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { SetUpError } from './errors.mjs';

/** Where `npm pack` puts what the program needs to run: Node looks there first, from every file of `dist`. */
export const PACKED_MODULES = join('dist', 'node_modules');
/** Written by `npm pack`: what was packed, and when. */
export const PACKED_NOTE = join('dist', 'packed.json');

/** A tree that `npm pack` made has no sources: nothing is to be installed or built in it. npm never packs a lock file. */
export const isPacked = (root) =>
  existsSync(join(root, PACKED_NOTE)) && !existsSync(join(root, 'package-lock.json'));

/** Throws when what was packed cannot run on this machine, or is not all there. */
export function checkPacked(root) {
  if (!existsSync(join(root, PACKED_MODULES, 'pino', 'package.json'))) {
    throw new SetUpError(`${join(root, PACKED_MODULES)} is missing: unpack the package anew`);
  }
  const { platform, arch } = process;
  const native = join(root, PACKED_MODULES, '@node-rs', `argon2-${platform}-${arch}`);
  if (!['-gnu', '-musl', ''].some((libc) => existsSync(`${native}${libc}`))) {
    throw new SetUpError(
      `this package does not run on ${platform}-${arch}: take one that was packed for it, or a checkout of the sources`,
    );
  }
}

/** What an interrupted `npm pack` left in a checkout would hide the packages that are installed. */
export function removeLeftOvers(root) {
  for (const path of [PACKED_MODULES, PACKED_NOTE]) {
    rmSync(join(root, path), { recursive: true, force: true });
  }
}
