export function SystemPage(_: Record<string, unknown>) {
  return null;
}
