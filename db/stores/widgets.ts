import { and, eq, inArray } from 'drizzle-orm';
import type { Database } from '../client.ts';
import { DomainError } from '../domain/errors.ts';
import type { Capability, Widget, WidgetStatus } from '../domain/types.ts';
import { type capabilities, devices, widgets } from '../schema/index.ts';

export function toWidget(
  row: typeof widgets.$inferSelect,
  capability: typeof capabilities.$inferSelect,
): Widget {
  const { capabilityType, controlType, min, max, unit, options } = capability;
  const { id, devicePk, name, order, status } = row;
  const declared: Capability = { capabilityType, controlType, min, max, unit, options };
  return { id, devicePk, name, order, status, capability: declared };
}

export interface WidgetPlace {
  widgetId: number;
  order: number;
  status: WidgetStatus;
}

export function createWidgetStore(db: Database) {
  return {
    /** Orders a room's widgets: all or nothing. NOT_FOUND names the widgets that are not in the room. */
    async order(roomId: number, places: readonly WidgetPlace[]): Promise<void> {
      if (places.length === 0) return;
      await db.transaction(async (tx) => {
        const found = await tx
          .select({ id: widgets.id })
          .from(widgets)
          .innerJoin(devices, eq(widgets.devicePk, devices.pk))
          .where(
            and(
              eq(devices.roomId, roomId),
              inArray(
                widgets.id,
                places.map((place) => place.widgetId),
              ),
            ),
          );
        const ids = new Set(found.map((row) => row.id));
        const missing = places.filter((place) => !ids.has(place.widgetId)).map((place) => place.widgetId);
        if (missing.length > 0) {
          throw new DomainError('NOT_FOUND', `not in this room: widget ${missing.join(', ')}`, {
            details: missing,
          });
        }
        for (const { widgetId, order, status } of places) {
          await tx.update(widgets).set({ order, status }).where(eq(widgets.id, widgetId));
        }
      });
    },

    /** Changes what a person may change of one widget. NOT_FOUND when it is gone. */
    async update(
      id: number,
      change: { name?: string; order?: number; status?: WidgetStatus },
    ): Promise<void> {
      const rows = await db
        .update(widgets)
        .set(change)
        .where(eq(widgets.id, id))
        .returning({ id: widgets.id });
      if (rows.length === 0) throw new DomainError('NOT_FOUND', 'no such widget');
    },
  };
}

export type WidgetStore = ReturnType<typeof createWidgetStore>;
