import { text } from 'node:stream/consumers';
import { randomPassword } from '../../db/accounts/ensure-admin.ts';
import { type LocalServer, localConfig, localServer } from '../operator/local-server.ts';
import { parseArguments, runCommand, UsageError } from '../operator/usage.ts';

const USAGE = `npm run password -- NAME [options]    a new password for a person, on the server that runs on this machine

  --stdin     takes it from standard input, one line, instead of making a random one
  --url URL   of the server (from HTTP_PORT or HTTPS_PORT)`;

interface Page {
  users: { id: number; username: string }[];
  next_cursor: string | null;
}

function readArguments(args: string[]) {
  const options = { stdin: { type: 'boolean' }, url: { type: 'string' } } as const;
  const { positionals, values } = parseArguments({ args, options, allowPositionals: true });
  const [name, ...more] = positionals;
  if (name === undefined) throw new UsageError('the name of a person is needed');
  // Not repeated: it may be a password, which every user of the machine could read here.
  if (more.length > 0) throw new UsageError('one name is all; a password is given with --stdin');
  return { name, stdin: values.stdin === true, url: values.url };
}

async function fromStdin(): Promise<string> {
  if (process.stdin.isTTY) console.error('The password, Enter and Ctrl-D; it is shown as you type:');
  const [line = '', ...more] = (await text(process.stdin)).replace(/\r?\n$/, '').split('\n');
  if (line === '' || more.length > 0) throw new UsageError('--stdin needs one line: the password');
  return line;
}

async function idOf(server: LocalServer, name: string): Promise<number> {
  const known: string[] = [];
  let cursor: string | null = null;
  do {
    const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page: Page = await server.call('GET', `/api/users?limit=200${query}`, 'users');
    const found = page.users.find(({ username }) => username === name);
    if (found !== undefined) return found.id;
    known.push(...page.users.map(({ username }) => username));
    cursor = page.next_cursor;
  } while (cursor !== null);
  throw new Error(`there is no user ${JSON.stringify(name)}; there is: ${known.join(', ')}`);
}

async function setPassword(args: string[]): Promise<void> {
  const { name, stdin, url } = readArguments(args);
  const password = stdin ? await fromStdin() : randomPassword();
  const server = localServer(localConfig(), url);
  // A random one has been on a screen, and perhaps in the history of a terminal.
  const change = { password, must_change_password: !stdin };
  await server.call<{ user: object }>('PUT', `/api/users/${await idOf(server, name)}`, 'user', change);
  // Alone on standard output, so that a script can take it.
  if (!stdin) console.log(password);
  console.error(
    `${stdin ? 'This' : 'That'} is the password of ${name} from now on${stdin ? '' : '; it is not shown again'}.\n` +
      `Whoever was logged in as ${name} has been logged out, over MQTT too.`,
  );
}

await runCommand(USAGE, setPassword);
