import { execFile } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const OURS = new Set(['node_modules', '.git', 'data']);

/** What `npm pack` makes, and the folder that it unpacks to; in a copy, since other tests run from this checkout meanwhile. */
export async function packAndUnpack() {
  const folder = mkdtempSync(join(tmpdir(), 'pm-iot-package-'));
  const copy = join(folder, 'checkout');
  mkdirSync(copy);
  for (const name of readdirSync(ROOT).filter((entry) => !OURS.has(entry))) {
    cpSync(join(ROOT, name), join(copy, name), { recursive: true, preserveTimestamps: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  await run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: copy, maxBuffer: 1 << 24 });
  rmSync(copy, { recursive: true });
  const name = readdirSync(folder).find((entry) => entry.endsWith('.tgz')) ?? '';
  await run('tar', ['-xzf', join(folder, name), '-C', folder]);
  return {
    tarball: join(folder, name),
    /** Unpacked. */
    folder: join(folder, 'package'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

interface Note {
  version: string;
  build: string;
}

export const noteOf = (folder: string) =>
  JSON.parse(readFileSync(join(folder, 'dist', 'packed.json'), 'utf8')) as Note;

/** As if something in it had changed. */
export function renameBuild(folder: string, build: string): void {
  writeFileSync(join(folder, 'dist', 'packed.json'), JSON.stringify({ ...noteOf(folder), build }));
}

/** This very Node, in the form in which nodejs.org hands it out. */
export async function nodeArchive(folder: string): Promise<string> {
  const name = `node-${process.version}-linux-${process.arch}`;
  mkdirSync(join(folder, name, 'bin'), { recursive: true });
  cpSync(process.execPath, join(folder, name, 'bin', 'node'), { dereference: true });
  const archive = join(folder, `${name}.tar.gz`);
  await run('tar', ['-C', folder, '-czf', archive, name]);
  rmSync(join(folder, name), { recursive: true });
  return archive;
}
