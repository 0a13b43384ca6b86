export function WidgetPage(_: Record<string, unknown>) {
  return null;
}
