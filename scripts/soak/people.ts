import { type CommandBody, Rest, type WidgetBody } from '../../test/helpers/rest.ts';
import { ADMIN } from '../../test/helpers/server.ts';
import type { Asked } from './commands.ts';
import type { Furnished } from './furnish.ts';
import { type House, often } from './house.ts';

const RESIDENTS = 4;
const POLL_MS = 2000;
const WIDGETS_MS = 15_000;
const HISTORY_MS = 5000;
const COMMAND_MS = 5000;
const LOG_IN_MS = 60_000;
const EVENTS_MS = 20_000;
const LONGEST_WAIT_MS = 2000;
const PASSWORD = 'a-long-test-password';
const HOUR_MS = 3_600_000;

interface Login {
  username: string;
  password: string;
}

async function openAccounts({ rest }: House, { roomIds, quietRoomId }: Furnished): Promise<Login[]> {
  const logins: Login[] = [];
  for (let i = 0; i < RESIDENTS; i++) {
    const login = { username: `resident-${i}`, password: PASSWORD };
    const room_ids = [...roomIds, quietRoomId];
    await rest.expect(201, 'POST', '/api/users', { ...login, role: 'USER', room_ids });
    logins.push(login);
  }
  return logins;
}

/** Asks for all widgets, page by page. */
export async function listWidgets(rest: Rest): Promise<WidgetBody[]> {
  const all: WidgetBody[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const from: string = cursor === '' ? '' : `&cursor=${cursor}`;
    const page: { widgets: WidgetBody[]; next_cursor: string | null } = await rest.expect(
      200,
      'GET',
      `/api/widgets?limit=200${from}`,
    );
    all.push(...page.widgets);
    cursor = page.next_cursor;
  }
  return all;
}

/** One person: logs in, polls, looks around, commands. Resolves when the load ends. */
async function live(house: House, furnished: Furnished, login: Login, asked: Asked[]): Promise<void> {
  const { server, random, tally } = house;
  const { roomIds, quietRoomId, switches } = furnished;
  const rest = await new Rest(server).logIn(login);
  const etags = new Map<number, string>();

  const poll = async () => {
    const room = random.next() < 0.3 ? quietRoomId : random.pick(roomIds);
    const etag = etags.get(room);
    const started = performance.now();
    const answer = await rest.get(
      `/api/rooms/${room}/widgets`,
      etag === undefined ? {} : { 'If-None-Match': etag },
    );
    tally.latency('poll', performance.now() - started);
    if (answer.status !== 200 && answer.status !== 304) throw new Error(`a poll answered ${answer.status}`);
    tally.count(`polls answered ${answer.status}`);
    etags.set(room, answer.headers.get('ETag') ?? '');
  };

  const command = async () => {
    const { widgetId, device } = random.pick(switches);
    const wait = random.below(LONGEST_WAIT_MS);
    const started = performance.now();
    const { status, body } = await rest.call<{ command: CommandBody }>(
      'POST',
      `/api/widgets/${widgetId}/command?wait=${wait}`,
      { value: random.pick(['ON', 'OFF']) },
    );
    // Of a device that is in no room a resident knows nothing.
    if (status === 404 && login.username !== ADMIN.username) return;
    if (status !== 200 && status !== 202)
      throw new Error(`a command answered ${status} ${JSON.stringify(body)}`);
    if (status === 200) tally.latency('command', performance.now() - started);
    tally.count('commands');
    asked.push({ id: body.command.id, correlationId: body.command.correlation_id, device });
  };

  const history = async () => {
    const { widget_id } = random.pick(await furnishedWidgets());
    const from = new Date(Date.now() - HOUR_MS).toISOString();
    await rest.expect(200, 'GET', `/api/widgets/${widget_id}/history?from=${from}&points=100`);
    await rest.expect(200, 'GET', `/api/widgets/${widget_id}/readings?limit=50`);
    tally.count('histories read');
  };
  const furnishedWidgets = async () =>
    (
      await rest.expect<{ widgets: WidgetBody[] }>(
        200,
        'GET',
        `/api/rooms/${random.pick(roomIds)}/widgets?status=all`,
      )
    ).widgets;

  const lookAround = async () => {
    await rest.expect(200, 'GET', '/api/rooms');
    tally.count('widgets listed', (await listWidgets(rest)).length);
  };
  const logInAgain = async () => {
    await rest.logIn(login);
    tally.count('log-ins');
  };
  const isAdmin = login.username === ADMIN.username;
  await Promise.all([
    often(house, 'a poll', POLL_MS, poll),
    often(house, 'a command', COMMAND_MS, command),
    often(house, 'history', HISTORY_MS, history),
    often(house, 'a log-in', LOG_IN_MS, logInAgain),
    ...(isAdmin
      ? [
          often(house, 'all widgets', WIDGETS_MS, lookAround),
          often(house, 'events', EVENTS_MS, async () => {
            await rest.expect(200, 'GET', '/api/events');
            await rest.expect(200, 'GET', '/api/devices?limit=200');
          }),
        ]
      : []),
  ]);
}

/** Residents and an admin. Gives what ends with the load. */
export async function moveIn(house: House, furnished: Furnished, asked: Asked[]): Promise<Promise<unknown>> {
  const logins = [ADMIN, ...(await openAccounts(house, furnished))];
  return Promise.all(logins.map((login) => live(house, furnished, login, asked)));
}
