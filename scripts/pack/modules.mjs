import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { SetUpError } from '../setup/errors.mjs';
import { fetchPackage } from './fetch.mjs';

/** What edge boxes and containers are. */
const PLATFORMS = ['linux-x64-gnu', 'linux-arm64-gnu', 'linux-x64-musl', 'linux-arm64-musl'];

/** Types for a compiler, and maps and documents for people: half the size, and nothing of it runs. Licences stay. */
const NOT_RUN =
  /\.(map|ts|mts|cts|flow|md|markdown)$|^(\.npmignore|\.gitignore|\.github|\.vscode|\.eslintrc.*|test|tests|__tests__)$/i;
const LICENCE = /^(licen[cs]e|copying|notice)/i;

/** Of single packages: extensions of the embedded database that are not loaded, and copies for other ways of loading. */
const UNUSED = {
  '@electric-sql/pglite': /\.tar\.gz$|\.cjs$/,
  '@electric-sql/pglite-socket': /\.cjs$/,
  'drizzle-orm': /\.cjs$/,
  zod: /^src$|\.cjs$/,
  postgres: /^(cf|cjs)$/,
};

/** Folders of packages that the program needs to run, by the lock file. */
export function runtimePackages(lock) {
  return Object.entries(lock.packages).flatMap(([path, entry]) => {
    const needed = path !== '' && !entry.dev && !entry.devOptional && !entry.peer;
    return needed && !path.includes('@types/') ? [{ path, ...entry }] : [];
  });
}

const nameOf = (path) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

/** Native parts come for one platform each, in optional packages of their own. */
const isNative = ({ os, cpu }) => os !== undefined || cpu !== undefined;

function platformsWanted() {
  const given = process.env.PACK_PLATFORMS;
  if (!given) return PLATFORMS;
  const unknown = given.split(',').filter((name) => !PLATFORMS.includes(name));
  if (unknown.length > 0) {
    throw new SetUpError(`PACK_PLATFORMS: ${unknown.join(', ')}: allowed are ${PLATFORMS.join(', ')}`);
  }
  return given.split(',');
}

/** Copies them to `target`, without what does not run; native parts for all platforms. */
export async function stageModules(root, target) {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const wanted = platformsWanted();
  for (const entry of runtimePackages(lock)) {
    const name = nameOf(entry.path);
    if (isNative(entry) && !wanted.some((platform) => name.endsWith(platform))) continue;
    const from = join(root, entry.path);
    const to = join(target, entry.path.slice('node_modules/'.length));
    if (existsSync(from)) cpSync(from, to, { recursive: true, filter: keep(from, name) });
    else if (isNative(entry)) await fetchPackage({ ...entry, name }, to);
    else throw new SetUpError(`${entry.path} is missing: run npm ci first`);
  }
  removeEmptyFolders(target);
}

/** Nested packages have an entry of their own in the lock file. */
const keep = (folder, name) => (path) => {
  const file = basename(path);
  if (path === folder || LICENCE.test(file)) return true;
  if (file === 'node_modules' || file === '.bin' || NOT_RUN.test(file)) return false;
  return !(UNUSED[name]?.test(file) ?? false);
};

function removeEmptyFolders(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) removeEmptyFolders(join(folder, entry.name));
  }
  if (readdirSync(folder).length === 0 && dirname(folder) !== folder) rmSync(folder, { recursive: true });
}
