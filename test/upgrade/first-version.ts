import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The first that landed. */
const COMMIT = 'dcd5ac69d94bab66036a86854f373af9d2d48779';
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const LIMIT_MS = 5 * 60_000;

/** The program of the first version, built (it stays in the temporary folder for the next time); or why it cannot be had. */
export function firstVersion(): { program: string } | { missing: string } {
  const folder = join(tmpdir(), `pm-iot-first-${COMMIT.slice(0, 12)}-${process.getuid?.() ?? 0}`);
  const program = join(folder, 'dist', 'main.js');
  if (existsSync(join(folder, 'built'))) return { program };
  const draft = mkdtempSync(`${folder}-`);
  const archive = join(draft, 'source.tar');
  const steps: [what: string, file: string, args: string[], cwd: string][] = [
    ['this checkout has no history', 'git', ['archive', '-o', archive, COMMIT], ROOT],
    ['tar is missing', 'tar', ['-xf', archive], draft],
    ['its packages cannot be installed', 'npm', ['ci', '--no-audit', '--no-fund', '--silent'], draft],
    [
      'it cannot be built',
      process.execPath,
      [join('node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.json'],
      draft,
    ],
  ];
  for (const [what, file, args, cwd] of steps) {
    const { status, stderr, error } = spawnSync(file, args, { cwd, timeout: LIMIT_MS, encoding: 'utf8' });
    if (status !== 0) return { missing: `${what}: ${(error?.message ?? stderr).trim().slice(0, 300)}` };
  }
  writeFileSync(join(draft, 'built'), '');
  if (!existsSync(folder)) renameSync(draft, folder);
  return { program };
}
