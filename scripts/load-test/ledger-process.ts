import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import type { Entry } from './ledger.ts';

// The books are kept apart from what they check: nothing that happens to the server or the load can lose a line.
const [, , path] = process.argv;
if (path === undefined) throw new Error('usage: ledger-process <file>');
const file = openSync(path, 'a', 0o600);

process.on('message', (message: Entry[] | 'close') => {
  if (message === 'close') {
    closeSync(file);
    process.disconnect();
    return;
  }
  writeSync(file, message.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
  fdatasyncSync(file);
});
process.send?.('ready');
