import type { LocalServer } from '../operator/local-server.ts';

interface Room {
  id: number;
  name: string;
}

/** Names that are told when none fits. */
const MAX_TOLD = 20;

async function allRooms(server: LocalServer): Promise<Room[]> {
  const all: Room[] = [];
  let cursor: string | null = null;
  do {
    const next: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page: { rooms: Room[]; next_cursor: string | null } = await server.call(
      'GET',
      `/api/rooms?limit=200${next}`,
      'rooms',
    );
    all.push(...page.rooms);
    cursor = page.next_cursor;
  } while (cursor !== null);
  return all;
}

const quoted = (names: readonly string[]) => names.map((name) => JSON.stringify(name)).join(', ');

/** The room of this name; where there is none, the only one that differs in upper and lower case alone. */
export async function findRoom(server: LocalServer, name: string): Promise<Room> {
  const rooms = await allRooms(server);
  const exact = rooms.find((room) => room.name === name);
  if (exact !== undefined) return exact;
  const [similar, ...others] = rooms.filter((room) => room.name.toLowerCase() === name.toLowerCase());
  if (similar !== undefined && others.length === 0) return similar;
  if (similar !== undefined) {
    const names = [similar, ...others].map((room) => room.name);
    throw new Error(`--room ${JSON.stringify(name)} may be one of several: ${quoted(names)}`);
  }
  const told = rooms.slice(0, MAX_TOLD).map((room) => room.name);
  const more = rooms.length > told.length ? `, and ${rooms.length - told.length} more` : '';
  const known = told.length === 0 ? 'none yet' : told.join(', ');
  throw new Error(`there is no room ${JSON.stringify(name)}; there is: ${known}${more}`);
}
