import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** npm as a script for this very Node, so that no shell is needed on any system. */
export function npm(...args) {
  const beside = join(dirname(process.execPath), '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js');
  const windows = join(dirname(process.execPath), 'node_modules', 'npm', 'bin', 'npm-cli.js');
  const script = [process.env.npm_execpath, beside, windows].find(
    (path) => path?.endsWith('npm-cli.js') && existsSync(path),
  );
  return script ? [process.execPath, [script, ...args]] : ['npm', args];
}
