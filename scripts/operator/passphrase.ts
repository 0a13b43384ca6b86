import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { UsageError } from './usage.ts';

/** Asks on the terminal; what is typed is not shown. */
async function ask(question: string): Promise<string> {
  process.stderr.write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  try {
    return await new Promise<string>((resolve, reject) => {
      lines.once('line', resolve);
      lines.once('close', () => reject(new UsageError('no passphrase was given')));
      lines.once('SIGINT', () => reject(new UsageError('no passphrase was given')));
    });
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}

async function fromStdin(): Promise<string> {
  const [line = ''] = (await text(process.stdin)).split(/\r?\n/);
  if (line === '') throw new UsageError('the passphrase is needed: one line on standard input');
  return line;
}

/** Of a terminal, or the first line of standard input; never an argument, which every user of the machine could read. */
export async function readPassphrase({ twice }: { twice: boolean }): Promise<string> {
  if (!process.stdin.isTTY) return await fromStdin();
  const given = await ask('Passphrase (it is not shown): ');
  if (twice) {
    if ((await ask('Once more: ')) !== given) throw new UsageError('these were two different ones');
  }
  return given;
}
