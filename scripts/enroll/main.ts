import { parseDuration } from '../../db/domain/duration.ts';
import { localConfig, localServer } from '../operator/local-server.ts';
import { parseArguments, runCommand, UsageError } from '../operator/usage.ts';
import { qrText } from './qr.ts';
import { findRoom } from './room.ts';

const USAGE = `npm run enroll -- [options]    makes an enrolment token for the server on this machine

  --uses N        devices that may enrol with it (1)
  --expires TIME  how long, such as 1h or 7d (24h)
  --room NAME     room into which its devices come
  --url URL       of the server (from HTTP_PORT or HTTPS_PORT)
  --json          the line for devices alone, for a script`;

interface Made {
  expires_at: string;
  line: string;
}

interface Line {
  urls: string[];
  ca_sha256: string | null;
  ca_next_sha256?: string;
  token: string;
}

function readArguments(args: string[]) {
  const text = { type: 'string' } as const;
  const options = { uses: text, expires: text, room: text, url: text, json: { type: 'boolean' } } as const;
  const { uses = '1', expires = '24h', ...rest } = parseArguments({ args, options }).values;
  if (!/^[1-9]\d{0,5}$/.test(uses)) throw new UsageError('--uses must be a number from 1 to 999999');
  if (parseDuration(expires) === null) throw new UsageError('--expires must be a duration such as 1h or 7d');
  return { ...rest, uses: Number(uses), expires };
}

/** As certificates are shown everywhere else: `AA:BB:…`. */
const fingerprint = (hex: string) => hex.toUpperCase().replace(/..(?!$)/g, '$&:');

function show(line: string, about: { uses: number; expires_at: string; room: string | undefined }): void {
  const { urls, ca_sha256, ca_next_sha256, token } = JSON.parse(line) as Line;
  const { uses, expires_at, room } = about;
  console.log(`\n${qrText(line, process.stdout.isTTY === true)}\n`);
  console.log(`token    ${token}`);
  console.log(`for      ${uses === 1 ? 'one device' : `${uses} devices`}, until ${expires_at}`);
  if (room !== undefined) console.log(`room     ${room}`);
  console.log(`broker   ${urls.join('  ') || 'none over TLS'}`);
  console.log(
    `CA       ${ca_sha256 === null ? 'trusted by the system' : `SHA-256 ${fingerprint(ca_sha256)}`}`,
  );
  if (ca_next_sha256 !== undefined) console.log(`next CA  SHA-256 ${fingerprint(ca_next_sha256)}`);
  console.log(`line     ${line}\n`);
}

async function enroll(args: string[]): Promise<void> {
  const { uses, expires, room: name, url, json } = readArguments(args);
  const server = localServer(localConfig(), url);
  const room = name === undefined ? undefined : await findRoom(server, name);
  const { expires_at, line } = await server.call<Made>('POST', '/api/enrollments', 'line', {
    max_uses: uses,
    expires_in: expires,
    ...(room !== undefined && { room_id: room.id }),
  });
  if (json) console.log(line);
  else show(line, { uses, expires_at, room: room?.name });
  if ((JSON.parse(line) as Line).urls.length > 0) return;
  console.error(
    'warning: MQTTS_PORT and HTTPS_PORT are off, so the line has no urls: a device must be told where to connect',
  );
}

await runCommand(USAGE, enroll);
