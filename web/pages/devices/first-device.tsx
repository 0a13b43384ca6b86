export function FirstDevice(_: Record<string, unknown>) {
  return null;
}
