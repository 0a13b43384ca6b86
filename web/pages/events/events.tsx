export function EventsPage(_: Record<string, unknown>) {
  return null;
}
