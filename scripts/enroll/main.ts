import { parseArgs } from 'node:util';
import { parseDuration } from '../../db/domain/duration.ts';
import { type LocalServer, localConfig, localServer } from '../operator/local-server.ts';
import { runCommand, UsageError } from '../operator/usage.ts';
import { qrText } from './qr.ts';

const USAGE = `npm run enroll -- [options]    makes an enrolment token for the server on this machine

  --uses N        devices that may enrol with it (1)
  --expires TIME  how long, such as 1h or 7d (24h)
  --room NAME     room into which its devices come
  --url URL       of the server (from HTTP_PORT or HTTPS_PORT)
  --json          the line for devices alone, for a script`;

interface Made {
  id: number;
  expires_at: string;
  line: string;
}

function readArguments(args: string[]) {
  const text = { type: 'string' } as const;
  const options = { uses: text, expires: text, room: text, url: text, json: { type: 'boolean' } } as const;
  const parse = () => {
    try {
      return parseArgs({ args, options }).values;
    } catch (error) {
      throw new UsageError(error instanceof Error ? error.message : String(error));
    }
  };
  const { uses = '1', expires = '24h', ...rest } = parse();
  if (!/^[1-9]\d{0,5}$/.test(uses)) throw new UsageError('--uses must be a number from 1 to 999999');
  if (parseDuration(expires) === null) throw new UsageError('--expires must be a duration such as 1h or 7d');
  return { ...rest, uses: Number(uses), expires };
}

async function roomId(server: LocalServer, name: string): Promise<number> {
  const { rooms } = await server.call<{ rooms: { id: number; name: string }[] }>(
    'GET',
    '/api/rooms?limit=200',
  );
  const found = rooms.find((room) => room.name.toLowerCase() === name.toLowerCase());
  if (found !== undefined) return found.id;
  const known = rooms.map((room) => room.name).join(', ');
  throw new Error(`there is no room ${JSON.stringify(name)}; there is: ${known || 'none yet'}`);
}

async function enroll(args: string[]): Promise<void> {
  const { uses, expires, room, url, json } = readArguments(args);
  const server = localServer(localConfig(), url);
  const { expires_at, line } = await server.call<Made>('POST', '/api/enrollments', {
    max_uses: uses,
    expires_in: expires,
    ...(room !== undefined && { room_id: await roomId(server, room) }),
  });
  if (json) {
    console.log(line);
    return;
  }
  const { urls, ca_sha256, token } = JSON.parse(line) as {
    urls: string[];
    ca_sha256: string | null;
    token: string;
  };
  const colours = process.stdout.isTTY === true;
  console.log(`\n${qrText(line, colours)}\n`);
  console.log(`token    ${token}`);
  console.log(`for      ${uses === 1 ? 'one device' : `${uses} devices`}, until ${expires_at}`);
  if (room !== undefined) console.log(`room     ${room}`);
  console.log(`broker   ${urls.join('  ') || 'none over TLS'}`);
  console.log(`CA       ${ca_sha256 === null ? 'trusted by the system' : `SHA-256 ${ca_sha256}`}`);
  console.log(`line     ${line}\n`);
}

await runCommand(USAGE, enroll);
