export function UsersPage(_: Record<string, unknown>) {
  return null;
}
