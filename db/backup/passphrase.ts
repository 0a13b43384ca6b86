import { readFileSync } from 'node:fs';

/** Whoever gets hold of a backup can try as long as they like. */
const MIN_PASSPHRASE = 12;

/** The first line of a file. Errors: those of the disk, and an Error where it is too short. */
export function passphraseOfFile(path: string): string {
  const [line = ''] = readFileSync(path, 'utf8').split(/\r?\n/, 1);
  return checkedPassphrase(line, path);
}

export function checkedPassphrase(passphrase: string, where: string): string {
  if (passphrase.length < MIN_PASSPHRASE) {
    throw new Error(
      `the passphrase in ${where} is too short: ${MIN_PASSPHRASE} characters or more are needed`,
    );
  }
  return passphrase;
}
