export function RoomsPage(_: Record<string, unknown>) {
  return null;
}
