import { randomInt } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { Database } from '../client.ts';
import { commands } from '../schema/index.ts';
import { createCommandStore } from '../stores/commands.ts';
import { createRoomStore } from '../stores/rooms.ts';
import { createWidgetStore } from '../stores/widgets.ts';
import { ProbeFault } from './fault.ts';
import type { Probe } from './probes.ts';

const MAX_ID = 2 ** 31;

/** Thrown to undo what was tried. */
class Undone extends Error {}

interface ThrowAway {
  /** As good as the database itself: what it does is undone. */
  db: Database;
  /** Of the room, the device, its capability and its widget: below zero, where no real ones are, and no number is used up. */
  id: number;
}

/**
 * A room with a device and its widget, in a transaction that is always rolled back: the statements, rights, locks and
 * constraints are the real ones, nobody else ever sees a row, and no id is taken from those that people see.
 */
async function withThrowAway(db: Database, task: (home: ThrowAway) => Promise<void>): Promise<void> {
  const id = -randomInt(1, MAX_ID);
  // No id of a device contains this character.
  const name = `~health ${id}`;
  try {
    await db.transaction(async (tx) => {
      await tx.execute(sql`
        with room as (
          insert into rooms (id, name) overriding system value values (${id}::text::int, ${name})),
        device as (
          insert into devices (pk, device_id, name, type, room_id) overriding system value
          values (${id}::text::int, ${name}, ${name}, 'probe', ${id}::text::int)),
        capability as (
          insert into capabilities (id, device_pk, capability_type, control_type) overriding system value
          values (${id}::text::int, ${id}::text::int, 'power', 'toggle'))
        insert into widgets (id, device_pk, capability_id, name, sort_order, status) overriding system value
        values (${id}::text::int, ${id}::text::int, ${id}::text::int, ${name}, 0, 'exclude')`);
      await task({ db: tx as unknown as Database, id });
      throw new Undone();
    });
  } catch (error) {
    if (!(error instanceof Undone)) throw error;
  }
}

const mustBe = (expected: unknown, found: unknown) => {
  if (found !== expected)
    throw new ProbeFault('unexpected_answer', `${String(found)} in place of ${String(expected)}`);
};

/** Probes of the flows that are changes in the database. */
export function createThrowAwayProbes(
  db: Database,
): Record<'device_registration' | 'room_management' | 'widget_visibility' | 'commands', Probe> {
  return {
    device_registration: () => withThrowAway(db, async () => {}),
    room_management: () =>
      withThrowAway(db, async (home) => {
        const rooms = createRoomStore(home.db);
        const name = `~health renamed ${home.id}`;
        mustBe(name, (await rooms.rename(home.id, name)).name);
        await rooms.remove(home.id);
      }),
    widget_visibility: () =>
      withThrowAway(db, async (home) => {
        const widgets = createWidgetStore(home.db);
        await widgets.order(home.id, [{ widgetId: home.id, order: 1, status: 'include' }]);
      }),
    commands: () =>
      withThrowAway(db, async ({ db: inside, id }) => {
        const correlationId = `~health ${id}`;
        const now = new Date();
        await inside
          .insert(commands)
          .overridingSystemValue()
          .values({
            ...{ id, correlationId, widgetId: id, devicePk: id, value: 'ON', status: 'sent' },
            ...{ requestedBy: 'health', createdAt: now, sentAt: now },
          });
        const store = createCommandStore(inside);
        mustBe(id, (await store.findByCorrelation(correlationId))?.id);
        const moved = await store.move(id, ['sent'], { status: 'executed', finishedAt: now });
        mustBe('executed', moved?.status);
      }),
  };
}
