export function DevicesPage(_: Record<string, unknown>) {
  return null;
}
