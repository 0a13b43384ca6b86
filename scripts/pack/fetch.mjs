import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SetUpError } from '../setup/errors.mjs';
import { npm } from '../setup/npm.mjs';
import { run } from '../setup/process.mjs';

/** A package for another machine than this one, which npm would not install here; checked against the lock file. */
export async function fetchPackage({ name, version, integrity }, target) {
  const folder = mkdtempSync(join(tmpdir(), 'pm-iot-pack-'));
  try {
    const spec = `${name}@${version}`;
    const packed = await run(
      ...npm('pack', spec, '--pack-destination', folder, '--ignore-scripts', '--silent'),
      folder,
    );
    const [file] = readdirSync(folder).filter((path) => path.endsWith('.tgz'));
    if (packed.code !== 0 || file === undefined) {
      throw new SetUpError(
        `${spec} cannot be fetched: is this machine online? PACK_PLATFORMS=linux-${process.arch}-gnu packs for this machine alone\n${packed.output}`,
      );
    }
    const archive = join(folder, file);
    const [algorithm, digest] = integrity.split(/-(.*)/s);
    if (createHash(algorithm).update(readFileSync(archive)).digest('base64') !== digest) {
      throw new SetUpError(`${spec} is not what package-lock.json says`);
    }
    mkdirSync(target, { recursive: true });
    const unpacked = await run('tar', ['-xzf', archive, '-C', target, '--strip-components=1'], folder);
    if (unpacked.code !== 0) throw new SetUpError(`${spec} cannot be unpacked\n${unpacked.output}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
