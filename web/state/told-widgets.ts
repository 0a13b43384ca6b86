import type { Widget } from '../client/index.ts';
import type { Resource } from './model.ts';

/** What answers tell of widgets, by their ids. */
type Told = ReadonlyMap<number, Widget>;

const isWidget = (value: unknown): value is Widget =>
  typeof value === 'object' && value !== null && 'widget_id' in value && 'pending' in value;

/** The widgets that an answer tells of: a list of them, a device with its own, or one. */
export function widgetsIn(value: unknown): readonly Widget[] {
  if (isWidget(value)) return [value];
  if (Array.isArray(value)) return value.filter(isWidget);
  if (typeof value !== 'object' || value === null || !('widgets' in value)) return [];
  return Array.isArray(value.widgets) ? value.widgets.filter(isWidget) : [];
}

/** The same answer with these in place of its own. */
function withWidgets(value: unknown, told: Told): unknown {
  const isKnown = (widget: Widget) => (told.get(widget.widget_id) ?? widget) === widget;
  if (widgetsIn(value).every(isKnown)) return value;
  const exchanged = (item: unknown) => (isWidget(item) ? (told.get(item.widget_id) ?? item) : item);
  if (isWidget(value)) return exchanged(value);
  if (Array.isArray(value)) return value.map(exchanged);
  const { widgets, ...rest } = value as { widgets: unknown[] };
  return { ...rest, widgets: widgets.map(exchanged) };
}

/**
 * What is known with one more answer. Of a widget that several answers tell of, the one that was asked for last counts
 * in all of them, so that no page shows what another one has seen to be past.
 */
export function withAnswer(
  resources: ReadonlyMap<string, Resource>,
  key: string,
  { value, request, failure }: Resource,
): ReadonlyMap<string, Resource> {
  const later = new Map<number, Widget>();
  for (const [other, resource] of resources) {
    if (other === key || resource.request <= request) continue;
    for (const widget of widgetsIn(resource.value)) later.set(widget.widget_id, widget);
  }
  const merged = withWidgets(value, later);
  const told = new Map(widgetsIn(merged).map((widget) => [widget.widget_id, widget]));
  const next = new Map<string, Resource>();
  for (const [other, resource] of resources) {
    const older = resource.request < request ? withWidgets(resource.value, told) : resource.value;
    next.set(other, older === resource.value ? resource : { ...resource, value: older });
  }
  return next.set(key, { value: merged, request, failure });
}
