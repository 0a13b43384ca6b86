export function DevicePage(_: Record<string, unknown>) {
  return null;
}
