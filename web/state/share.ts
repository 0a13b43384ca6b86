type Fields = Record<string, unknown>;

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

/**
 * `next`, with every part that tells the same as in `previous` taken from there, so that a view knows by identity what
 * has not changed. Both are JSON. Things in a list that have an id are found by it, wherever they moved to.
 */
export function share<T>(previous: unknown, next: T): T {
  if (Object.is(previous, next) || !isFields(previous) || !isFields(next)) return next;
  if (Array.isArray(previous) !== Array.isArray(next)) return next;
  const shared = Array.isArray(next)
    ? sharedList(previous as unknown as unknown[], next)
    : sharedFields(previous, next);
  return shared as T;
}

const idOf = (value: unknown): unknown => {
  if (!isFields(value)) return undefined;
  // Events and commands have one of their own beside that of what they tell of.
  return value.id ?? value.widget_id ?? value.device_id;
};

function sharedList(previous: unknown[], next: unknown[]): unknown[] {
  const byId = new Map<unknown, unknown>();
  for (const item of previous) byId.set(idOf(item), item);
  const shared = next.map((item, index) => {
    const id = idOf(item);
    return share(id === undefined ? previous[index] : byId.get(id), item);
  });
  const same = shared.length === previous.length && shared.every((item, index) => item === previous[index]);
  return same ? previous : shared;
}

function sharedFields(previous: Fields, next: Fields): Fields {
  const names = Object.keys(next);
  // Devices name states as they like, also `__proto__`: a field counts only where it is one of its own.
  const before = (name: string) => (Object.hasOwn(previous, name) ? previous[name] : undefined);
  const shared = names.map((name) => [name, share(before(name), next[name])] as const);
  const same =
    names.length === Object.keys(previous).length &&
    shared.every(([name, value]) => Object.hasOwn(previous, name) && Object.is(value, previous[name]));
  return same ? previous : Object.fromEntries(shared);
}
