import { eq, inArray, sql } from 'drizzle-orm';
import type { Database } from '../client.ts';
import { DomainError } from '../domain/errors.ts';
import type { Capability, Widget, WidgetStatus } from '../domain/types.ts';
import { capabilities, widgets } from '../schema/index.ts';
import { toWidget } from './widgets.ts';

/** A widget is made for every capability but this one, which has nothing to show. */
const WITHOUT_WIDGET = 'heartbeat';
/** Capabilities of one device: a hostile or broken one must not fill the database with them. */
export const MAX_CAPABILITIES = 256;

export type Transaction = Parameters<Parameters<Database['transaction']>[0]>[0];

/** The first name of a capability's widget, for a person; null when it has no widget. */
export function widgetTitle({ capabilityType, controlType }: Capability): string | null {
  if (controlType === WITHOUT_WIDGET) return null;
  const words = capabilityType.replaceAll(/[_-]+/g, ' ').trim();
  return words === '' ? capabilityType : words.charAt(0).toUpperCase() + words.slice(1);
}

export interface Declaration {
  devicePk: number;
  declared: readonly Capability[];
  /** Limits and options of a known capability become the declared ones, else they stay. */
  replace: boolean;
  /** Of the widgets that are made. */
  status: WidgetStatus;
}

/** Adds capabilities that are new, with a widget for each. Gives the widgets of all that were declared. */
export async function declareCapabilities(
  tx: Transaction,
  { devicePk, declared, replace, status }: Declaration,
): Promise<{ widgets: Widget[]; widgetsCreated: number }> {
  const none = { widgets: [], widgetsCreated: 0 };
  if (declared.length === 0) return none;
  const unit = sql`coalesce(excluded.unit, ${capabilities.unit})`;
  const rows = await tx
    .insert(capabilities)
    .values(declared.map((capability) => ({ devicePk, ...capability })))
    .onConflictDoUpdate({
      target: [capabilities.devicePk, capabilities.capabilityType, capabilities.controlType],
      set: replace
        ? { min: sql`excluded.min`, max: sql`excluded.max`, unit, options: sql`excluded.options` }
        : { unit },
    })
    .returning();
  const all = await tx
    .select({ id: capabilities.id })
    .from(capabilities)
    .where(eq(capabilities.devicePk, devicePk));
  if (all.length > MAX_CAPABILITIES) {
    throw new DomainError('INVALID', `a device may have ${MAX_CAPABILITIES} capabilities at most`);
  }
  const first = all.length - rows.length;
  const titled = rows.flatMap((row, i) => {
    const title = widgetTitle(row);
    return title === null ? [] : [{ row, title, order: first + i }];
  });
  if (titled.length === 0) return none;
  const made = await tx
    .insert(widgets)
    .values(
      titled.map(({ row, title, order }) => ({ devicePk, capabilityId: row.id, name: title, order, status })),
    )
    .onConflictDoNothing({ target: widgets.capabilityId })
    .returning({ id: widgets.id });
  const byCapability = new Map(titled.map(({ row }) => [row.id, row]));
  const current = await tx
    .select()
    .from(widgets)
    .where(inArray(widgets.capabilityId, [...byCapability.keys()]));
  const live = current.flatMap((row) => {
    const capability = byCapability.get(row.capabilityId);
    return capability === undefined ? [] : [toWidget(row, capability)];
  });
  return { widgets: live, widgetsCreated: made.length };
}
