const DEFAULT_PORT = 5432;

const NAMES_A_SERVER = new Set(['postgres:', 'postgresql:']);

/** The folder of `?host=/run/postgresql`, which libpq takes for a Unix socket; null: the server is spoken to over TCP. */
const socketFolder = (url: URL): string | null => {
  const host = url.searchParams.get('host');
  return url.hostname === '' && host?.startsWith('/') ? host : null;
};

/** Does this name a server, over TCP or as libpq does on the same machine: `postgres:///database?host=/folder`? */
export function isDatabaseUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return NAMES_A_SERVER.has(url.protocol) && (url.hostname !== '' || socketFolder(url) !== null);
}

/**
 * The Unix socket that a URL leads to, and what its server would take for settings of its own; null: it leads over TCP.
 * PostgreSQL knows who asks by the user of the process (`peer`): no password is anywhere.
 */
export function socketTarget(url: URL): { path: string; username?: string } | null {
  const folder = socketFolder(url);
  if (folder === null) return null;
  const user = url.searchParams.get('user');
  const port = url.searchParams.get('port') ?? DEFAULT_PORT;
  return { path: `${folder}/.s.PGSQL.${port}`, ...(user !== null && { username: user }) };
}
